"""What a simulated site is: where it stands, its fuse, its chargers, its roof. Pure."""

from dataclasses import dataclass

from fleet_sim.core.chance import between, hexadecimal, one_of, share

PHASES = ("l1", "l2", "l3")
# Town, latitude, longitude, time zone, currency.
TOWNS = (
    ("Berlin", 52.52, 13.40, "Europe/Berlin", "EUR"),
    ("Hamburg", 53.55, 9.99, "Europe/Berlin", "EUR"),
    ("München", 48.14, 11.58, "Europe/Berlin", "EUR"),
    ("Köln", 50.94, 6.96, "Europe/Berlin", "EUR"),
    ("Stuttgart", 48.78, 9.18, "Europe/Berlin", "EUR"),
    ("Leipzig", 51.34, 12.37, "Europe/Berlin", "EUR"),
    ("Bremen", 53.08, 8.80, "Europe/Berlin", "EUR"),
    ("Nürnberg", 49.45, 11.08, "Europe/Berlin", "EUR"),
    ("Rostock", 54.09, 12.14, "Europe/Berlin", "EUR"),
    ("Freiburg", 48.00, 7.85, "Europe/Berlin", "EUR"),
    ("Wien", 48.21, 16.37, "Europe/Vienna", "EUR"),
    ("Graz", 47.07, 15.44, "Europe/Vienna", "EUR"),
    ("Stockholm", 59.33, 18.07, "Europe/Stockholm", "SEK"),
    ("Göteborg", 57.71, 11.97, "Europe/Stockholm", "SEK"),
    ("Malmö", 55.60, 13.00, "Europe/Stockholm", "SEK"),
    ("Uppsala", 59.86, 17.64, "Europe/Stockholm", "SEK"),
    ("Örebro", 59.27, 15.21, "Europe/Stockholm", "SEK"),
    ("Sundsvall", 62.39, 17.31, "Europe/Stockholm", "SEK"),
    ("Umeå", 63.83, 20.26, "Europe/Stockholm", "SEK"),
    ("Luleå", 65.58, 22.15, "Europe/Stockholm", "SEK"),
)
GERMAN = ("Gartenweg", "Lindenstraße", "Am Bach", "Bergstraße", "Schulstraße", "Mühlenweg")
SWEDISH = ("Storgatan", "Skolvägen", "Björkvägen", "Ängsgatan", "Kyrkogatan", "Strandvägen")
CHARGERS = (1, 1, 1, 1, 1, 1, 2, 2, 2, 4)  # how many a site has
FUSES_A = (20.0, 25.0, 25.0, 35.0, 50.0, 63.0)
MAKERS = (("Nordwall", "N11"), ("Elbe Charge", "Home 22"), ("Kornblume", "K1"))
FAULTS = {"meter-silent": 0.006, "charger-refuses": 0.004, "failsafe-sum": 0.003}
OLD_SHARE = 0.12  # of sites that run the version before


@dataclass(frozen=True, slots=True)
class Wallbox:
    """A charger; phases: of the house that its car loads."""

    ski: str
    name: str
    brand: str
    model: str
    max_a: float
    phases: tuple[str, ...]
    car: str


@dataclass(frozen=True, slots=True)
class House:
    """A site. peak_w: of the roof, 0 = none; fault: code of the notice it has, "" = none.

    overload_s: how long it was above its fuse since its CEM started.
    """

    number: int
    site: str
    name: str
    town: str
    latitude: float
    longitude: float
    time_zone: str
    currency: str
    fuse_a: float
    wallboxes: tuple[Wallbox, ...]
    peak_w: float
    base_w: float
    version: str
    fault: str
    overload_s: float
    is_silent: bool


def house(seed: int, number: int, prefix: str = "fleet") -> House:
    """Return site `number` of a fleet; always the same one."""

    def key(*words: object) -> tuple[object, ...]:
        return seed, number, *words

    town, latitude, longitude, zone, currency = one_of(TOWNS, *key("town"))
    streets = SWEDISH if currency == "SEK" else GERMAN
    street = f"{one_of(streets, *key('street'))} {1 + int(80 * share(*key('door')))}"
    site = f"{prefix}-{number:05d}"
    count = one_of(CHARGERS, *key("chargers"))
    return House(
        number=number,
        site=site,
        name=f"{street}, {town}",
        town=town,
        latitude=round(latitude + between(-0.12, 0.12, *key("north")), 5),
        longitude=round(longitude + between(-0.2, 0.2, *key("east")), 5),
        time_zone=zone,
        currency=currency,
        fuse_a=max(one_of(FUSES_A, *key("fuse")), 25.0 if count > 1 else 0.0),
        wallboxes=tuple(_wallbox(seed, number, place) for place in range(count)),
        peak_w=round(between(4_000, 14_000, *key("roof"))) if share(*key("sun")) < 0.45 else 0.0,
        base_w=round(between(250, 900, *key("base"))),
        version="0.0.9" if share(*key("version")) < OLD_SHARE else "0.1.0",
        fault=_fault(share(*key("fault"))),
        overload_s=round(between(1, 40, *key("over")), 1) if share(*key("is-over")) < 0.01 else 0.0,
        is_silent=share(*key("silent")) < 0.01,
    )


def _wallbox(seed: int, number: int, place: int) -> Wallbox:
    words = (seed, number, "box", place)
    brand, model = one_of(MAKERS, *words, "maker")
    is_one_phase = share(*words, "phases") < 0.2
    return Wallbox(
        ski=hexadecimal(40, *words),
        name=f"Charger {place + 1}",
        brand=brand,
        model=model,
        max_a=16.0,
        phases=(PHASES[number % 3],) if is_one_phase else PHASES,
        car=f"car-{place + 1}",
    )


def _fault(chance: float) -> str:
    for code, part in FAULTS.items():
        if chance < part:
            return code
        chance -= part
    return ""
