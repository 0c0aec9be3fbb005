"""`volthus-enroll`: the one command by which a site joins the fleet, and stays in it."""

import argparse
import asyncio
import contextlib
import sys
from pathlib import Path

from enrolment.device import Device, DeviceError, LinkFile
from volthus_kit import logs
from volthus_kit.clock import SystemClock
from volthus_kit.metrics import version_of

FOLDER = Path("link")
EPILOG = """\
examples:
  volthus-enroll join --cloud https://join.example.com --code 3K7Q-9DMP-...
  volthus-enroll status
  volthus-enroll keep        renew at half life, for ever (a service of the machine)

The folder then holds leaf.conf, which the site's NATS server includes. The key of this machine is
made here and never leaves it.
"""


def main() -> None:
    """Run the command; exits 1 when it did not work, with one line that says why."""
    args = _parser().parse_args()
    logs.configure("volthus-enroll", "INFO")
    device = Device(args.folder, SystemClock(), args.ca)
    try:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(_run(args, device))
    except (DeviceError, OSError) as error:
        sys.stderr.write(f"volthus-enroll: {error}\n")
        sys.exit(1)


async def _run(args: argparse.Namespace, device: Device) -> None:
    if args.command == "join":
        _say(await device.join(args.cloud, args.code), device)
    elif args.command == "renew":
        _say(await device.renew(), device)
    elif args.command == "status":
        _say(device.link(), device)
    else:
        if not device.has_joined and args.cloud:
            await device.join_when_possible(args.cloud, args.code)
        device.link()
        await device.keep()


def _say(link: LinkFile, device: Device) -> None:
    folder = device.folder.absolute()
    sys.stdout.write(
        f"This machine speaks for the site {link.site} ({link.name}).\n"
        f"It links to {link.leaf_url} until {link.expires_at:%Y-%m-%d %H:%M} UTC; "
        "run `volthus-enroll keep` to stay.\n"
        # NATS takes even an absolute path from where the configuration stands.
        f'NATS: a configuration in {folder.parent} says include "{folder.name}/leaf.conf"\n'
        f"Programs: VOLTHUS_SITE={link.site}\n"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="volthus-enroll",
        description="Let this machine speak for a site of the fleet.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=version_of("volthus-enrolment"))
    parser.add_argument("--folder", type=Path, default=FOLDER, help=f"files of the link [{FOLDER}]")
    parser.add_argument("--ca", type=Path, help="certificate that vouches for the cloud's address")
    commands = parser.add_subparsers(dest="command", required=True)
    join = commands.add_parser("join", help="join with a one-time code")
    join.add_argument("--cloud", required=True, help="address of the enrolment, https://...")
    join.add_argument("--code", required=True, help="the code an operator gave you")
    commands.add_parser("renew", help="get new claims now")
    commands.add_parser("status", help="say how this machine is linked")
    keep = commands.add_parser("keep", help="renew at half life, for ever")
    keep.add_argument("--cloud", default="", help="join there first, unless this machine has")
    keep.add_argument("--code", default="", help="with this code")
    return parser


if __name__ == "__main__":
    main()
