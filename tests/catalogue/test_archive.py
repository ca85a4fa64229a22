"""The archive: what goes in comes out, whoever reads it; what is broken is named."""

from __future__ import annotations

import gzip
import subprocess
import sys
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from catalogue.archive import Archive, ArchiveError
from catalogue.coding import CodingError, undo_codings
from catalogue.warc import Exchange, WarcError, exchange_records, parse_record, parse_response
from tests.catalogue.worlds import NOW

PAGE = "<h1>Hải Dương</h1>".encode()
EXCHANGE = Exchange(
    url="http://haiduong.gov.vn/a",
    captured_at=NOW,
    request_head=b"GET /a HTTP/1.1\r\nHost: haiduong.gov.vn\r\n\r\n",
    status=200,
    reason="OK",
    headers=(("Content-Type", "text/html"), ("X-Tên".encode().decode("latin-1"), "Ð\x91")),
    payload=PAGE,
    address="127.0.0.1",
)


def _gzip(payload: bytes) -> bytes:
    """Pack without the time: parameters of tests are their names, the same in every process."""
    return gzip.compress(payload, mtime=0)


def encoded(coding: str, payload: bytes) -> Exchange:
    return replace(EXCHANGE, headers=(("content-encoding", coding),), payload=payload)


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "archive")


def test_a_response_comes_back_as_it_was_sent(archive: Archive) -> None:
    with archive.writer("haiduong") as writer:
        first = writer.add(EXCHANGE)
        second = writer.add(replace(EXCHANGE, url="http://haiduong.gov.vn/b", payload=b""))
    read = archive.read(first.file, first.offset)
    assert (read.url, read.captured_at, read.status) == (EXCHANGE.url, NOW, 200)
    assert (read.headers, read.payload) == (EXCHANGE.headers, PAGE)
    assert archive.read(second.file, second.offset).payload == b""
    assert (first.length, first.digest[:7]) == (len(PAGE), "sha256:")


def test_warcio_finds_no_fault_in_what_we_write(archive: Archive) -> None:
    chunked = (("Transfer-Encoding", "chunked"), ("Content-Encoding", "gzip"))
    with archive.writer("haiduong") as writer:
        writer.add(EXCHANGE)
        writer.add(replace(EXCHANGE, headers=chunked, payload=gzip.compress(PAGE)))
        placed = writer.add(replace(EXCHANGE, reason="", status=404, address=None))
    path = archive.directory / placed.file
    check = subprocess.run(
        [sys.executable, "-m", "warcio.cli", "check", "-v", path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (check.returncode, check.stdout.count("digest pass")) == (0, 7), check.stdout
    with path.open("rb") as stream:
        records = list(ArchiveIterator(stream))
    kinds = [record.rec_type for record in records]
    assert kinds == ["warcinfo", *["response", "request"] * 3]
    response, request = records[3], records[4]
    response_id = response.rec_headers.get_header("WARC-Record-ID")
    assert request.rec_headers.get_header("WARC-Concurrent-To") == response_id
    assert response.http_headers.get_header("Transfer-Encoding") is None
    assert response.http_headers.get_header("X-Orig-Transfer-Encoding") == "chunked"
    assert request.http_headers.get_header("Host") == "haiduong.gov.vn"


@pytest.mark.parametrize(
    ("coding", "payload"),
    [
        ("gzip", _gzip(PAGE)),
        ("x-gzip", _gzip(PAGE[:4]) + _gzip(PAGE[4:])),
        ("gzip", _gzip(PAGE) + b"\0" * 9),
        ("deflate", zlib.compress(PAGE)),
        ("deflate", zlib.compress(PAGE)[2:-4]),
        ("zstd", zstandard.compress(PAGE)),
        ("gzip, identity", _gzip(PAGE)),
        ("gzip", PAGE),  # old servers claim gzip and send it plain
        ("deflate, gzip", _gzip(zlib.compress(PAGE))),
        ("", PAGE),
    ],
)
def test_every_content_coding_is_undone(archive: Archive, coding: str, payload: bytes) -> None:
    with archive.writer("haiduong") as writer:
        placed = writer.add(encoded(coding, payload))
    assert archive.read(placed.file, placed.offset).payload == PAGE


@pytest.mark.parametrize(
    ("coding", "payload", "complaint"),
    [
        ("gzip", b"\x1f\x8b\x08<html>", "broken data"),
        ("deflate", b"\xff" * 9, "broken data"),
        ("zstd", b"<html>", "broken data"),
        ("br", b"\x8b", "'br' is not read here"),
        ("gzip", _gzip(b"0" * 2_000), "more than 1000 bytes"),
        ("zstd", zstandard.compress(b"0" * 2_000), "more than 1000 bytes"),
    ],
)
def test_a_payload_that_cannot_be_decoded_is_named_with_its_place(
    archive: Archive, coding: str, payload: bytes, complaint: str
) -> None:
    with archive.writer("haiduong") as writer:
        writer.add(EXCHANGE)
        placed = writer.add(encoded(coding, payload))
    small = Archive(archive.directory, read_limit=1_000)
    with pytest.raises(ArchiveError, match=rf"00001.warc.gz at {placed.offset}: .*{complaint}"):
        small.read(placed.file, placed.offset)


def test_a_stream_that_ended_early_gives_what_it_held() -> None:
    payload = gzip.compress(b"abc" * 1_000)[:-12]
    assert undo_codings(payload, "gzip", limit=9_999).startswith(b"abc")
    assert undo_codings(b"", "gzip", limit=9) == b""


@given(st.binary(max_size=300))
def test_undoing_never_answers_with_more_than_was_agreed(payload: bytes) -> None:
    packed = gzip.compress(payload)
    if len(payload) <= 100:
        assert undo_codings(packed, "gzip", limit=100) == payload
    else:
        with pytest.raises(CodingError):
            undo_codings(packed, "gzip", limit=100)


def test_a_record_longer_than_the_limit_is_refused(archive: Archive) -> None:
    with archive.writer("haiduong") as writer:
        placed = writer.add(replace(EXCHANGE, payload=b"0" * 5_000))
    with pytest.raises(ArchiveError, match="longer than 1000 bytes"):
        Archive(archive.directory, read_limit=1_000).read(placed.file, placed.offset)


def test_what_is_not_there_is_named(archive: Archive) -> None:
    with archive.writer("haiduong") as writer:
        placed = writer.add(EXCHANGE)
    with pytest.raises(ArchiveError, match=r"at 3: not a gzip member"):
        archive.read(placed.file, 3)
    with pytest.raises(ArchiveError, match=r"at 999999: torn"):
        archive.read(placed.file, 999_999)
    with pytest.raises(ArchiveError, match=r"none.warc.gz: No such file"):
        archive.read("haiduong/none.warc.gz", 0)
    with pytest.raises(ArchiveError, match="outside the archive"):
        archive.read("../../etc/passwd", 0)
    with pytest.raises(ArchiveError, match="its block is not an HTTP response"):
        archive.read(placed.file, 0)
    with pytest.raises(ArchiveError, match="cannot name a directory"):
        archive.writer("../haiduong")


def test_a_second_writer_of_the_same_site_is_refused(archive: Archive) -> None:
    with archive.writer("haiduong"):
        with (
            pytest.raises(ArchiveError, match="another writer is at work"),
            archive.writer("haiduong"),
        ):
            pass
        with archive.writer("gialoc") as other:
            other.add(EXCHANGE)
    assert archive.files() == [
        "gialoc/gialoc-00001.warc.gz",
        "haiduong/haiduong-00001.warc.gz",
    ]
    assert archive.files("gialoc") == ["gialoc/gialoc-00001.warc.gz"]


def test_a_full_file_is_followed_by_the_next(archive: Archive) -> None:
    with archive.writer("haiduong", rotate_at=10) as writer:
        placed = [writer.add(EXCHANGE) for _ in range(2)]
    with archive.writer("haiduong", rotate_at=10) as writer:
        placed.append(writer.add(EXCHANGE))
    assert [each.file[-13:-8] for each in placed] == ["00001", "00002", "00003"]
    assert {archive.read(each.file, each.offset).payload for each in placed} == {PAGE}


def test_a_torn_tail_is_cut_to_the_last_whole_record_wherever_it_tore(archive: Archive) -> None:
    with archive.writer("haiduong") as writer:
        first, second = writer.add(EXCHANGE), writer.add(EXCHANGE)
    path = archive.directory / first.file
    whole = path.read_bytes()
    starts = [each.offset for each in archive.records(first.file)] + [len(whole)]
    for cut in range(0, len(whole) + 1, 7):
        path.write_bytes(whole[:cut])
        with archive.writer("haiduong"):
            pass
        assert path.stat().st_size == max(start for start in starts if start <= cut)
    path.write_bytes(whole[:-5])
    with archive.writer("haiduong") as writer:
        third = writer.add(EXCHANGE)
    kinds = [each.record.kind for each in archive.records(first.file)]
    assert kinds == ["warcinfo", "response", "request", "response", "response", "request"]
    assert {archive.read(each.file, each.offset).payload for each in (first, second, third)} == {
        PAGE
    }


@pytest.mark.parametrize(
    "tail", [b"\0" * 5_000, b"\x1f\x8b\x08" * 500, _gzip(b"no record"), b"x" * 1_200_000]
)
def test_a_tail_that_is_no_record_is_cut(archive: Archive, tail: bytes) -> None:
    with archive.writer("haiduong") as writer:
        placed = writer.add(EXCHANGE)
    path = archive.directory / placed.file
    whole = path.read_bytes()
    path.write_bytes(whole + tail)
    with archive.writer("haiduong"):
        pass
    assert path.read_bytes() == whole


def test_a_torn_record_is_named_when_a_file_is_walked(archive: Archive) -> None:
    with archive.writer("haiduong") as writer:
        placed = writer.add(EXCHANGE)
    path = archive.directory / placed.file
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(ArchiveError, match="torn: the file ends inside the record"):
        list(archive.records(placed.file))


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "archive").write_text("a file")
    with (
        pytest.raises(ArchiveError, match="haiduong: Not a directory"),
        Archive(tmp_path / "archive").writer("haiduong"),
    ):
        pass


def test_a_file_that_cannot_be_followed_stays_the_one_that_is_written(archive: Archive) -> None:
    in_the_way = archive.directory / "haiduong" / "haiduong-00002.warc.gz"
    with archive.writer("haiduong", rotate_at=10) as writer:
        placed = writer.add(EXCHANGE)
        in_the_way.mkdir()
        with pytest.raises(ArchiveError, match=r"00001.warc.gz: no file can follow it: Is a dir"):
            writer.add(EXCHANGE)
        in_the_way.rmdir()
        assert writer.add(EXCHANGE).file.endswith("00002.warc.gz")
    assert archive.read(placed.file, placed.offset).payload == PAGE


def test_a_file_that_cannot_be_opened_is_named_and_the_site_is_free_again(
    archive: Archive,
) -> None:
    in_the_way = archive.directory / "haiduong" / "haiduong-00001.warc.gz"
    in_the_way.mkdir(parents=True)
    for _ in range(2):
        with pytest.raises(ArchiveError, match="Is a directory"), archive.writer("haiduong"):
            pass


def test_a_record_without_its_date_is_named(archive: Archive) -> None:
    block = b"HTTP/1.1 200 OK\r\n\r\nabc"
    record = b"WARC/1.1\r\nContent-Length: %d\r\n\r\n%s\r\n\r\n" % (len(block), block)
    archive.directory.mkdir()
    (archive.directory / "x.warc.gz").write_bytes(gzip.compress(record))
    with pytest.raises(ArchiveError, match=r"x.warc.gz at 0: '' is not a WARC-Date"):
        archive.read("x.warc.gz", 0)


def test_records_are_walked_with_their_places_and_digests(archive: Archive) -> None:
    with archive.writer("haiduong") as writer:
        placed = [writer.add(EXCHANGE), writer.add(EXCHANGE)]
    records = list(archive.records(placed[0].file))
    assert [each.record.kind for each in records] == [
        "warcinfo",
        *["response", "request"] * 2,
    ]
    assert [each.offset for each in records if each.record.kind == "response"] == [
        each.offset for each in placed
    ]
    assert all(each.record.digest_holds for each in records)
    assert records[-1].offset + records[-1].length == (
        (archive.directory / placed[0].file).stat().st_size
    )


def test_a_changed_byte_breaks_a_digest() -> None:
    response, _ = exchange_records(EXCHANGE)
    content = gzip.decompress(response)
    assert parse_record(content).digest_holds
    assert not parse_record(content.replace("Hải".encode(), "Hại".encode())).digest_holds


def test_a_wrong_payload_digest_is_seen_without_a_block_digest() -> None:
    block = b"HTTP/1.1 200 OK\r\n\r\nabc"
    content = (
        b"WARC/1.1\r\nWARC-Payload-Digest: sha256:00\r\nContent-Length: %d\r\n\r\n" % len(block)
        + block
        + b"\r\n\r\n"
    )
    assert not parse_record(content).digest_holds


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"<html>", "no WARC record"),
        (b"WARC/1.1\r\n\r\nabc\r\n\r\n", "Content-Length"),
        (b"WARC/1.1\r\nContent-Length: 2\r\n\r\nabc\r\n\r\n", "Content-Length"),
    ],
)
def test_a_broken_frame_is_named(content: bytes, complaint: str) -> None:
    with pytest.raises(WarcError, match=complaint):
        parse_record(content)


@pytest.mark.parametrize("block", [b"", b"SMTP/1 200", b"HTTP/1.1", b"HTTP/1.1 OK\r\n\r\n"])
def test_a_block_that_is_no_response_is_named(block: bytes) -> None:
    with pytest.raises(WarcError, match="not an HTTP response"):
        parse_response(block)


def test_a_line_break_inside_a_header_is_refused(archive: Archive) -> None:
    with archive.writer("haiduong") as writer, pytest.raises(ArchiveError, match="line break"):
        writer.add(replace(EXCHANGE, url="http://haiduong.gov.vn/a\r\nWARC-Type: x"))
