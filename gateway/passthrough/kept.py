"""One answer that is kept: what it was, to whom it may be given, and for how long."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.types import Scope

from gateway.answer import http_date
from gateway.passthrough.freshness import Headers, Terms, terms_of, varying_names
from gateway.server.spelling import Spelling
from gateway.server.wire import wire_of
from redirects.route import Caching

_OVERHEAD = 1024  # bytes of an entry beside its header fields and its body

# Told anew, or not told again: trailers are not kept.
_OF_ONE_ANSWER = frozenset({b"age", b"content-length", b"trailer"})

Selected = tuple[tuple[bytes, tuple[bytes, ...]], ...]
"""Request fields that an answer depends on, and what they said."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One answer. `selected` are the request's fields it depends on; moments are of the epoch.

    `spelling` is how its server wrote it, which callers of old read as it stands.
    """

    status: int
    headers: Headers
    body: bytes
    selected: Selected
    terms: Terms
    came_at: float
    spelling: Spelling | None = None

    @property
    def size(self) -> int:
        """Return about how many bytes it takes."""
        fields = sum(len(name) + len(value) for name, value in self.headers)
        return _OVERHEAD + fields + len(self.body)

    def age(self, now: float) -> float:
        """Return its age in seconds."""
        return self.terms.age + max(0.0, now - self.came_at)

    def is_fresh(self, now: float) -> bool:
        """Say whether it may be given as if it came from the upstream."""
        return self.age(now) < self.terms.lifetime

    def may_stand_in(self, now: float) -> bool:
        """Say whether it may be given in the place of a failure."""
        return self.age(now) < self.terms.lifetime + self.terms.stale_if_error

    def is_for(self, scope: Scope) -> bool:
        """Say whether a call is one it was given to, or one alike."""
        return self.selected == selected(scope, tuple(name for name, _ in self.selected))


def kept_of(
    scope: Scope, status: int, headers: Headers, body: bytes, *, caching: Caching, now: float
) -> Kept | None:
    """Return an answer to GET as it is kept; None where it may not be."""
    names = varying_names(headers)
    terms = terms_of(scope["headers"], status, headers, caching=caching, now=now)
    if terms is None or names is None:
        return None
    lasting = [one for one in headers if one[0].lower() not in _OF_ONE_ANSWER]
    if not any(name.lower() == b"date" for name, _ in lasting):
        lasting.append((b"date", http_date(int(now))))  # its age is counted from here
    lasting.append((b"content-length", b"%d" % len(body)))
    wire = wire_of(scope)
    spelling = wire.answers_as if wire is not None else None
    return Kept(status, lasting, body, selected(scope, names), terms, now, spelling)


def selected(scope: Scope, names: tuple[bytes, ...]) -> Selected:
    """Return what a call says in the fields of these names."""
    return tuple(
        (name, tuple(value for field, value in scope["headers"] if field.lower() == name))
        for name in names
    )
