"""A reply of one of two servers, and a difference between them: the values that are compared."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

_SHOWN = 120
_LONGEST_PLACE = 200


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered.

    `headers` have lower-case names and come in the server's order. `body` is free of its content
    coding; it may be the beginning only, while `length` and `digest` (SHA-256) speak of the whole.
    `origin` is how the server names itself, such as "http://10.0.0.5:8080".
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    length: int
    digest: str
    origin: str

    @property
    def is_whole(self) -> bool:
        """Say whether `body` is all of it."""
        return len(self.body) == self.length

    def header(self, name: str) -> str:
        """Return the first value of a header, "" where there is none."""
        return next((value for each, value in self.headers if each == name), "")


def whole_reply(
    status: int, headers: tuple[tuple[str, str], ...], body: bytes, origin: str = ""
) -> Reply:
    """Return a reply whose body is at hand from its first byte to its last."""
    low = tuple((name.lower(), value) for name, value in headers)
    return Reply(status, low, body, len(body), sha256(body).hexdigest(), origin)


class Part(StrEnum):
    """Where two replies differ."""

    STATUS = "status"
    HEADER = "header"
    BODY = "body"


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where two replies differ.

    `place` is a header's name, a JSON path, an XPath or "bytes". `old` and `new` are shortened for
    people to read; None says that there is nothing at this place.
    """

    part: Part
    place: str
    old: str | None
    new: str | None


def place_below(above: str, step: str) -> str:
    """Return the place one step below another; a step that makes it too long is "…".

    A name may be as long as its body, and everything below it would have a place of that length.
    """
    if len(above) + len(step) < _LONGEST_PLACE:
        return above + step
    return above if above.endswith("…") else f"{above}…"


def shortened(text: str) -> str:
    """Return a text as a report shows it."""
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
