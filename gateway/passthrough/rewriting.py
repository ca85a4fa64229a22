"""What a route changes on the way: path, parameters, header fields, and credentials it holds back.

A call is rewritten before anything else sees it, so that the rest of the passthrough knows of one
request only. A route that changes nothing has no rewriter: its bytes cross as they came.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import unquote_to_bytes

from starlette.types import Message, Scope, Send

from gateway.passthrough.headers import target_of
from gateway.server.carrying import TARGET
from redirects.route import ApiRoute, Edit, Rewriting
from redirects.route_path import RoutePath, expand

CREDENTIALS = frozenset(
    {b"authorization", b"cookie", b"x-api-key", b"api-key", b"apikey"}
    | {b"x-auth-token", b"x-access-token", b"x-csrf-token"}
)
"""Header fields that say who a caller is, or prove it."""

_NO_EDITS = (Rewriting(), Rewriting(wsdl=True))
Pairs = Sequence[tuple[bytes, bytes]]


class Rewriter:
    """Rewrites the calls and answers of one route."""

    def __init__(self, route: ApiRoute) -> None:
        self._path = RoutePath(route.path)
        self._rewriting = route.rewriting
        self._withheld: frozenset[bytes] = frozenset()
        if route.credentials is not None:
            may_cross = {name.encode("ascii") for name in route.credentials}
            self._withheld = CREDENTIALS - may_cross
        self._withholds_cookies = b"cookie" in self._withheld

    def hold_back(self, scope: Scope) -> Scope:
        """Return the call without the credentials that do not cross."""
        if not self._withheld:
            return scope
        kept = [field for field in scope["headers"] if field[0].lower() not in self._withheld]
        return {**scope, "headers": kept}

    def rewrite(self, scope: Scope, send: Send) -> tuple[Scope, Send]:
        """Return the call as the upstream is to get it, and a way back for its answer."""
        captures = self._path.captures(scope["raw_path"])
        headers = scope["headers"]
        target = self._target(target_of(scope), captures)
        rewritten = {
            **scope,
            "headers": edit_fields(headers, self._rewriting.request, captures),
            "extensions": {**(scope.get("extensions") or {}), TARGET: target},
        }

        async def send_rewritten(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = self._answered(message["headers"], captures)
            await send(message)

        return rewritten, send_rewritten

    def _target(self, target: bytes, captures: Mapping[str, bytes]) -> bytes:
        path, question, query = target.partition(b"?")
        if self._rewriting.path is not None:
            path = expand(self._rewriting.path, captures)
        if not self._rewriting.query:
            return path + question + query
        edited = edit_query(query, self._rewriting.query, captures)
        return path + b"?" + edited if edited else path

    def _answered(self, headers: Pairs, captures: Mapping[str, bytes]) -> Pairs:
        if self._withholds_cookies:
            headers = [field for field in headers if field[0].lower() != b"set-cookie"]
        return edit_fields(headers, self._rewriting.answer, captures)


def rewriter_of(route: ApiRoute) -> Rewriter | None:
    """Return what rewrites calls along a route; None where they cross as they came."""
    changes = route.rewriting not in _NO_EDITS or route.credentials is not None
    return Rewriter(route) if changes else None


def edit_fields(headers: Pairs, edits: Iterable[Edit], captures: Mapping[str, bytes]) -> Pairs:
    """Change header fields; names are the same in any case (RFC 9110, 5.1)."""
    for edit in edits:
        name = edit.name.lower().encode("ascii")
        alike = [number for number, field in enumerate(headers) if field[0].lower() == name]
        headers = _edited(headers, alike, edit.act, (name, expand(edit.value, captures)))
    return headers


def edit_query(query: bytes, edits: Iterable[Edit], captures: Mapping[str, bytes]) -> bytes:
    """Change parameters; what no edit names stays byte for byte where it was."""
    pieces = [(piece.partition(b"=")[0], piece) for piece in query.split(b"&") if piece]
    for edit in edits:
        name = edit.name.encode("ascii")
        alike = [number for number, one in enumerate(pieces) if _plain(one[0]) == name]
        piece = name + b"=" + expand(edit.value, captures).replace(b"&", b"%26")
        pieces = [*_edited(pieces, alike, edit.act, (name, piece))]
    return b"&".join(piece for _, piece in pieces)


def _edited(pairs: Pairs, alike: Sequence[int], act: str, made: tuple[bytes, bytes]) -> Pairs:
    """Set in the place of the first one alike, add at the end, or remove."""
    if act == "add":
        return [*pairs, made]
    kept = [pair for number, pair in enumerate(pairs) if number not in alike]
    if act == "set":
        kept.insert(alike[0] if alike else len(kept), made)
    return kept


def _plain(name: bytes) -> bytes:
    return unquote_to_bytes(name.replace(b"+", b" "))
