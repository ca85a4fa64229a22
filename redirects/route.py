"""An API route: calls at an old address that go on to a server which still answers them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ApiRoute:
    """Where a preserved API lives and who answers it.

    `path` is a prefix that ends in `*` ("/api/*") or an exact raw path; `upstream` is an origin
    ("http://10.0.0.5:8080"). `query` is a parameter that must be among a call's, byte for byte
    ("format=feed"), for portals whose pages and APIs share one path. `methods` empty means
    every method. `host_header` is what the upstream is told in Host; None keeps the caller's.
    """

    name: str
    host: str
    path: str
    upstream: str
    methods: frozenset[str] = frozenset()
    query: str | None = None
    host_header: str | None = None
    contact: str = ""
    timeout: float = 30.0
