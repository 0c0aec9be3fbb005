"""What the cloud has of a site, counted in its tables, and what the site's simulator made."""

from dataclasses import dataclass

from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

ENERGY_WH_A_MINUTE = 120.0
CHARGED_WH_A_SESSION = 500.0
MINUTES_A_SESSION = 5
COUNTS = """
SELECT count(*), coalesce(sum(import_wh), 0), coalesce(max(start_s) - min(start_s), -60),
  (SELECT count(*) FROM charging_sessions WHERE site = :site AND ended_ms IS NOT NULL),
  (SELECT coalesce(sum(energy_wh), 0) FROM charging_sessions
   WHERE site = :site AND ended_ms IS NOT NULL),
  (SELECT coalesce(sum(highest), 0) FROM fact_epochs WHERE site = :site),
  (SELECT coalesce(sum(facts), 0) FROM fact_epochs WHERE site = :site),
  (SELECT count(*) FROM fact_gaps WHERE site = :site)
FROM energy_minutes WHERE site = :site
"""


@dataclass(frozen=True, slots=True)
class Counted:
    """One site in the tables of the cloud, in one look."""

    minutes: int = 0
    import_wh: float = 0.0
    span_s: int = -60
    sessions: int = 0
    charged_wh: float = 0.0
    highest: int = 0
    facts: int = 0
    gaps: int = 0

    @property
    def is_in_order(self) -> bool:
        """Whether what is there is all up to some moment, and nothing behind it."""
        is_whole = self.highest == self.facts and not self.gaps
        return is_whole and self.span_s == 60 * (self.minutes - 1)


def counted(engine: Engine, site: str) -> Counted | None:
    """Return what is there; None while the database is away or has no tables."""
    try:
        with engine.connect() as connection:
            row = connection.execute(text(COUNTS), {"site": site}).one()
    except SQLAlchemyError:
        return None
    return Counted(
        int(row[0]), float(row[1]), int(row[2]), int(row[3]), float(row[4]), *map(int, row[5:])
    )


def made(steps: int) -> tuple[int, float, int, float]:
    """Return what the simulator makes in so many minutes: minutes, Wh, sessions ended, their Wh."""
    sessions = steps // MINUTES_A_SESSION
    return steps, steps * ENERGY_WH_A_MINUTE, sessions, sessions * CHARGED_WH_A_SESSION
