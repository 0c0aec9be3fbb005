"""Which controller may offer limits; offers not taken are counted each time, said once."""

import logging

from eebus_gateway.core.lease import Controller
from eebus_gateway.metrics import OFFERS_REFUSED

MOST_REMEMBERED = 256  # anybody on the bus can make up a SKI

logger = logging.getLogger(__name__)


class Gate:
    """The controller in charge, one for all devices, and why each one's last offer was refused."""

    def __init__(self) -> None:
        self.controller = Controller()
        self._reasons: dict[str, str] = {}

    def note(self, ski: str, reason: str, epoch: int) -> None:
        """Count a refusal; the same one every second is one line in the log."""
        OFFERS_REFUSED.labels(reason).inc()
        if self._reasons.get(ski) != reason:
            extra = {"ski": ski, "reason": reason, "epoch": epoch}
            logger.warning("lease refused", extra=extra)
        if len(self._reasons) >= MOST_REMEMBERED:
            self._reasons.clear()
        self._reasons[ski] = reason

    def forget(self, ski: str) -> None:
        """Note that an offer for a device was taken."""
        self._reasons.pop(ski, None)
