"""Trailers: header fields behind a body. Those cross that can do no harm there (RFC 9110, 6.5)."""

from __future__ import annotations

import re
from collections.abc import Sequence

Fields = Sequence[tuple[bytes, bytes]]

# Whoever merges trailers into the header would let them frame, route, admit or decode a message
# that was judged without them.
_HEAD_ONLY = frozenset(
    {b"connection", b"keep-alive", b"te", b"trailer", b"transfer-encoding", b"upgrade"}
    | {b"content-length", b"content-encoding", b"content-type", b"content-range", b"host"}
    | {b"authorization", b"cookie", b"set-cookie", b"www-authenticate", b"location", b"expect"}
    | {b"cache-control", b"age", b"expires", b"date", b"vary", b"pragma", b"range", b"warning"}
    | {b"retry-after", b"max-forwards", b"forwarded", b"via", b"origin", b"x-real-ip"}
)
_HEAD_ONLY_BEGINNINGS = (b"proxy-", b"if-", b"x-forwarded-", b"access-control-", b"sec-")
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


def crossing(trailers: Fields) -> list[tuple[bytes, bytes]]:
    """Return the trailers that go on, in their order."""
    return [
        (name, value)
        for name, value in trailers
        if (low := name.lower()) not in _HEAD_ONLY
        and not low.startswith(_HEAD_ONLY_BEGINNINGS)
        and not _CONTROL.search(value)
    ]


def reads_trailers(headers: Fields) -> bool:
    """Say whether a caller reads trailers: `TE: trailers` (RFC 9110, 10.1.4)."""
    return any(
        name == b"te" and b"trailers" in (code.strip() for code in value.lower().split(b","))
        for name, value in headers
    )
