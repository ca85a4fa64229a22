"""Access logs: every format, packed or torn, in constant memory, and nobody's visit left out."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from redirects.mapping import CanonicalUrl
from redirects.site import QueryPolicy, Site
from redirects.traffic import personal
from redirects.traffic.lines import (
    Asked,
    LineError,
    LogFormat,
    format_of,
    read_any_quoted,
    reader_of,
)
from redirects.traffic.opening import LogError
from redirects.traffic.personal import hide_codes, without_codes
from redirects.traffic.reading import LogReading
from redirects.traffic.sifting import NoiseRule, Sieve, shipped_rules

SITE = Site("haiduong", "Hải Dương", "haiduong.gov.vn", ("www.haiduong.gov.vn",))
SECRET = b"bi mat"
SIEVE = Sieve(shipped_rules())
DAY = "[28/Jun/2025:09:00:00 +0700]"
LINES = {
    LogFormat.COMMON: f'1.2.3.4 - - {DAY} "GET /tin?a=1 HTTP/1.1" 200 12',
    LogFormat.COMBINED: f'1.2.3.4 - - {DAY} "GET /tin?a=1 HTTP/1.1" 200 12 "-" "Mozilla"',
    LogFormat.VHOST_COMBINED: f'www.haiduong.gov.vn:80 1.2.3.4 - - {DAY} "GET /tin?a=1 HTTP/1.1" 200 12 "-" "Mozilla"',
    LogFormat.CUSTOM: '2025-06-28T09:00:00+07:00 rt=0.1 "GET /tin?a=1 HTTP/2.0" 200 "up"',
    LogFormat.JSON: '{"ts": 1751076000.5, "status": 200, "request": {"host": "haiduong.gov.vn:443", "method": "GET", "uri": "/tin?a=1", "headers": {"User-Agent": ["Mozilla"]}}}',
    LogFormat.W3C: "#Software: IIS\n#Fields: date time cs-host cs-method cs-uri-stem cs-uri-query sc-status cs(User-Agent)\n2025-06-28 02:00:00 haiduong.gov.vn GET /tin a=1 200 Mozilla/5.0+(X11)",
}


def read(path: Path, sieve: Sieve = SIEVE) -> tuple[list[str], LogReading]:
    reading = LogReading(path, sieve)
    return [key for key, _ in reading.visits(SITE, SECRET)], reading


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "access.log"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize("form", LINES)
def test_each_format_is_told_and_read(tmp_path: Path, form: LogFormat) -> None:
    path = written(tmp_path, LINES[form] + "\n")
    asked = list(LogReading(path, SIEVE).asked())
    keys, reading = read(path)

    assert keys == ["haiduong.gov.vn/tin?a=1"]
    assert reading.report.form is form
    assert [one.on for one in asked] == [date(2025, 6, 28)]
    assert format_of(LINES[form]) is form


@pytest.mark.parametrize(
    "pack",
    [gzip.compress, bz2.compress, lzma.compress, zstandard.compress, lambda data: data],
)
def test_packed_logs_are_read_by_their_first_bytes(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    whole = (LINES[LogFormat.COMMON] + "\n").encode()

    assert read(written(tmp_path, pack(whole) * 2))[0] == ["haiduong.gov.vn/tin?a=1"] * 2


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "utf-16", "cp1258"])
def test_the_charset_of_a_log_does_not_matter(tmp_path: Path, charset: str) -> None:
    line = LINES[LogFormat.COMMON].replace("/tin?a=1", "/đá") + "\n"

    assert read(written(tmp_path, line.encode(charset)))[0] == ["haiduong.gov.vn/đá"]


def test_bytes_and_quotes_that_servers_escape_are_undone(tmp_path: Path) -> None:
    line = LINES[LogFormat.COMBINED].replace("/tin?a=1", '/tin-t\\xe1\\xbb\\xa9c\\"')

    assert read(written(tmp_path, line + "\n"))[0] == ['haiduong.gov.vn/tin-tức"']


def test_iis_may_change_its_columns_within_a_file(tmp_path: Path) -> None:
    text = (
        "#Date: 2025-06-28 01:00:00\n#Fields: time cs-method cs-uri-stem cs-uri-query sc-status\n"
        "01:00:01 GET /Lịch+tuần.aspx - 200\n"
        "#Fields: date time s-ip cs-uri-stem cs-uri-query cs-method sc-status sc-bytes\n"
        "2025-07-01 01:00:02 10.0.0.1 /xem.aspx ItemID=5 GET 304 0\n"
        "2025-07-01 01:00:02 /hong.aspx\n"
    )
    keys, reading = read(written(tmp_path, text))

    assert keys == ["haiduong.gov.vn/lịch%20tuần.aspx", "haiduong.gov.vn/xem.aspx?itemid=5"]
    assert reading.report.shown == [(6, "not as many columns as #Fields names")]


def test_every_line_is_accounted_for_and_a_bad_one_shown_by_its_number(tmp_path: Path) -> None:
    good = LINES[LogFormat.COMBINED]
    lines = [
        good,
        "rác",
        good.replace("GET", "POST"),
        good.replace("/tin?a=1", "/logo.png"),
        good.replace("/tin?a=1", "/tep/ke-hoach.pdf"),
        good.replace("/tin?a=1", "/a/../../etc/passwd"),
        good.replace("/tin?a=1", "/wp-login.php"),
        good.replace(" 200 ", " 404 "),
        good.replace("Mozilla", "Googlebot/2.1"),
        good.replace("/tin?a=1", "http://la.vn/x"),
        good.replace(DAY, "[99/Xxx/2025:09:00:00]"),
        good.replace("/tin?a=1", "/" + "x" * 3_000),
    ]
    keys, reading = read(written(tmp_path, "\n".join(lines) + "\n" + good[:40]))
    report = reading.report

    assert keys == ["haiduong.gov.vn/tin?a=1", "haiduong.gov.vn/tep/ke-hoach.pdf"]
    assert report.dropped == {
        "method": 1,
        "part of a page": 1,
        "scanner's path": 2,
        "status": 1,
        "robot": 1,
        "another host": 1,
        "too long": 1,
    }
    assert report.shown == [(2, "no request"), (11, "no date")]
    assert report.torn
    assert report.lines == report.visits + report.unreadable + sum(report.dropped.values())


def test_an_operator_may_add_rules_and_keep_what_others_drop(tmp_path: Path) -> None:
    path = written(tmp_path, LINES[LogFormat.COMBINED].replace("/tin?a=1", "/ban-do.jpg") + "\n")
    mine = NoiseRule("mine", "path", ("/Ban-Do",))

    assert read(path, Sieve(shipped_rules(), (".JPG",)))[0] == ["haiduong.gov.vn/ban-do.jpg"]
    assert read(path, Sieve([mine]))[1].report.dropped == {"mine": 1}
    assert not Sieve([NoiseRule("none", "agent", ())]).drops_address("/a", b"")


def test_a_log_that_has_grown_is_known_by_its_beginning(tmp_path: Path) -> None:
    line = LINES[LogFormat.COMMON] + "\n"
    first = read(written(tmp_path, line * 2 + line[:20]))[1].report
    restarts: list[int] = []
    reading = LogReading(
        written(tmp_path, line * 3),
        SIEVE,
        known=[(first.length, first.digest), (first.length * 9, "")],
        on_known=lambda: restarts.append(1),
    )

    assert len(list(reading.visits(SITE, SECRET))) == 3  # whoever counts starts again when told
    assert restarts == [1]
    assert reading.report.visits == 1
    assert reading.report.dropped == {"imported before": 2}


def test_codes_of_citizens_files_are_hidden_and_still_count_as_one() -> None:
    for code in ("000.00.19.h47-260105-0001", "h57.132-260804-0583", "030099001234"):
        for address in (f"h.vn/tra-cuu?doccode={code}", f"h.vn/ho-so/{code}", f"h.vn/x?q={code}"):
            key = CanonicalUrl(address)
            hidden = hide_codes(key, SECRET)
            assert code not in hidden
            assert hidden == hide_codes(key, SECRET) != hide_codes(key, b"khac")
    stamp = CanonicalUrl("h.vn/anh-202506281530.pdf")
    assert hide_codes(stamp, SECRET) == stamp
    for address in ("h.vn/202506281530-anh.jpg", "h.vn/tai?tep=202506281530.pdf"):
        assert hide_codes(CanonicalUrl(address), SECRET) == address
    for number in ("345678901234", "202506281530", "202599281530"):
        for address in (f"h.vn/cong-dan/{number}", f"h.vn/x?so={number}&b=1", f"h.vn/{number}/in"):
            assert number not in hide_codes(CanonicalUrl(address), SECRET)
    assert hide_codes(CanonicalUrl("h.vn/1234567890123"), SECRET) == "h.vn/1234567890123"
    assert without_codes("/ho-so/H57.132-260804-0583") == "/ho-so/~"


def test_a_line_is_keyed_as_a_visitor_s_request_is(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        LINES[LogFormat.VHOST_COMBINED].replace("/tin?a=1", "/Tin/Default.aspx?a=1") + "\n",
    )
    site = replace(SITE, index_files=frozenset({"default.aspx"}), query=QueryPolicy("none"))
    assert [key for key, _ in LogReading(path, SIEVE).visits(site, SECRET)] == [
        "haiduong.gov.vn/tin"
    ]
    districts = replace(SITE, host="*.haiduong.gov.vn", aliases=())
    assert [key for key, _ in LogReading(path, SIEVE).visits(districts, SECRET)] == [
        "www.haiduong.gov.vn/tin/default.aspx?a=1"
    ]


def test_a_line_without_a_host_is_nobody_s_where_the_site_has_many(tmp_path: Path) -> None:
    path = written(tmp_path, LINES[LogFormat.COMBINED] + "\n")
    reading = LogReading(path, SIEVE)
    districts = replace(SITE, host="*.haiduong.gov.vn", aliases=())

    assert list(reading.visits(districts, SECRET)) == []
    assert reading.report.dropped == {"no host": 1}


def test_a_packed_log_that_breaks_off_gives_what_was_in_it(tmp_path: Path) -> None:
    packed = gzip.compress((LINES[LogFormat.COMMON] + "\n").encode() * 50_000)

    assert read(written(tmp_path, packed[:-10]))[0]
    with pytest.raises(LogError, match="cannot be read"):
        read(tmp_path / "khong-co.log")
    with pytest.raises(LogError, match=r"access\.log"):
        read(written(tmp_path, packed[:12] + b"\xff" * 99))


def test_a_longer_log_takes_no_more_memory(tmp_path: Path) -> None:
    def peak(lines: int) -> int:
        path = tmp_path / "dai.log"
        with path.open("w") as file:
            for number in range(lines):
                file.write(LINES[LogFormat.COMMON].replace("a=1", f"a={number}") + "\n")
        tracemalloc.start()
        assert sum(1 for _ in LogReading(path, SIEVE).asked()) == lines
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    assert peak(120_000) < 1.3 * peak(30_000)


@pytest.mark.parametrize("line", ['{"a":', "{" * 5_000, '{"status": 1}', '"GET ' * 9_000])
def test_hostile_lines_are_only_counted(tmp_path: Path, line: str) -> None:
    assert read(written(tmp_path, line + "\n"))[1].report.unreadable == 1


@given(st.text(st.sampled_from("H57.132-260804-0583/?=&~a"), max_size=60))
def test_what_is_quickly_ruled_out_holds_no_code(text: str) -> None:
    assert without_codes(text) == personal._CODES.sub("~", text)


PIECES = st.sampled_from(
    [
        "203.0.113.7", "-", "lan", "[28/Jun/2025:09:00:01 +0700]", "[31/Feb/2025:09:00:01 +0700]",
        "[28/Thg/2025:09:00:01 +0700]", '"GET /tin?a=1 HTTP/1.1"', '"get /tin"', '"GET /a b HTTP/1.0"',
        r'"GET /\x22tin\" HTTP/1.1"', "200", "404", "5120", '"-"', '"https://cu.gov.vn/"',
        r'"Mozil\"la"', '"curl/8"', "0.013", "2025-06-28T09:00:01", "",
    ]
)  # fmt: skip


USUAL = st.tuples(
    *(st.sampled_from(one) for one in (
        ("203.0.113.7 - -", "203.0.113.7 - lan", '"x" - -'),
        ("[28/Jun/2025:09:00:01 +0700]", "[31/Feb/2025:09:00:01 +0700]", "[28/Thg/2025:09:00:01]"),
        ('"GET /tin?a=1 HTTP/1.1"', '"get /tin"', '"GET /a b HTTP/1.0"', r'"GET /\x22 HTTP/1.1"'),
        ("200", "404", "2000"),
        ("5120", "-", "1 2"),
        ('"-"', r'"https://cu.gov.vn/\""', ""),
        ('"Mozilla/5.0"', "", "0.013"),
    ))
)  # fmt: skip


@given(st.one_of(st.lists(PIECES, max_size=10), USUAL).map(" ".join))
def test_the_usual_line_is_read_as_any_other(line: str) -> None:
    def told(read: Callable[[str], object]) -> object:
        try:
            return read(line)
        except LineError as error:
            return str(error)

    assert told(reader_of(LogFormat.COMBINED)) == told(read_any_quoted)


def test_the_usual_line_is_told_whole() -> None:
    before = '203.0.113.7 - - [28/Jun/2025:09:00:01 +0700] "get /t%20in HTTP/1.1" 304 -'
    usual = reader_of(LogFormat.COMBINED)
    expected = Asked("GET", b"/t%20in", 304, date(2025, 6, 28), None, "")
    assert usual(before) == read_any_quoted(before) == expected
    assert usual(f'{before} "-" "Mozilla/5.0" 0.1 "-"') == replace(expected, agent="Mozilla/5.0")
