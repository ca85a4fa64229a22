"""How the two ends of a preserved API spell things: names of header fields, words behind a status.

HTTP says that neither matters (RFC 9110, 5.1; RFC 9112, 4). Programs of 2009 that look for
"Content-Length" in these letters were never told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

Fields = Sequence[tuple[bytes, bytes]]

_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NOTHING: Mapping[bytes, bytes] = MappingProxyType({})


class Spelling:
    """How one message spells names, and its status; all else is spelled as usual."""

    __slots__ = ("_names", "_reason", "_status")

    def __init__(
        self, names: Iterable[bytes] = (), *, status: int = 0, reason: bytes = b""
    ) -> None:
        self._status = status
        self._reason = reason
        self._names: Mapping[bytes, bytes] = {name.lower(): name for name in names} or _NOTHING

    def of(self, name: bytes) -> bytes:
        """Return how a name is spelled that is given in lower case."""
        return self._names.get(name, name)

    def status_line(self, status: int) -> bytes:
        """Return the first line of an answer, with its end.

        An answer of another status was made in place of the one that was spelled like this.
        """
        if status != self._status:
            return STATUS_LINE[status]
        return b"HTTP/1.1 %d %b\r\n" % (status, self._reason)

    def lines(self, fields: Fields) -> bytes:
        """Return header fields as lines. Raises ValueError where one would begin another line."""
        names = self._names
        lines = b"".join([b"%b: %b\r\n" % (names.get(name, name), value) for name, value in fields])
        if lines.count(b"\n") != len(fields) or lines.count(b"\r") != len(fields):
            raise ValueError("a header field holds a line break")
        # Other controls are made harmless before they go on (RFC 9110, 5.5).
        return _CONTROL.sub(b" ", lines) if _CONTROL.search(lines) else lines


def spelling_in(head: bytes) -> Spelling:
    """Return the spelling of a request by its head, as it came."""
    lines = head.split(b"\n")[1:-2]
    return Spelling([line.partition(b":")[0] for line in lines])
