"""The world is a function of seed and scale, its text is whole, and its cases are fair."""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.__main__ import main
from demo.charsets import to_tcvn3, to_windows_1258
from demo.liferay import slug_of
from demo.logs import access_log
from demo.server import create_app
from demo.web import Request
from demo.world import build_world

if TYPE_CHECKING:
    from pathlib import Path

    from demo.world import World

LETTERS = "aàáảãạăằắẳẵặâầấẩẫậeèéẻẽẹêềếểễệiìíỉĩịoòóỏõọôồốổỗộơờớởỡợuùúủũụưừứửữựyỳýỷỹỵđ"


def digest(world: World) -> str:
    """Of every truth and of the bytes under every address."""
    app = create_app(world)
    total = hashlib.sha256()
    for truth in world.truths:
        parts = urlsplit(truth.url)
        host = parts.hostname or ""
        reply = app.portals[host].answer(Request("GET", host, parts.path, parts.query))
        total.update(repr((truth.url, truth.title, truth.text, reply.headers)).encode())
        total.update(reply.body)
    for case in (*world.old_url_cases, *world.search_cases, *world.api_cases):
        total.update(repr(case).encode())
    return total.hexdigest()


def test_the_same_seed_gives_the_same_bytes_and_another_gives_others(world: World) -> None:
    assert digest(build_world()) == digest(world)
    assert digest(build_world(seed=7)) != digest(world)


def test_scale_multiplies_the_pages(world: World) -> None:
    def documents(of: World) -> int:
        return sum(truth.expected == "document" for truth in of.truths)

    assert 2.5 < documents(build_world(scale=3)) / documents(world) <= 3.1


def test_no_slot_is_left_open_and_text_is_composed(world: World) -> None:
    for truth in world.truths:
        assert "{" not in truth.title + truth.text
        assert unicodedata.is_normalized("NFC", truth.text)
        if truth.expected == "document":
            assert len(truth.text) > 150
            assert truth.published is not None


def test_titles_are_unique_but_for_the_planted_ones(world: World) -> None:
    counts = Counter(t.title for t in world.truths if t.expected == "document")
    assert {title for title, count in counts.items() if count > 1} == {
        "Thông báo lịch tiếp công dân định kỳ"
    }


def test_documents_differ_and_near_duplicates_do_not(world: World) -> None:
    documents = [
        t for t in world.truths if t.expected == "document" and "huge-page" not in t.hazards
    ]  # fmt: skip
    phrases = {t.url: five_words(t.text) for t in world.truths if t.text}
    for i, one in enumerate(documents):
        for other in documents[:i]:
            if one.kind == other.kind:
                assert likeness(phrases[one.url], phrases[other.url]) < 0.7, (one.url, other.url)
    for copy in world.truths:
        if "near-duplicate" in copy.hazards and copy.duplicate_of:
            assert likeness(phrases[copy.url], phrases[copy.duplicate_of]) > 0.8


def likeness(one: set[tuple[str, ...]], other: set[tuple[str, ...]]) -> float:
    return len(one & other) / len(one | other)


def five_words(text: str) -> set[tuple[str, ...]]:
    words = text.split()
    return {tuple(words[i : i + 5]) for i in range(len(words) - 4)}


def test_every_form_of_old_address_and_of_query_is_asked_for(world: World) -> None:
    assert {case.form for case in world.old_url_cases} == {
        "main", "https", "alias", "jsessionid", "phpsessid", "tracking", "slash", "asset-publisher",
        "portlet", "case", "return-url", "parameters", "display-form", "friendly", "nfd",
    }  # fmt: skip
    assert {case.form for case in world.search_cases} == {
        "marks", "bare", "nfd", "number", "old-unit"
    }  # fmt: skip


def test_a_query_names_a_title_that_exists(world: World) -> None:
    titles = {truth.title for truth in world.truths}
    assert all(case.title in titles for case in world.search_cases)


@given(
    st.sampled_from(["www.haiduong", "haiphong", "gialoc.haiduong", "bay.haiduong"]),
    st.text(max_size=40),
    st.text(max_size=40),
    st.sampled_from(["", "/api/vanban", "/index.php", "/bai-viet/", "/lich/0000/1", "/documents/"]),
)
def test_no_request_whatever_makes_an_old_server_fail(
    world: World, name: str, path: str, query: str, start: str
) -> None:
    host = f"{name}.gov.vn.localhost"
    request = Request("GET", host, quote(f"{start}/{path}"), query)
    assert create_app(world).portals[host].answer(request).status in (200, 302, 404)


@given(st.text(alphabet=LETTERS + LETTERS.upper() + " 0123456789-/.,"))
def test_windows_1258_decodes_to_the_text_it_came_from(text: str) -> None:
    text = unicodedata.normalize("NFC", text)
    assert unicodedata.normalize("NFC", to_windows_1258(text).decode("cp1258")) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("tỉnh hải dương", "tØnh h¶i d\u00ad¬ng"),
        ("cộng hoà xã hội", "céng hoµ x· héi"),
        ("Đường Ăn Ơn Ư", "§\u00adêng ¡n ¥n ¦"),
        ("Ủy ban", '<font face=".VnTimeH">ñ</font>y ban'),
        ("HUYỆN GIA LỘC", '<font face=".VnTimeH">huyÖn</font> GIA <font face=".VnTimeH">léc</font>'),
        ("<title>Ủy ban</title>", "<title>ñy ban</title>"),
    ],
)  # fmt: skip
def test_tcvn3_is_what_old_fonts_expect(text: str, shown: str) -> None:
    assert to_tcvn3(text).decode("iso-8859-1") == shown


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Danh sách đạt chuẩn", "danh-sach-at-chuan"),
        ("Lao động - Việc làm", "lao-ong-viec-lam"),
        ("Đắk Lắk", "ak-lak"),
    ],
)
def test_liferay_slugs_lose_the_letter_d_with_a_stroke(title: str, slug: str) -> None:
    assert slug_of(title) == slug


def test_apache_logs_are_combined_lines_of_the_last_days(world: World) -> None:
    lines = list(access_log(world, "haiduong", visits_a_day=50))
    assert len(lines) >= 150
    assert all('"GET /' in line and "/Jun/2025:" in line for line in lines)
    assert lines == list(access_log(world, "haiduong", visits_a_day=50))


def test_the_citys_log_is_w3c_in_universal_time(world: World) -> None:
    lines = list(access_log(world, "haiphong", visits_a_day=50))
    fields = next(line for line in lines if line.startswith("#Fields:")).split()[1:]
    rows = [line.split(" ") for line in lines if not line.startswith("#")]
    assert all(len(row) == len(fields) for row in rows)


@pytest.mark.parametrize("site", ["haiduong", "haiphong", "gialoc"])
def test_orphans_are_visited(world: World, site: str) -> None:
    log = "\n".join(access_log(world, site))
    orphans = [t for t in world.truths if t.site == site and not t.linked and t.title]
    documents = [t for t in orphans if t.expected == "document"]
    assert documents
    for truth in documents:
        path = urlsplit(truth.url).path
        assert path in log


def test_the_command_lists_addresses_and_writes_logs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--list"]) == 0
    assert "http://haiphong.gov.vn.localhost/" in capsys.readouterr().out
    assert main(["--logs", str(tmp_path)]) == 0
    assert len(list(tmp_path.iterdir())) == 3


def test_an_unknown_host_is_misdirected(fetch) -> None:  # noqa: ANN001 - the fixture's type is spelled in conftest
    assert fetch("http://khac.localhost/").status_code == 421
