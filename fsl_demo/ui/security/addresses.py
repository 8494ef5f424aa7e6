"""The addresses under which people reach the server."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.types import Scope

PORTS = {"http": 80, "https": 443}
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what listens there."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def is_wildcard(host: str) -> bool:
    """Whether it stands for every address of this machine."""
    return host in ("", "0.0.0.0", "::")


def origin(scheme: str, host: str, port: int) -> str:
    """As browsers write it: without the port that the scheme has by default."""
    shown = f"[{host}]" if ":" in host else host.lower()
    return f"{scheme}://{shown}" if port == PORTS[scheme] else f"{scheme}://{shown}:{port}"


def parsed(address: str) -> tuple[str, str, int] | None:
    """Scheme, host and port of an address without a path; None for anything else."""
    try:
        parts = urlsplit(address)
        scheme, host, port = parts.scheme, parts.hostname, parts.port
    except ValueError:
        return None
    if scheme not in PORTS or not host or parts.username is not None or parts.path not in ("", "/"):
        return None
    if parts.query or parts.fragment or not address.isascii() or any(letter.isspace() for letter in address):
        return None
    return scheme, host, port or PORTS[scheme]


@dataclass(frozen=True)
class Addresses:
    """What a request's Host may be.

    Attributes:
        origins: scheme, host and port of each, as browsers write them; the first is shown to people.
        wildcard: whether the address at which a connection arrived is one, too.
        scheme: what the server itself speaks.
    """

    origins: tuple[str, ...]
    wildcard: bool = False
    scheme: str = "http"

    @classmethod
    def of(cls, host: str, port: int, scheme: str = "http", public: str | None = None) -> Addresses:
        """Those of a server.

        Args:
            host: on which it listens.
            public: the address that a reverse proxy or a name server gives it, as in "https://lab.example".
        """
        if is_loopback(host):
            names: tuple[str, ...] = (host, *(name for name in LOOPBACK if name != host))
        elif is_wildcard(host):
            names = (socket.gethostname(), *LOOPBACK)
        else:
            names = (host,)
        own = tuple(origin(scheme, name, port) for name in names)
        read = parsed(public) if public else None
        return cls((origin(*read), *own) if read else own, is_wildcard(host), scheme)

    def match(self, host: str, scope: Scope) -> str | None:
        """The origin that a Host header names, where it is one of these."""
        if host.endswith("/"):
            return None
        for own in self.origins:
            if parsed(f"{own.partition(':')[0]}://{host}") == parsed(own):
                return own
        read = parsed(f"{self.scheme}://{host}")
        if self.wildcard and read and read[1:] == tuple(scope.get("server") or ()):
            return origin(*read)
        return None
