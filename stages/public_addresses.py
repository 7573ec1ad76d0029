"""Restrict a download to the public internet: every connection is checked before it is opened.

Checking the name is not enough: a redirect, a playlist or a page may lead elsewhere, and a name may resolve to another
address the second time ("DNS rebinding"; OWASP "Server-Side Request Forgery Prevention"). What counts is the address
that a socket connects to. Python reports it in the audit event ``socket.connect`` (PEP 578) for every library.
"""

from __future__ import annotations

import ipaddress
import socket
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
_TRANSLATED = tuple(map(ipaddress.IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/48", "::/96", "::ffff:0:0:0/96")))
"""Networks whose last 32 bits are an IPv4 address: NAT64 (RFC 6052, RFC 8215), IPv4-compatible (RFC 4291), and
IPv4-translated (RFC 2765).
"""


class PrivateAddressRefused(BaseException):
    """A download was about to connect to an address in the local network.

    It is no `Exception`, so that no library treats it as a broken connection and retries.
    """

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address


def is_public(address: Address) -> bool:
    """Return whether an address, and the IPv4 address embedded in it, is on the public internet.

    Excluded are IANA's special-purpose registries, according to `ipaddress`, multicast, and reserved addresses.
    """
    if isinstance(address, ipaddress.IPv6Address):
        embedded = _embedded_address(address)
        if embedded is not None:
            return is_public(embedded)
        if address.is_site_local:  # fec0::/10 (RFC 3879), which `is_global` accepts
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


@contextmanager
def public_addresses_only() -> Iterator[None]:
    """Refuse, in this thread, connections except to the public internet and the environment's proxies.

    With a proxy, the proxy resolves names, so the proxy must refuse private addresses.

    Raises
    ------
    PrivateAddressRefused
        From the call that tries to connect.
    """
    _listen_to_sockets()
    token = _exempt.set(_proxies())
    try:
        yield
    finally:
        _exempt.reset(token)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The target of a socket: one port of one address."""

    address: Address
    port: int


_exempt: ContextVar[frozenset[Endpoint] | None] = ContextVar("exempt", default=None)
"""Within `public_addresses_only`: other endpoints that are allowed. None: any."""


@cache
def _listen_to_sockets() -> None:
    """Add the audit hook once per process, since hooks can't be removed."""
    sys.addaudithook(_look_at)


def _look_at(event: str, arguments: tuple[object, ...]) -> None:
    """Refuse a connection into the local network."""
    if event != "socket.connect":
        return
    exempt = _exempt.get()
    if exempt is None:
        return
    opened, target = arguments
    if not isinstance(opened, socket.SocketType) or opened.family not in {socket.AF_INET, socket.AF_INET6}:
        raise PrivateAddressRefused(str(target))  # a socket of this machine, such as Docker's
    host, port = (str(target[0]), target[1]) if isinstance(target, tuple) else (str(target), 0)
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:  # a name that would be resolved only now can't be checked
        raise PrivateAddressRefused(host) from None
    if Endpoint(address, port) not in exempt and not is_public(address):
        raise PrivateAddressRefused(host)


def _embedded_address(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address embedded in an IPv6 address: mapped, 6to4 or translated."""
    if address.ipv4_mapped is not None or address.sixtofour is not None:
        return address.ipv4_mapped or address.sixtofour
    if any(address in network for network in _TRANSLATED):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


_PROXIED = frozenset({"http", "https", "all"})
"""Schemes whose proxies a download uses. The environment may contain any variable that ends in ``_proxy``."""

_PROXY_PORTS = {"http": 80, "https": 443, "socks": 1080}
"""Default ports by type of proxy, as in urllib3 and PySocks."""


def _proxies() -> frozenset[Endpoint]:
    """Return the endpoints of the environment's proxies."""
    found: set[Endpoint] = set()
    for scheme, proxy in urllib.request.getproxies().items():
        if scheme in _PROXIED:
            found |= _endpoints(proxy if "://" in proxy else f"http://{proxy}")
    return frozenset(found)


def _endpoints(proxy: str) -> set[Endpoint]:
    """Return the endpoints of a proxy; none if its address is malformed or its name is unknown."""
    try:
        address = urllib.parse.urlsplit(proxy)
        port = address.port or _PROXY_PORTS["socks" if address.scheme.startswith("socks") else address.scheme]
        entries = socket.getaddrinfo(address.hostname, port, type=socket.SOCK_STREAM) if address.hostname else []
    except (OSError, ValueError, KeyError):
        return set()
    return {Endpoint(ipaddress.ip_address(str(entry[4][0]).partition("%")[0]), port) for entry in entries}
