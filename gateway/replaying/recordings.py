"""Recorded calls out of a file: HAR of a browser, our own recordings, or any access log.

Its beginning tells what kind it is. The text of a line that cannot be read is never shown: it may
have somebody's address in it.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gateway.replaying.call import RecordedCall
from redirects.traffic.opening import LogError, lines_of
from redirects.traffic.reading import LogReading, split_host
from redirects.traffic.sifting import Sieve
from redirects.url import parse_url

MOST_HAR_BYTES = 512 * 1024 * 1024

_HAR = re.compile(rb'\s*\{\s*"log"\s*:')
_OWN = re.compile(rb'\s*\{"call"\s*:')
_START = 4096  # bytes that are looked at to tell what a file is
_UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, RecursionError)


class Recording:
    """The calls of one file: iterate over it, then look at `unreadable`."""

    def __init__(self, path: Path) -> None:
        self.unreadable = 0
        self._path = path

    def __iter__(self) -> Iterator[RecordedCall]:
        """Give the calls in their order. Raises LogError."""
        start = self._start()
        if _HAR.match(start):
            return self._of_har()
        return self._own() if _OWN.match(start) else self._of_log()

    def _start(self) -> bytes:
        start = b""
        for line in lines_of(self._path):
            start += line
            if len(start) >= _START:
                break
        return start

    def _of_har(self) -> Iterator[RecordedCall]:
        for number, entry in enumerate(_entries(self._path), start=1):
            try:
                call = _call_of(entry["request"], f"entry {number}")
            except _UNREADABLE:
                self.unreadable += 1
            else:
                yield call

    def _own(self) -> Iterator[RecordedCall]:
        for number, line in enumerate(lines_of(self._path), start=1):
            try:
                call = read_own(line, f"line {number}")
            except _UNREADABLE:
                self.unreadable += 1
            else:
                yield call

    def _of_log(self) -> Iterator[RecordedCall]:
        reading = LogReading(self._path, Sieve(()))
        for asked in reading.asked():
            self.unreadable = reading.report.unreadable
            host, target = split_host(asked)
            if target.startswith(b"/"):
                yield RecordedCall(f"line {reading.report.lines}", asked.method, host, target)
        self.unreadable = reading.report.unreadable


def read_own(line: bytes, place: str) -> RecordedCall:
    """Read a line of a recording; raises KeyError, TypeError or ValueError for anything else."""
    call = json.loads(line)["call"]
    target = call["target"].encode("latin-1")
    if not target.startswith(b"/"):
        raise ValueError("no path")
    return RecordedCall(
        place=place,
        method=_method(call["method"]),
        host=str(call["host"]),
        target=target,
        headers=tuple((str(name), str(value)) for name, value in call["headers"]),
    )


def write_own(call: RecordedCall) -> bytes:
    """Write a call without a body as a line of a recording."""
    values = {
        "method": call.method,
        "host": call.host or "",
        "target": call.target.decode("latin-1"),
        "headers": call.headers,
    }
    return json.dumps({"call": values}).encode() + b"\n"


def _entries(path: Path) -> list[Any]:
    try:
        if path.stat().st_size > MOST_HAR_BYTES:
            raise LogError(f"{path}: a HAR of more than {MOST_HAR_BYTES} bytes")
        entries = json.loads(path.read_bytes())["log"]["entries"]
    except (OSError, *_UNREADABLE) as error:
        raise LogError(f"{path}: cannot be read as HAR") from error
    if not isinstance(entries, list):
        raise LogError(f"{path}: cannot be read as HAR")
    return entries


def _method(value: object) -> str:
    method = str(value)
    if not method.isascii():
        raise ValueError("no method")
    return method


def _call_of(request: dict[str, Any], place: str) -> RecordedCall:
    url = str(request["url"])
    host = parse_url(url).host  # raises for what is no address of the web
    rest = url.partition("://")[2]
    authority = re.split(r"[/?#\\]", rest, maxsplit=1)[0]
    target = rest[len(authority) :].partition("#")[0]
    posted = request.get("postData") or {}
    text = str(posted.get("text") or "")
    is_packed = posted.get("encoding") == "base64"
    return RecordedCall(
        place=place,
        method=_method(request.get("method", "GET")).upper(),
        host=host,
        target=(target if target.startswith("/") else "/" + target).encode(),
        headers=tuple(
            (str(each["name"]), str(each["value"])) for each in request.get("headers") or ()
        ),
        body=base64.b64decode(text) if is_packed else text.encode(),
    )
