"""WARC records: the bytes of one record, written and read back (ISO 28500, WARC 1.1).

The frame is our own, some sixty lines, because the archive must keep header bytes as they came
(warcio's writer percent-encodes those that are not ASCII) and at a compression level fit for a
crawl; warcio is the verifier in the tests and in `hopnhat verify`'s documentation.
"""

from __future__ import annotations

import hashlib
import uuid
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

GZIP_LEVEL = 6
_GZIP_WINDOW = zlib.MAX_WBITS | 16

Headers = Sequence[tuple[str, str]]


class WarcError(Exception):
    """Bytes that are not a whole WARC record, and why."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its response, as they went over the wire.

    `payload` has its transfer coding undone and its content coding NOT undone. `address` is the
    IP address that answered. Header text holds the bytes as Latin-1.
    """

    url: str
    captured_at: datetime
    request_head: bytes
    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    payload: bytes
    address: str | None = None


@dataclass(frozen=True, slots=True)
class WarcRecord:
    """One record as read: its own headers (names in lower case) and its block."""

    headers: dict[str, str]
    block: bytes

    @property
    def kind(self) -> str:
        """Its WARC-Type: warcinfo, request, response."""
        return self.headers.get("warc-type", "")

    @property
    def url(self) -> str:
        """The address it is about; empty for a warcinfo record."""
        return self.headers.get("warc-target-uri", "")

    @property
    def captured_at(self) -> datetime:
        """Its WARC-Date; raises WarcError when there is none."""
        stated = self.headers.get("warc-date", "")
        try:
            return datetime.fromisoformat(stated).astimezone(UTC)
        except ValueError as error:
            raise WarcError(f"{stated!r} is not a WARC-Date") from error

    @property
    def digest_holds(self) -> bool:
        """Say whether block and payload still have the digests that were written with them."""
        stated = self.headers.get("warc-block-digest")
        if stated is not None and stated != digest_of(self.block):
            return False
        stated = self.headers.get("warc-payload-digest")
        return stated is None or stated == digest_of(self.block.partition(b"\r\n\r\n")[2])


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A response block taken apart: content coding still on."""

    status: int
    headers: tuple[tuple[str, str], ...]
    payload: bytes


def digest_of(data: bytes) -> str:
    """Return "sha256:<hex>"; WARC 1.1 (5.8) leaves the algorithm to us and names it beside it."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def info_record(file: str, *, made_at: datetime) -> bytes:
    """Return the record that opens a file and says what wrote it."""
    block = b"software: hopnhat\r\nformat: WARC File Format 1.1\r\n"
    return _member(
        [
            ("WARC-Type", "warcinfo"),
            ("WARC-Record-ID", _record_id()),
            ("WARC-Filename", file),
            ("WARC-Date", _date(made_at)),
            ("WARC-Block-Digest", digest_of(block)),
            ("Content-Type", "application/warc-fields"),
        ],
        block,
    )


def exchange_records(exchange: Exchange) -> tuple[bytes, bytes]:
    """Return the response record and the request record that goes with it, each a gzip member."""
    response_id = _record_id()
    about = [
        ("WARC-Target-URI", exchange.url),
        ("WARC-Date", _date(exchange.captured_at)),
    ]
    if exchange.address is not None:
        about.append(("WARC-IP-Address", exchange.address))
    response_block = _response_head(exchange) + exchange.payload
    response = _member(
        [
            ("WARC-Type", "response"),
            ("WARC-Record-ID", response_id),
            *about,
            ("WARC-Payload-Digest", digest_of(exchange.payload)),
            ("WARC-Block-Digest", digest_of(response_block)),
            ("Content-Type", "application/http; msgtype=response"),
        ],
        response_block,
    )
    request_block = exchange.request_head.rstrip(b"\r\n") + b"\r\n\r\n"
    request = _member(
        [
            ("WARC-Type", "request"),
            ("WARC-Record-ID", _record_id()),
            *about,
            ("WARC-Concurrent-To", response_id),
            ("WARC-Block-Digest", digest_of(request_block)),
            ("Content-Type", "application/http; msgtype=request"),
        ],
        request_block,
    )
    return response, request


def parse_record(content: bytes) -> WarcRecord:
    """Read one record; raises WarcError when its frame is broken."""
    head, separator, rest = content.partition(b"\r\n\r\n")
    version, _, lines = head.partition(b"\r\n")
    if not version.startswith(b"WARC/1.") or not separator:
        raise WarcError("no WARC record starts here")
    headers = {}
    for line in lines.decode("utf-8", "replace").split("\r\n"):
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    length = headers.get("content-length", "")
    if not length.isdecimal() or rest[int(length) :] != b"\r\n\r\n":
        raise WarcError("its Content-Length is not the length of its block")
    return WarcRecord(headers, rest[: int(length)])


def parse_response(block: bytes) -> HttpResponse:
    """Take a response block apart; raises WarcError for what is not an HTTP response."""
    head, _, payload = block.partition(b"\r\n\r\n")
    status_line, *lines = head.decode("latin-1").split("\r\n")
    parts = status_line.split(" ", 2)
    if not parts[0].startswith("HTTP/") or len(parts) == 1 or not parts[1].isdecimal():
        raise WarcError("its block is not an HTTP response")
    headers = tuple(
        (name, value.strip()) for name, _, value in (line.partition(":") for line in lines)
    )
    return HttpResponse(int(parts[1]), headers, payload)


def _member(headers: Headers, block: bytes) -> bytes:
    lines = [f"{name}: {value}" for name, value in headers]
    if any("\n" in line or "\r" in line for line in lines):
        raise WarcError("a line break inside a header")
    head = "\r\n".join(["WARC/1.1", *lines, f"Content-Length: {len(block)}", "", ""])
    deflater = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, _GZIP_WINDOW)
    return (
        deflater.compress(head.encode())
        + deflater.compress(block)
        + deflater.compress(b"\r\n\r\n")
        + deflater.flush()
    )


def _response_head(exchange: Exchange) -> bytes:
    lines = [f"HTTP/1.1 {exchange.status} {exchange.reason}".rstrip()]
    for name, value in exchange.headers:
        # The payload is kept without its chunks, so the header that announced them would lie:
        # it is kept under another name, as Browsertrix and other crawlers do.
        chunked = name.lower() == "transfer-encoding"
        lines.append(f"{'X-Orig-Transfer-Encoding' if chunked else name}: {value}")
    text = "\r\n".join([*lines, "", ""])
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode()


def _record_id() -> str:
    return f"<urn:uuid:{uuid.uuid4()}>"


def _date(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
