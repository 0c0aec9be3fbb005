"""Whether a charger may be saved as it is placed: its circuit, its share, its phase switching."""

from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

from cem.core.circuits import MAIN, CircuitSettings, ancestry
from cem.core.site import ChargerSettings, PhaseSwitching
from cem.core.validation import Objection, is_within, out_of_range, unknown_circuit

MOST_URL = 200
LOCAL_NAMES = (".local", ".lan", ".home", ".home.arpa", ".internal", ".fritz.box")


def object_to_place(
    charger: ChargerSettings, circuits: Iterable[CircuitSettings]
) -> Objection | None:
    """Return what is wrong with where a charger sits, its share and its phase switching."""
    if charger.circuit != MAIN and all(charger.circuit != circuit.id for circuit in circuits):
        return unknown_circuit("/circuit", charger.circuit)
    for name, value, least, most in (
        ("start_a", charger.start_a, 0.0, charger.max_a),
        ("weight", charger.weight, 0.1, 100.0),
        ("guaranteed_a", charger.guaranteed_a, charger.min_a, charger.max_a),
    ):
        if value is not None and not is_within(value, least, most):
            code = name.removesuffix("_a").replace("_", "-")
            return out_of_range(code, f"/{name}", value, least, most)
    return _to_phase_switching(charger)


def needs_site(
    wanted: ChargerSettings, before: ChargerSettings, circuits: Iterable[CircuitSettings]
) -> str:
    """Return the pointer of what takes protection away, "" for nothing (design.md section 1).

    What is reserved for a charger, and on which phases and circuits, goes by what is written here
    of it; its failsafe is what it falls to by itself, so neither more nor less may be made up.
    """
    if before.circuit not in ancestry(wanted.circuit, tuple(circuits)):
        return "/circuit"
    if wanted.max_a > before.max_a:
        return "/max_a"
    if _start_a(wanted) < min(_start_a(before), wanted.max_a):
        return "/start_a"
    for name in ("failsafe_a", "phases", "wiring", "phase_switching"):
        if getattr(wanted, name) != getattr(before, name):
            return f"/{name}"
    return ""


def _start_a(charger: ChargerSettings) -> float:
    return charger.max_a if charger.start_a is None else charger.start_a


def _to_phase_switching(charger: ChargerSettings) -> Objection | None:
    # Also while it is not used: what is saved may be switched on later by one word.
    url = charger.phase_switching_url
    if url and not is_local_url(url):
        return _no_local(url)
    if charger.phase_switching is PhaseSwitching.NONE:
        return None
    if charger.phases != 3:
        detail = "Only a charger on three phases can change to one."
        return Objection("phase-switching-needs-three-phases", detail, "/phase_switching")
    if not charger.is_phase_switching_confirmed:
        detail = "Confirm first that the notice on contactors and cars was read."
        return Objection("phase-switching-not-confirmed", detail, "/phase_switching_confirmed")
    is_missing = charger.phase_switching is PhaseSwitching.LOCAL_API and not url
    return _no_local(url) if is_missing else None


def _no_local(url: str) -> Objection:
    where = f"{url[:MOST_URL]!r} is no address in the local network"
    detail = f"{where}; expected http://host:port/path."
    return Objection("phase-switching-url-invalid", detail, "/phase_switching_url")


def is_local_url(url: str) -> bool:
    """Return whether an address is HTTP and names something in the local network."""
    if len(url) > MOST_URL or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        is_usable = parts.port is None or 0 < parts.port < 65536
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or not host or parts.username or not is_usable:
        return False
    try:
        address = ip_address(host)
    except ValueError:
        return "." not in host or host.endswith(LOCAL_NAMES)
    is_usual = not (address.is_unspecified or address.is_multicast)
    return is_usual and (address.is_private or address.is_loopback or address.is_link_local)
