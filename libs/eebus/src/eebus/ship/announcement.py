"""What a node says of itself in the TXT record of mDNS (ship.md 1)."""

from collections.abc import Mapping
from dataclasses import dataclass

from eebus.events import Peer
from eebus.ship.certificate import normalise_ski

SERVICE_TYPE = "_ship._tcp.local."
PATH = "/ship/"
RECORD_TTL_S = 120
MAX_ID_BYTES, _MAX_TEXT_BYTES, _MAX_LABEL_BYTES = 63, 32, 63


@dataclass(frozen=True, slots=True)
class Announcement:
    """What we say of ourselves in mDNS and access methods.

    ship_id: at most 63 bytes. type: SPINE device type, e.g. EnergyManagementSystem.
    categories: 2 = energy management, 3 = e-mobility, ... (ship.md 1).
    instance: the name people see in a list of devices; made of brand, model and serial if empty.
    Raises ValueError for a ship_id that is empty or too long.
    """

    ship_id: str
    brand: str
    model: str
    type: str
    serial: str = ""
    categories: tuple[int, ...] = ()
    instance: str = ""

    def __post_init__(self) -> None:
        size = len(self.ship_id.encode())
        if not 1 <= size <= MAX_ID_BYTES:
            raise ValueError(f"The SHIP ID {self.ship_id!r} has {size} bytes; 1 to 63 are allowed")

    @property
    def instance_label(self) -> str:
        """The instance name as one DNS label."""
        name = self.instance or "-".join(filter(None, (self.brand, self.model, self.serial)))
        label = clean((name or self.ship_id).replace(".", "-"), _MAX_LABEL_BYTES)
        return label or "SHIP"


def to_txt(
    announcement: Announcement, ski: str, *, accepts_pairing: bool = False
) -> dict[str, str]:
    """Return the TXT record, in the customary order; optional keys only when they say something.

    accepts_pairing: whether the next device that asks is trusted without a user (`register`).
    """
    optional = {
        "brand": announcement.brand,
        "model": announcement.model,
        "type": announcement.type,
    }
    extra = {
        "serial": announcement.serial,
        "cat": ",".join(str(category) for category in announcement.categories),
    }
    return {
        "txtvers": "1",
        "path": PATH,
        "id": announcement.ship_id,
        "ski": ski,
        **{key: _cut(text, _MAX_TEXT_BYTES) for key, text in optional.items() if text},
        "register": "true" if accepts_pairing else "false",
        **{key: _cut(text, _MAX_TEXT_BYTES) for key, text in extra.items() if text},
    }


def from_txt(txt: Mapping[str, str], host: str, port: int) -> Peer | None:
    """Return the peer of a TXT record, None if a mandatory key is missing or wrong."""
    if txt.get("txtvers") != "1" or txt.get("register") not in ("true", "false"):
        return None
    if not (txt.get("path") and txt.get("id") and 0 < port < 65536):
        return None
    try:
        ski = normalise_ski(txt.get("ski", ""))
    except ValueError:
        return None
    path = txt["path"] if txt["path"].startswith("/") else "/" + txt["path"]
    return Peer(
        ski=ski,
        ship_id=clean(txt["id"], MAX_ID_BYTES),
        brand=clean(txt.get("brand")),
        model=clean(txt.get("model")),
        type=clean(txt.get("type")),
        host=host,
        port=port,
        path=path if path.isascii() and path.isprintable() and " " not in path else PATH,
        serial=clean(txt.get("serial")),
        categories=categories_of(txt.get("cat", "")),
        accepts_pairing=txt["register"] == "true",
    )


def categories_of(text: str) -> tuple[int, ...]:
    """Return the device categories of a comma list; what is no number is left out."""
    words = (word.strip() for word in text[:_MAX_TEXT_BYTES].split(","))
    return tuple(int(word) for word in words if word.isascii() and word.isdigit() and len(word) < 4)


def clean(text: str | None, limit: int = _MAX_TEXT_BYTES) -> str | None:
    """Return a peer's text without what could disturb a terminal or a page."""
    if not text:
        return None
    return _cut("".join(char for char in text if char.isprintable()), limit) or None


def _cut(text: str, size: int) -> str:
    return text.encode()[:size].decode(errors="ignore")
