"""A form: what an editor posted, read within bounds and held as plain text."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.requests import Request

MOST_BYTES = 1_000_000
MOST_FIELDS = 5_000
LONGEST_ID = 18
"""Digits of the largest id: one more may not fit into 64 bits."""


class FormError(Exception):
    """A body that is not a form we read; `status` is the answer it deserves."""

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


def row_id(text: str) -> int | None:
    """Read a row's id; None for anything else, and for a number no database could hold."""
    is_id = text.isascii() and text.isdecimal() and len(text) <= LONGEST_ID
    return int(text) if is_id else None


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form, in the order they were sent; a name may come more than once."""

    fields: tuple[tuple[str, str], ...] = field(default=())

    def one(self, name: str, default: str = "") -> str:
        """The first value of `name`, without surrounding blanks."""
        return next((value.strip() for key, value in self.fields if key == name), default)

    def all(self, name: str) -> list[str]:
        """Every value of `name`."""
        return [value for key, value in self.fields if key == name]

    def ids(self, name: str) -> list[int]:
        """Every value of `name` that is a row's id."""
        return [number for value in self.all(name) if (number := row_id(value)) is not None]

    def number(self, name: str) -> int | None:
        """The first value of `name` if it is a row's id or a count."""
        return row_id(self.one(name))


async def read_form(request: Request) -> Form:
    """Read an urlencoded body. Raises FormError for another type, size or number of fields."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise FormError(f"a form of more than {MOST_BYTES} bytes", status=413)
    if not body:
        return Form()
    if kind != "application/x-www-form-urlencoded":
        raise FormError(f"a form of type {kind!r}", status=415)
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except (ValueError, UnicodeDecodeError) as error:
        raise FormError(f"a form that cannot be read: {error}", status=400) from error
    return Form(tuple(pairs))
