"""A recorded call: what a caller once asked."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

SAFE = frozenset({"GET", "HEAD"})
"""Methods that change nothing and have no body (RFC 9110, 9.2.1)."""


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """One call. `target` is path and query byte for byte; `place` says where it is recorded."""

    place: str
    method: str
    host: str | None
    target: bytes
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    @property
    def digest(self) -> bytes:
        """The same for calls that ask the same, whenever they were made."""
        parts = (
            self.method.encode(),
            as_sent(self.host or ""),
            self.target,
            *(as_sent(f"{name}: {value}") for name, value in sorted(self.headers)),
            self.body,
        )
        return sha256(b"\0".join(parts)).digest()


def as_sent(text: str) -> bytes:
    """Return the bytes of a recorded field: a recording has each as a letter, a HAR has words."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode(errors="replace")
