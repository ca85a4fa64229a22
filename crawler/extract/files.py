"""Reading files in a child process with limits of time and memory: a bad file costs only itself."""

from __future__ import annotations

import os
import selectors
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

TIMEOUT = 20.0  # seconds for one file
_PIECE = 65_536
_CHILD = Path(__file__).with_name("file_child.py")
_READ = frozenset(("pdf", "rtf", "doc", "docx", "xlsx", "pptx", "odt", "ods"))


class FileReader:
    """Reads the text of files; use as `with`. The child is started when first needed."""

    def __init__(self, timeout: float = TIMEOUT) -> None:
        """`timeout` is seconds for one file."""
        self._timeout = timeout
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def text_of(self, extension: str, data: bytes) -> str | None:
        """Return the file's text; "" for kinds that have none, None if its reading failed."""
        if extension not in _READ or not data:
            return ""
        child = self._running()
        try:
            return self._exchange(child, extension, data)
        except (OSError, ValueError, TimeoutError):
            self._end()
            return None

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is None or self._child.poll() is not None:
            self._child = subprocess.Popen(  # noqa: S603 - our own file, no shell
                [sys.executable, str(_CHILD)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        return self._child

    def _exchange(self, child: subprocess.Popen[bytes], extension: str, data: bytes) -> str:
        assert child.stdin is not None
        child.stdin.write(f"{extension}\n{len(data)}\n".encode() + data)
        child.stdin.flush()
        deadline = time.monotonic() + self._timeout
        received = b""
        while b"\n" not in received:
            received += self._piece(child, deadline)
        length, _, text = received.partition(b"\n")
        while len(text) < int(length):
            text += self._piece(child, deadline)
        return text.decode("utf-8")

    def _piece(self, child: subprocess.Popen[bytes], deadline: float) -> bytes:
        assert child.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(child.stdout, selectors.EVENT_READ)
            if not selector.select(max(0.0, deadline - time.monotonic())):
                raise TimeoutError("the file takes too long to read")
        piece = os.read(child.stdout.fileno(), _PIECE)
        if not piece:
            raise ValueError("the child died")
        return piece

    def _end(self) -> None:
        if self._child is None:
            return
        self._child.kill()
        self._child.communicate()
        self._child = None
