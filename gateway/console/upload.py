"""An upload: one file beside a few fields, read within bounds, and kept until it is decided on.

A file is tried first and taken afterwards, in two requests. In between it lies in the data
directory under its digest, readable by nobody else, and not for long.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from gateway.console.form import Form, FormError

MOST_BYTES = 20_000_000
"""Of one upload: about 150,000 rows of a table."""

MOST_FIELDS = 20
KEPT_SECONDS = 24 * 3600
KEPT_FILES = 8
_SLACK = 100_000  # for the fields and the boundaries around the file
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as a browser sent it."""

    name: str
    content: bytes


async def read_upload(request: Request) -> tuple[Form, Upload | None]:
    """Read a multipart body: its text fields, and its file where one was chosen.

    Raises FormError for another type, size or number of fields.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data":
        raise FormError(f"an upload of type {kind!r}", status=415)
    parser = MultiPartParser(
        request.headers,
        _bounded(request.stream()),
        max_files=1,
        max_fields=MOST_FIELDS,
        max_part_size=MOST_BYTES,
    )
    try:
        parts = await parser.parse()
    except (MultiPartException, UnicodeDecodeError, KeyError) as error:
        raise FormError(f"a form that cannot be read: {error}", status=400) from error
    fields: list[tuple[str, str]] = []
    upload: Upload | None = None
    try:
        for name, value in parts.multi_items():
            if isinstance(value, str):
                fields.append((name, value))
            elif value.filename:
                upload = Upload(_shown(value.filename), await value.read())
    finally:
        await parts.close()
    return Form(tuple(fields)), upload


async def _bounded(stream: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    size = 0
    async for chunk in stream:
        size += len(chunk)
        if size > MOST_BYTES + _SLACK:
            raise FormError(f"an upload of more than {MOST_BYTES} bytes", status=413)
        yield chunk


def _shown(name: str) -> str:
    """Reduce a file's name to what may be shown: no folder, nothing that does not print."""
    last = re.split(r"[/\\]", name)[-1]
    return "".join(letter for letter in last if letter.isprintable())[:100] or "tep"


class Drawer:
    """Uploads that were tried and wait to be taken."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def put(self, content: bytes, *, now: float) -> str:
        """Keep a file; return the name it is asked for by. Old ones are thrown away."""
        self._directory.mkdir(parents=True, exist_ok=True)
        name = sha256(content).hexdigest()
        path = self._directory / name
        path.touch(mode=0o600)
        path.write_bytes(content)
        self._clear(now)
        return name

    def find(self, name: str) -> bytes | None:
        """Return a file that was put in; None where it is gone, or the name is not one of ours."""
        path = self._directory / name
        return path.read_bytes() if _DIGEST.fullmatch(name) and path.is_file() else None

    def drop(self, name: str) -> None:
        """Throw a file away."""
        if _DIGEST.fullmatch(name):
            (self._directory / name).unlink(missing_ok=True)

    def _clear(self, now: float) -> None:
        newest = sorted(self._directory.iterdir(), key=lambda path: -path.stat().st_mtime)
        for place, path in enumerate(newest):
            if place >= KEPT_FILES or now - path.stat().st_mtime > KEPT_SECONDS:
                path.unlink(missing_ok=True)
