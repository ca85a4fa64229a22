"""Changing codes in pieces of a message, and what is remembered of it for the rest of the call."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.adapting.bodies import Kind, spans_in
from gateway.adapting.choosing import Choice, Chooser, Days, whole_code, written_like
from gateway.adapting.notes import Notes
from gateway.adapting.places import Place
from gateway.adapting.spans import Span, replaced


class Undecidable(Exception):  # noqa: N818 - says what is so, like the house's other errors
    """A code that may be several units, where nobody may choose."""

    def __init__(self, code: str, choice: Choice) -> None:
        super().__init__(code)
        self.code = code
        self.choice = choice


class Change:
    """Turns codes of one day into those of another. One for each direction of a call.

    `in_call`: a code that nobody can choose raises Undecidable, with `refuses` every one that has
    to be chosen. In an answer such a code stays.
    """

    def __init__(
        self,
        chooser: Chooser,
        days: Days,
        notes: Notes,
        *,
        refuses: bool = False,
        in_call: bool = False,
        preferred: frozenset[str] = frozenset(),
    ) -> None:
        self.seen: set[str] = set()
        self._chooser = chooser
        self._days = days
        self._notes = notes
        self._refuses = refuses
        self._in_call = in_call
        self._preferred = preferred

    def in_body(self, body: bytes, kind: Kind, places: Sequence[Place]) -> bytes:
        """Return a body with its codes changed. Raises ValueError, Undecidable."""
        return replaced(body, spans_in(body, kind, places), self.code)

    def code(self, raw: bytes, span: Span) -> bytes | None:
        """Return what a code becomes; None where it stays. Raises Undecidable."""
        text = raw.decode("latin-1")
        code = whole_code(text, span.level)
        choice = None
        if code is not None:
            choice = self._chooser.choose(code, self._days, span.level, self._preferred)
        if code is None or choice is None:
            return None
        if self._in_call and (choice.code is None or (choice.is_ambiguous and self._refuses)):
            raise Undecidable(code, choice)
        if choice.is_ambiguous:
            self._notes.ambiguous[code] = choice.code or ""
        if choice.code is None:
            return None
        self.seen.add(code)
        if choice.code == code:
            return None
        if self._in_call:
            self._notes.converted[code] = choice.code
        return written_like(choice.code, text, is_bare=span.is_bare).encode("ascii")
