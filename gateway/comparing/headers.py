"""Comparing headers: what each says, not how it is spelled; what differs by its nature left out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from gateway.comparing.reply import Difference, Part, Reply, shortened
from gateway.comparing.rules import Ignored

# The connection's own, the moment's, and the server's name for itself. Lengths of bodies are
# compared with the bodies.
_NEVER = frozenset(
    {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "trailer", "upgrade"}
    | {"date", "age", "via", "server", "x-powered-by", "x-aspnet-version", "x-aspnetmvc-version"}
    | {"content-length", "alt-svc"}
)
# Two servers never agree on these, but both or neither have them.
_ANY_VALUE = frozenset(
    {"etag", "last-modified", "expires", "x-request-id", "x-correlation-id", "x-runtime"}
)
_LISTS = frozenset(
    {"vary", "cache-control", "allow", "accept-ranges", "content-language", "pragma"}
    | {"access-control-allow-headers", "access-control-allow-methods"}
    | {"access-control-expose-headers"}
)
_ADDRESSES = frozenset({"location", "content-location", "refresh", "link"})
_COOKIE_VALUE = re.compile(r"=[^;]*")
_MOMENT = re.compile(r"(?:expires|max-age)=", re.IGNORECASE)


def header_differences(
    old: Reply, new: Reply, ignored: Ignored, *, method: str
) -> Iterator[Difference]:
    """Give the headers that say different things."""
    olds, news = _by_name(old), _by_name(new)
    left_out = _NEVER - {"content-length"} if method == "HEAD" else _NEVER
    for name in dict.fromkeys((*olds, *news)):
        if name in left_out or name in ignored.headers:
            continue
        before, after = olds.get(name), news.get(name)
        if before is None or after is None:
            yield Difference(Part.HEADER, name, _shown(name, before), _shown(name, after))
        elif name not in _ANY_VALUE and name not in ignored.header_values:
            read = _READERS.get(name, _as_it_is)
            if read(before, old) != read(after, new):
                yield Difference(Part.HEADER, name, _shown(name, before), _shown(name, after))


def _by_name(reply: Reply) -> dict[str, list[str]]:
    headers: dict[str, list[str]] = {}
    for name, value in reply.headers:
        headers.setdefault(name, []).append(value.strip())
    return headers


def _shown(name: str, values: list[str] | None) -> str | None:
    if values is None:
        return None
    if name == "set-cookie":  # whose value opens a session
        values = [_COOKIE_VALUE.sub("=…", value, count=1) for value in values]
    return shortened(", ".join(values))


def _as_it_is(values: list[str], _reply: Reply) -> object:
    return ", ".join(values)


def _as_list(values: list[str], _reply: Reply) -> object:
    """Read a list of words, whose order and case say nothing."""
    return {word.strip().lower() for value in values for word in value.split(",")} - {""}


def _as_address(values: list[str], reply: Reply) -> object:
    """Read addresses; where a server names itself, the other may do so too."""
    origin = reply.origin
    return [value.replace(origin, "") if origin else value for value in values]


def _as_media_type(values: list[str], _reply: Reply) -> object:
    kind, *parameters = values[0].split(";")
    return kind.strip().lower(), {
        parameter.strip().lower().replace('"', "").replace(" ", "") for parameter in parameters
    } - {""}


def _as_cookies(values: list[str], _reply: Reply) -> object:
    """Read names and attributes of cookies: a session's value and its end are its own."""
    cookies = []
    for value in values:
        pair, *attributes = value.split(";")
        words = {each.strip() for each in attributes} - {""}
        kept = {_MOMENT.sub("until=", word) if _MOMENT.match(word) else word for word in words}
        cookies.append(
            (pair.partition("=")[0].strip(), frozenset(_attribute(word) for word in kept))
        )
    return sorted(cookies, key=repr)


def _attribute(word: str) -> str:
    if word.startswith("until="):
        return "until"
    name, equals, value = word.partition("=")
    return f"{name.lower()}{equals}{value}"


def _as_challenges(values: list[str], _reply: Reply) -> object:
    """Read the schemes: nonces are made anew each time."""
    return [value.partition(" ")[0].lower() for value in values]


_READERS: dict[str, Callable[[list[str], Reply], object]] = {
    **dict.fromkeys(_LISTS, _as_list),
    **dict.fromkeys(_ADDRESSES, _as_address),
    "content-type": _as_media_type,
    "set-cookie": _as_cookies,
    "www-authenticate": _as_challenges,
}
