"""Recorded calls come out of every kind of file as they were asked."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from gateway.replaying.call import RecordedCall
from gateway.replaying.recordings import Recording, write_own
from redirects.traffic.opening import LogError


def har(*requests: Any) -> str:
    return json.dumps(
        {"log": {"version": "1.2", "entries": [{"request": r} for r in requests]}}, indent=2
    )


def test_a_har_tells_method_host_headers_and_body(tmp_path: Path) -> None:
    path = tmp_path / "calls.har"
    path.write_text(
        har(
            {
                "method": "GET",
                "url": "http://Old.test:81/a%2Fb|%7e?q=1&r#x",
                "headers": [{"name": "Accept", "value": "*/*"}],
            },
            {"method": "post", "url": "https://old.test", "postData": {"text": "đ"}},
            {
                "url": "https://old.test?x=1",
                "postData": {"text": base64.b64encode(b"\0").decode(), "encoding": "base64"},
            },
        )
    )
    assert list(Recording(path)) == [
        RecordedCall("entry 1", "GET", "old.test", b"/a%2Fb|%7e?q=1&r", (("Accept", "*/*"),)),
        RecordedCall("entry 2", "POST", "old.test", b"/", (), "đ".encode()),
        RecordedCall("entry 3", "GET", "old.test", b"/?x=1", (), b"\0"),
    ]


def test_an_entry_that_is_no_call_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "calls.har"
    path.write_text(har({"url": "data:x"}, 5, {}, {"url": "http://a.test/", "headers": [1]}))
    recording = Recording(path)
    assert list(recording) == []
    assert recording.unreadable == 4


@pytest.mark.parametrize("text", ['{"log": 1}', '{"log": {"entries": 1}}', '{"log": '])
def test_a_broken_har_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "calls.har"
    path.write_text(text)
    with pytest.raises(LogError, match="calls"):
        list(Recording(path))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="nowhere"):
        list(Recording(tmp_path / "nowhere"))


@pytest.mark.parametrize("packed", [False, True])
def test_an_access_log_tells_what_was_asked(tmp_path: Path, packed: bool) -> None:  # noqa: FBT001 - a table's column
    text = (
        b'1.2.3.4 - - [01/Jul/2025:00:00:01 +0700] "GET /api/a%2Fb?x=%C4%91 HTTP/1.1" 200 5\n'
        b'1.2.3.4 - - [01/Jul/2025:00:00:01 +0700] "OPTIONS * HTTP/1.1" 200 5\n'
        b"rubbish\n"
        b'1.2.3.4 - - [01/Jul/2025:00:00:02 +0700] "POST http://old.test/api/b HTTP/1.1" 500 5\n'
        b"rubbish\n"
    )
    path = tmp_path / "access.log"
    path.write_bytes(gzip.compress(text) if packed else text)
    recording = Recording(path)
    assert list(recording) == [
        RecordedCall("line 1", "GET", None, b"/api/a%2Fb?x=%C4%91"),
        RecordedCall("line 4", "POST", "old.test", b"/api/b"),
    ]
    assert recording.unreadable == 2


def test_our_own_recording_comes_back_as_it_was_written(tmp_path: Path) -> None:
    calls = [
        RecordedCall("line 1", "GET", "old.test", b"/a%2Fb?\xc3\x91", (("accept", "*/*"),)),
        RecordedCall("line 2", "HEAD", "old.test", b"/", ()),
    ]
    path = tmp_path / "own.jsonl"
    broken = (
        b'{"call": {"method": "GET", "host": "a", "target": "x", "headers": []}}\n{"call": 1}\n[]\n'
    )
    path.write_bytes(b"".join(map(write_own, calls)) + broken)
    recording = Recording(path)
    assert list(recording) == calls
    assert recording.unreadable == 3


def test_the_same_question_is_known_again() -> None:
    one = RecordedCall("line 1", "GET", "a", b"/", (("a", "1"), ("b", "2")))
    assert one.digest == RecordedCall("line 9", "GET", "a", b"/", (("b", "2"), ("a", "1"))).digest
    assert one.digest != RecordedCall("line 1", "GET", "a", b"/", (("a", "1"),)).digest
