"""Answers requests: settings are checked by the core, written with their audit, then in force."""

from dataclasses import dataclass

from cem.commands.chargers import ChargerCommands
from cem.commands.circuits import CircuitCommands, Meters
from cem.commands.desk import Desk
from cem.commands.driving import DrivingCommands
from cem.commands.operating import OperatingCommands
from cem.commands.outlook import OutlookCommands
from cem.commands.site import SiteCommands
from cem.commands.site_file import SiteFileCommands


@dataclass(frozen=True, slots=True)
class Commands:
    """Everything the CEM can be asked, by topic."""

    site: SiteCommands
    circuits: CircuitCommands
    chargers: ChargerCommands
    driving: DrivingCommands
    operating: OperatingCommands
    site_file: SiteFileCommands
    outlook: OutlookCommands

    @classmethod
    def at(cls, desk: Desk, meters: Meters) -> "Commands":
        """Return all commands around one desk. meters: those of the site now."""
        return cls(
            SiteCommands(desk),
            CircuitCommands(desk, meters),
            ChargerCommands(desk),
            DrivingCommands(desk),
            OperatingCommands(desk),
            SiteFileCommands(desk),
            OutlookCommands(desk),
        )
