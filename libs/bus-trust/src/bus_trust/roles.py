"""Who may say what: one role for sites, one for each program of the cloud.

A template speaks of the user's own name only: `{{name()}}` is the site's id, put in by the server
from the signed claims. What is not allowed here the server refuses; it is not left to good will.
"""

from dataclasses import dataclass

NAME = "{{name()}}"
KIB = 1024


@dataclass(frozen=True, slots=True)
class Role:
    """What users of one scoped key may publish and subscribe to."""

    name: str
    publish: tuple[str, ...]
    subscribe: tuple[str, ...]
    connections: tuple[str, ...] = ()  # empty: any
    most_subscriptions: int = -1
    most_payload_bytes: int = 1024 * KIB


SITE = Role(
    "site",
    publish=(f"site.{NAME}.up.>",),
    subscribe=(f"site.{NAME}.down.>",),
    connections=("LEAFNODE", "LEAFNODE_WS"),
    most_subscriptions=2000,
    most_payload_bytes=512 * KIB,
)
# Of the front door alone. Who may make consumers and streams may have the server say anything
# anywhere, and inboxes hold the facts of all sites; answers to it hold codes to join.
_JETSTREAM = ("$JS.API.>", "$JS.ACK.>", "$JS.FC.>")
_INBOX = ("_INBOX.>",)
# An answer's subject names who asked and who answers: each hears its own and speaks as itself.
WEB = Role(
    "web",
    publish=("site.*.down.>", "cloud.*.rpc.>", "cloud.web.>", *_JETSTREAM),
    subscribe=("site.*.up.>", "cloud.web.>", "cloud.reply.web.>", *_INBOX),
)
SMART_CHARGING = Role(
    "smart-charging",
    publish=("site.*.down.plan", "site.*.down.prices", "site.*.down.rpc.cem.energy-get",
             "cloud.smart-charging.>", "cloud.reply.*.smart-charging.>"),
    subscribe=("site.*.up.state", "site.*.up.profile", "site.*.up.reply.smart-charging.>",
               "cloud.smart-charging.>"),
)  # fmt: skip
ENROLMENT = Role(
    "enrolment",
    publish=("cloud.reply.*.enrolment.>",),
    subscribe=("cloud.enrolment.>",),
)
ROLES = {role.name: role for role in (SITE, WEB, SMART_CHARGING, ENROLMENT)}
