"""demo.json: what scripts need to know of a living site. There while it is alive."""

import json
import os
import tempfile
from pathlib import Path

from living_site.site import SITE, Layout, Outside
from living_site.users import User


def write(layout: Layout, users: dict[str, User], world: Outside, pids: dict[str, int]) -> None:
    """Write demo.json (mode 0600) so that a reader sees all of it or nothing."""
    content = {
        "url": layout.web_url,
        "site": SITE,
        "users": {
            role: {"username": user["username"], "password": user["password"]}
            for role, user in users.items()
        },
        "chargers": [
            {"ski": charger["ski"], "url": charger["url"]} for charger in world["chargers"]
        ],
        "simulator": world["simulator"],
        "nats_url": layout.nats_url,
        "programs": {
            name: {"pid": pid, "health": layout.health_urls().get(name)}
            for name, pid in pids.items()
        },
    }
    # mkstemp makes the file 0600 from the start.
    handle, name = tempfile.mkstemp(dir=layout.state, prefix=".demo-")
    with os.fdopen(handle, "w") as file:
        json.dump(content, file, indent=1)
    Path(name).replace(layout.state / "demo.json")


def remove(layout: Layout) -> None:
    """Remove demo.json; harmless when there is none."""
    (layout.state / "demo.json").unlink(missing_ok=True)
