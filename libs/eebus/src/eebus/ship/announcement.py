"""What a node says of itself: in the TXT record of mDNS and in the QR code (ship.md 1)."""

from collections.abc import Mapping
from dataclasses import dataclass

from eebus.events import Peer
from eebus.ship.certificate import normalise_ski

SERVICE_TYPE = "_ship._tcp.local."
PATH = "/ship/"
RECORD_TTL_S = 120
_MAX_ID_BYTES, _MAX_TEXT_BYTES, _MAX_LABEL_BYTES = 63, 32, 63


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
        if not 1 <= size <= _MAX_ID_BYTES:
            raise ValueError(f"The SHIP ID {self.ship_id!r} has {size} bytes; 1 to 63 are allowed")

    @property
    def instance_label(self) -> str:
        """The instance name as one DNS label."""
        name = self.instance or "-".join(filter(None, (self.brand, self.model, self.serial)))
        label = _clean((name or self.ship_id).replace(".", "-"), _MAX_LABEL_BYTES)
        return label or "SHIP"


def to_txt(announcement: Announcement, ski: str) -> dict[str, str]:
    """Return the TXT record, in the customary order; optional keys only when they say something."""
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
        "register": "false",
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
        ship_id=_clean(txt["id"], _MAX_ID_BYTES),
        brand=_clean(txt.get("brand")),
        model=_clean(txt.get("model")),
        type=_clean(txt.get("type")),
        host=host,
        port=port,
        path=path if path.isascii() and path.isprintable() and " " not in path else PATH,
        serial=_clean(txt.get("serial")),
    )


def qr_text(announcement: Announcement, ski: str) -> str:
    """Return the text of the QR code another device may scan to pair with us."""
    fields = {
        "SKI": ski,
        "ID": announcement.ship_id,
        "BRAND": announcement.brand,
        "TYPE": announcement.type,
        "MODEL": announcement.model,
        "SERIAL": announcement.serial,
        "CAT": ",".join(str(category) for category in announcement.categories),
    }
    parts = [f"{key}:{text.replace(';', '')};" for key, text in fields.items() if text]
    return f"SHIP;{''.join(parts)}ENDSHIP;"


def parse_qr(text: str) -> dict[str, str]:
    """Return the fields of a scanned QR text by their names, `SKI` normalised.

    Raises ValueError for a text that is no SHIP code or lacks the SKI.
    """
    body = text.strip()
    if not body.startswith("SHIP;") or not body.rstrip(";").endswith(";ENDSHIP"):
        raise ValueError("No SHIP code: it starts with SHIP; and ends with ENDSHIP;")
    pairs = (part.partition(":") for part in body.split(";")[1:] if ":" in part)
    fields = {key.strip(): value.strip() for key, _, value in pairs}
    return {**fields, "SKI": normalise_ski(fields.get("SKI", ""))}


def _clean(text: str | None, limit: int = _MAX_TEXT_BYTES) -> str | None:
    """Return a peer's text without what could disturb a terminal or a page."""
    if not text:
        return None
    return _cut("".join(char for char in text if char.isprintable()), limit) or None


def _cut(text: str, size: int) -> str:
    return text.encode()[:size].decode(errors="ignore")
