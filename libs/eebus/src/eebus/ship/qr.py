"""The text of the QR code by which devices are paired with a camera (ship.md 1)."""

from dataclasses import dataclass

from eebus.ship.announcement import MAX_ID_BYTES, Announcement, categories_of, clean
from eebus.ship.certificate import normalise_ski

_BEGIN, _END = "SHIP;", ";ENDSHIP"
MAX_CHARACTERS = 1024  # a QR code that people print holds a few hundred


@dataclass(frozen=True, slots=True)
class QrCode:
    """What the QR code of a device says. None, or no categories = it does not say.

    ski: 40 lower-case hex digits. categories: as in `Announcement`.
    """

    ski: str
    ship_id: str | None = None
    brand: str | None = None
    type: str | None = None
    model: str | None = None
    serial: str | None = None
    categories: tuple[int, ...] = ()


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
    return f"{_BEGIN}{''.join(parts)}ENDSHIP;"


def parse_qr(text: str) -> QrCode:
    """Return what a scanned or pasted QR text says; fields we do not know are left out.

    Raises ValueError for a text that is no SHIP code or lacks the SKI.
    """
    body = text.strip()
    is_code = body.startswith(_BEGIN) and body.rstrip(";").endswith(_END)
    if not is_code or len(body) > MAX_CHARACTERS:
        raise ValueError("No SHIP code: it starts with SHIP; and ends with ENDSHIP;")
    pairs = (part.partition(":") for part in body.split(";")[1:] if ":" in part)
    fields = {key.strip().upper(): value.strip() for key, _, value in pairs}
    return QrCode(
        ski=normalise_ski(fields.get("SKI", "")),
        ship_id=clean(fields.get("ID"), MAX_ID_BYTES),
        brand=clean(fields.get("BRAND")),
        type=clean(fields.get("TYPE")),
        model=clean(fields.get("MODEL")),
        serial=clean(fields.get("SERIAL")),
        categories=categories_of(fields.get("CAT", "")),
    )


def ski_of(text: str) -> str:
    """Return the SKI of what a user typed, pasted or scanned: a SKI, or a QR text.

    Raises ValueError for anything else.
    """
    return parse_qr(text).ski if text.lstrip().startswith(_BEGIN) else normalise_ski(text)
