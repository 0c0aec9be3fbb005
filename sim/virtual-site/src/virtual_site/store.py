"""What survives a restart: pairing, PLC switch and port of a charger, the meter's counters."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from eebus.events import TrustedPeer
from electrical import Phases
from virtual_site.core.meter import Counters
from virtual_site.core.relay import PhaseSwitching


class StateError(Exception):
    """A file in the state directory cannot be used; the text names it and the way out."""


@dataclass(frozen=True, slots=True)
class KeptCharger:
    """What a charger remembers when its power goes."""

    plc: bool = False
    ship_port: int = 0
    trusted: TrustedPeer | None = None
    failsafe_a: float | None = None  # None: the charger's own from the factory
    phase_switching: PhaseSwitching | None = None  # None: the charger's own from the factory
    conductors: int = 3  # the relay stays where it is when the power goes


@dataclass(frozen=True, slots=True)
class KeptPartner:
    """What a HEMS or a control box remembers when its power goes."""

    ship_port: int = 0
    trusted: TrustedPeer | None = None


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


Kept = TypeVar("Kept", bound=_Strict)


class _Peer(_Strict):
    ski: str
    ship_id: str | None = None


class _ChargerFile(_Strict):
    plc: bool = False
    ship_port: int = 0
    trusted: _Peer | None = None
    failsafe_a: float | None = None
    phase_switching: PhaseSwitching | None = None
    conductors: Literal[1, 3] = 3


class _PartnerFile(_Strict):
    ship_port: int = 0
    trusted: _Peer | None = None


class _MeterFile(_Strict):
    imported_wh: float
    exported_wh: float
    imported_by_phase_wh: tuple[float, float, float]


class ChargerStore:
    """The folder of one charger; its identity lies beside."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = folder / "charger.json"

    def load(self) -> KeptCharger:
        """Return what was kept; of a new charger, the factory's settings. Raises StateError."""
        text = _read(self._file)
        if text is None:
            return KeptCharger()
        kept = _parsed(_ChargerFile, text, self._file)
        trusted = None if kept.trusted is None else TrustedPeer(**kept.trusted.model_dump())
        return KeptCharger(
            kept.plc,
            kept.ship_port,
            trusted,
            kept.failsafe_a,
            kept.phase_switching,
            kept.conductors,
        )

    def save(self, kept: KeptCharger) -> None:
        """Keep it, whole or not at all."""
        peer = kept.trusted
        trusted = None if peer is None else {"ski": peer.ski, "ship_id": peer.ship_id}
        content = {
            "plc": kept.plc,
            "ship_port": kept.ship_port,
            "trusted": trusted,
            "failsafe_a": kept.failsafe_a,
            "phase_switching": kept.phase_switching,
            "conductors": kept.conductors,
        }
        write_whole(self._file, json.dumps(content, indent=1))


class PartnerStore:
    """The folder of a HEMS or a control box; its identity lies beside."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = folder / "partner.json"

    def load(self) -> KeptPartner:
        """Return what was kept; of a new device, nothing. Raises StateError."""
        text = _read(self._file)
        if text is None:
            return KeptPartner()
        kept = _parsed(_PartnerFile, text, self._file)
        trusted = None if kept.trusted is None else TrustedPeer(**kept.trusted.model_dump())
        return KeptPartner(kept.ship_port, trusted)

    def save(self, kept: KeptPartner) -> None:
        """Keep it, whole or not at all."""
        peer = kept.trusted
        trusted = None if peer is None else {"ski": peer.ski, "ship_id": peer.ship_id}
        write_whole(self._file, json.dumps({"ship_port": kept.ship_port, "trusted": trusted}))


class MeterStore:
    """The meter's energy counters, so that they never jump back."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "meter.json"

    def load(self) -> Counters:
        """Return the counters, zero for a new meter. Raises StateError."""
        text = _read(self._file)
        if text is None:
            return Counters()
        kept = _parsed(_MeterFile, text, self._file)
        return Counters(kept.imported_wh, kept.exported_wh, Phases(*kept.imported_by_phase_wh))

    def save(self, counters: Counters) -> None:
        """Keep the counters."""
        content = {
            "imported_wh": counters.imported_wh,
            "exported_wh": counters.exported_wh,
            "imported_by_phase_wh": counters.imported_by_phase_wh.values(),
        }
        write_whole(self._file, json.dumps(content))


def write_whole(path: Path, text: str) -> None:
    """Replace a file in one step, so that a reader sees the old or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(text + "\n", encoding="utf-8")
    draft.replace(path)


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StateError(f"cannot read {path}: {error.strerror}") from error


def _parsed(shape: type[Kept], text: str, path: Path) -> Kept:
    try:
        return shape.model_validate_json(text)
    except ValidationError as error:
        raise StateError(f"{path} is damaged; delete it to start afresh") from error
