"""Where the front door may call: no way from a stranger's address into our own network. Pure."""

import ipaddress
from urllib.parse import urlsplit

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

MOST_URL = 2000
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


class AddressError(ValueError):
    """An address we do not call. code: stable, for programs."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


def check_url(url: str, plain_hosts: frozenset[str]) -> None:
    """Check the shape of an address to call.

    plain_hosts: may be called without TLS, beside loopback. Raises AddressError.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise AddressError("url-invalid", "This is no URL.") from None
    if len(url) > MOST_URL or not host or not url.isascii() or not url.isprintable() or " " in url:
        raise AddressError("url-invalid", "A URL has a host, and only visible ASCII characters.")
    if parts.username is not None or parts.password is not None:
        raise AddressError("url-invalid", "A URL carries no user and no password here.")
    if parts.fragment:
        raise AddressError("url-invalid", "A URL has no fragment here: it would not be sent.")
    is_plain_allowed = host in LOOPBACK_NAMES or host in plain_hosts
    if parts.scheme != "https" and not (parts.scheme == "http" and is_plain_allowed):
        raise AddressError("url-not-https", f"{host} is called over https only.")


def is_callable(address: str, *, private: bool) -> bool:
    """Whether an IP address may be called. private: networks of one's own too, and loopback.

    Link-local (where clouds keep their secrets), multicast and unspecified never.
    """
    try:
        ip = _inner(ipaddress.ip_address(address.partition("%")[0]))
    except ValueError:
        return False
    if ip.is_link_local or ip.is_multicast or ip.is_unspecified:
        return False
    if private:
        return ip.is_global or ip.is_private or ip.is_loopback
    return ip.is_global and not ip.is_reserved


def _inner(ip: IpAddress) -> IpAddress:
    """Return the IPv4 address inside an IPv6 one that only wraps it."""
    if not isinstance(ip, ipaddress.IPv6Address):
        return ip
    wrapped = ip.ipv4_mapped or ip.sixtofour
    if wrapped is None and ip in NAT64:
        wrapped = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return wrapped or ip
