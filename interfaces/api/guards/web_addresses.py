"""Addresses that clients want downloaded: public ones only, not those of the local network."""

from __future__ import annotations

import ipaddress
import re
import socket
from urllib.parse import unquote, urlsplit

from autoclip.errors import ParameterError
from interfaces.api.problems import ApiError
from stages.public_addresses import Address, is_public


def web_address(url: str, *, allow_private: bool) -> str:
    """Return an address if it may be downloaded.

    A server that fetches addresses of strangers must not give them access to its own network (OWASP "Server-Side
    Request Forgery Prevention"). The download checks every connection again (`stages.public_addresses`), because a
    redirect may lead elsewhere, and a name may change its address.

    Parameters
    ----------
    url : str
        The client's address.
    allow_private : bool
        Whether addresses in the local network are allowed.

    Raises
    ------
    ParameterError
        If it is not an http or https address.
    ApiError
        403 if it leads into the local network.
    """
    try:
        parts = urlsplit(url)
        name, port = parts.hostname, parts.port
    except ValueError:
        name, port = None, None
    if name is None or not _is_host(name) or parts.scheme not in {"http", "https"} or re.search(r"\s", url):
        raise ParameterError(f"{url[:80]!r} is not a web address; give one that begins with https:// or http://")
    if parts.username is not None:
        raise ParameterError("an address with a password in it would be shown to everyone; leave it out")
    if not allow_private and not all(map(is_public, _addresses(name, port or 443))):
        raise ApiError(
            403,
            "private-address",
            f"{name[:80]!r} is in the local network; AUTOCLIP_ALLOW_PRIVATE_URLS=true allows that",
        )
    return url


def _is_host(name: str) -> bool:
    """Whether this can be the name or address of a server: a name in any script that IDNA (RFC 3490) supports."""
    if ":" in name:
        return True  # an IPv6 address, which `urlsplit` has validated
    try:
        spelled = name.encode("idna").decode()
    except UnicodeError:
        return False
    return re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?\.?", spelled) is not None


def _addresses(name: str, port: int) -> list[Address]:
    """Return the addresses of a name; empty if it is unknown, which the download will report."""
    if ":" in name:  # an IPv6 address; the zone in it (RFC 6874) may not exist here, and changes nothing
        name = unquote(name).partition("%")[0]
    try:
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
