"""What the command line keeps of whom it trusts: `trusted.json` beside key and certificate."""

import json
import os
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

from eebus.events import TrustedPeer
from eebus.ship.certificate import normalise_ski

FILE: Final = "trusted.json"


class TrustBook:
    """The trusted peers of one state folder; each change is on the disk when the call returns."""

    def __init__(self, folder: Path) -> None:
        """Read the book; an absent one is empty. Raises ValueError for one that is damaged."""
        self._path = folder / FILE
        self._peers = {each.ski: each for each in _read(self._path)}

    @property
    def peers(self) -> tuple[TrustedPeer, ...]:
        """All trusted peers."""
        return tuple(self._peers.values())

    def add(self, peer: TrustedPeer) -> None:
        """Trust a peer. What is known of it and not said anew stays."""
        ski = normalise_ski(peer.ski)
        known = self._peers.get(ski, TrustedPeer(ski))
        self._set(
            TrustedPeer(
                ski,
                peer.ship_id or known.ship_id,
                peer.host or known.host,
                peer.port if peer.port is not None else known.port,
            )
        )

    def name(self, ski: str, ship_id: str) -> None:
        """Keep the SHIP ID of a peer that is trusted."""
        if ski in self._peers:
            self._set(replace(self._peers[ski], ship_id=ship_id))

    def remove(self, ski: str) -> None:
        """Trust a peer no longer."""
        if self._peers.pop(normalise_ski(ski), None) is not None:
            self._write()

    def _set(self, peer: TrustedPeer) -> None:
        if self._peers.get(peer.ski) != peer:
            self._peers[peer.ski] = peer
            self._write()

    def _write(self) -> None:
        """Replace the file in one step: a crash leaves the old one or the new one."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=self._path.parent, prefix=f".{FILE}.")
        with os.fdopen(handle, "w") as file:
            json.dump([asdict(each) for each in self.peers], file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(self._path)


def _read(path: Path) -> Iterable[TrustedPeer]:
    try:
        kept = json.loads(path.read_text())
        return [TrustedPeer(**{**each, "ski": normalise_ski(each["ski"])}) for each in kept]
    except FileNotFoundError:
        return []
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{path} is damaged ({error}); remove it to pair anew") from error
