"""Keep a download on the public internet: every connection it opens is examined before it is made.

Looking at the name alone does not do: a redirect, a playlist or a page leads elsewhere, and a name may mean another
address the second time it is asked for ("DNS rebinding"; OWASP "Server-Side Request Forgery Prevention"). What counts
is the address a socket is about to be connected to. Python tells of it in the audit event ``socket.connect``
(PEP 578), whichever library opens the socket.
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
IPv4-translated (RFC 2765)."""


class PrivateAddressRefused(BaseException):
    """A download was about to connect to an address within this network.

    No `Exception`, so that no library takes it for a broken connection and tries again.
    """

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address


def is_public(address: Address) -> bool:
    """Return whether an address lies on the public internet, and so does the one that it stands for.

    Which do not: IANA's special-purpose registries, as `ipaddress` knows them, multicast, and what is reserved.
    """
    if isinstance(address, ipaddress.IPv6Address):
        meant = _meant(address)
        if meant is not None:
            return is_public(meant)
        if address.is_site_local:  # fec0::/10 (RFC 3879), which `is_global` lets pass
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


@contextmanager
def public_addresses_only() -> Iterator[None]:
    """Refuse, in this thread, connections to anything but the public internet and the proxies of the environment.

    Behind a proxy it is the proxy that resolves names, and that has to refuse.

    Raises
    ------
    PrivateAddressRefused
        From whatever tries to connect.
    """
    _listen_to_sockets()
    token = _exempt.set(_proxies())
    try:
        yield
    finally:
        _exempt.reset(token)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a socket leads: one port of one address."""

    address: Address
    port: int


_exempt: ContextVar[frozenset[Endpoint] | None] = ContextVar("exempt", default=None)
"""Within `public_addresses_only`: endpoints that may be connected to all the same. None: any."""


@cache
def _listen_to_sockets() -> None:
    """Add the audit hook; one a process, since none can be taken away."""
    sys.addaudithook(_look_at)


def _look_at(event: str, arguments: tuple[object, ...]) -> None:
    """Refuse a connection that leads into this network."""
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
    except ValueError:  # a name that would be resolved only now: nobody could have looked at it
        raise PrivateAddressRefused(host) from None
    if Endpoint(address, port) not in exempt and not is_public(address):
        raise PrivateAddressRefused(host)


def _meant(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that an IPv6 one leads to: mapped, 6to4 or translated."""
    if address.ipv4_mapped is not None or address.sixtofour is not None:
        return address.ipv4_mapped or address.sixtofour
    if any(address in network for network in _TRANSLATED):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


_PROXIED = frozenset({"http", "https", "all"})
"""Schemes whose proxies a download uses. The environment may name one for any word that ends in ``_proxy``."""

_PROXY_PORTS = {"http": 80, "https": 443, "socks": 1080}
"""Ports of proxies whose address names none, by the kind of the proxy, as urllib3 and PySocks take them."""


def _proxies() -> frozenset[Endpoint]:
    """Return where the proxies are that the environment names."""
    found: set[Endpoint] = set()
    for scheme, proxy in urllib.request.getproxies().items():
        if scheme in _PROXIED:
            found |= _endpoints(proxy if "://" in proxy else f"http://{proxy}")
    return frozenset(found)


def _endpoints(proxy: str) -> set[Endpoint]:
    """Return the endpoints of a proxy, none where its address is malformed or its name is unknown."""
    try:
        address = urllib.parse.urlsplit(proxy)
        port = address.port or _PROXY_PORTS["socks" if address.scheme.startswith("socks") else address.scheme]
        entries = socket.getaddrinfo(address.hostname, port, type=socket.SOCK_STREAM) if address.hostname else []
    except (OSError, ValueError, KeyError):
        return set()
    return {Endpoint(ipaddress.ip_address(str(entry[4][0]).partition("%")[0]), port) for entry in entries}
