"""What the files for other web servers say, against golden files and against hostile values."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redirects.formats.answers import Export, answers_of
from redirects.formats.apache import write_apache
from redirects.formats.caddy import write_caddy
from redirects.formats.haproxy import write_haproxy
from redirects.formats.json_lines import write_json_lines
from redirects.formats.netlify import write_netlify
from redirects.formats.nginx import write_nginx
from redirects.mapping import CanonicalUrl, Mapping, MappingKind, SplitTarget
from redirects.sites import Sites
from tests.redirects.world import KNOWN, PORTAL, SITES, World

GOLDEN = Path(__file__).parent / "golden"
WRITERS = {
    "nginx": write_nginx,
    "apache": write_apache,
    "haproxy": write_haproxy,
    "caddy": write_caddy,
    "netlify": write_netlify,
}


@pytest.fixture
def table(world: World) -> World:
    world.map("http://haiduong.gov.vn/Tin-Tức/bài-1.html?utm_source=zalo", "doc:7")
    world.map("http://www.haiduong.gov.vn/xem.aspx?id=1", '/lịch;"$a"?b={c}', MappingKind.TEMPORARY)
    world.map("http://haiduong.gov.vn/xem.aspx", "https://dichvucong.gov.vn/:x/*#đầu")
    world.map("http://haiduong.gov.vn/khuyen-mai", kind=MappingKind.GONE, reason="Đã gỡ")
    world.map("http://haiphong.gov.vn/Pages/a.aspx?ItemID=12", "/x y")
    return world


def export(name: str, world: World) -> Export:
    write = WRITERS[name]
    return write(world.mappings, portal=world.portal, sites=world.sites, locate=KNOWN.get)


@pytest.mark.parametrize("name", WRITERS)
def test_the_files_are_the_golden_ones(name: str, table: World) -> None:
    files = export(name, table).files

    expected = {path.name: path.read_bytes() for path in (GOLDEN / name).iterdir()}
    assert files == expected


def test_what_other_servers_cannot_say_is_found_and_left_out(world: World) -> None:
    world.map("http://haiduong.gov.vn/so", kind=MappingKind.SPLIT,
              targets=[SplitTarget("Sở", "/so")])  # fmt: skip
    world.map("http://haiduong.gov.vn/cu", kind=MappingKind.ARCHIVED)
    world.map("http://haiduong.gov.vn/hoi", kind=MappingKind.UNRESOLVED)
    world.map("http://haiphong.gov.vn/tin-tuc/x", "/y")
    world.map("http://haiphong.gov.vn/vong", "/vong")
    world.map("http://haiduong.gov.vn/xa", "https://evil.vn/")
    world.map("http://haiduong.gov.vn/mat", "doc:8")
    world.map("http://la.vn/x", "/y")
    world.map("http://haiduong.gov.vn/hai", "/y")
    world.map("http://haiduong.gov.vn/hai", "/z")
    world.map("http://haiduong.gov.vn/" + "x" * 2000, "/y")
    world.map("http://haiduong.gov.vn/theo", "/y", query="pass")

    told = answers_of(world.mappings, portal=PORTAL, sites=SITES, locate=KNOWN.get)

    assert [answer.location for answer in told.answers] == ["https://haiphong.gov.vn/y"] * 2
    assert sorted(finding.code for finding in told.findings) == sorted(
        ["not-exported"] * 3
        + ["shadowed-by-live", "loop", "foreign-target", "unknown-target", "unknown-host"]
        + ["contradiction", "too-long", "query-not-passed"]
    )


def test_a_list_of_redirects_says_what_it_widens_and_what_it_has_no_words_for(world: World) -> None:
    world.map("http://haiduong.gov.vn/a", "/1")
    world.map("http://haiduong.gov.vn/a?x", "/2")
    world.map("http://haiduong.gov.vn/a?y=1&y=2", "/3")
    world.map("http://haiduong.gov.vn/b", kind=MappingKind.GONE)
    world.map("http://haiduong.gov.vn/c", "/4", query="pass")  # as the host does by itself

    written = export("netlify", world)

    assert sorted((finding.code, finding.where) for finding in written.findings) == [
        ("not-exported", "haiduong.gov.vn/a?x"),
        ("not-exported", "haiduong.gov.vn/a?y=1&y=2"),
        ("not-exported", "haiduong.gov.vn/b"),
        ("wider-than-decided", "haiduong.gov.vn/a"),
    ]


def test_an_address_mapped_before_its_host_was_an_alias_goes_out_under_the_main_host() -> None:
    old = Mapping(CanonicalUrl("www.haiduong.gov.vn/a"), "a", MappingKind.MOVED, "/b")

    (answer,) = answers_of([old], portal=PORTAL, sites=SITES, locate=KNOWN.get).answers

    assert (answer.key, answer.host) == ("haiduong.gov.vn/a", "haiduong.gov.vn")
    assert answer.spellings == ("/a",)


def test_an_address_that_is_no_url_goes_out_as_its_key_says() -> None:
    key = CanonicalUrl("haiduong.gov.vn/a")
    told = answers_of(
        [Mapping(key, "http://x:y:z/q", MappingKind.MOVED, "/b")],
        portal=PORTAL,
        sites=SITES,
        locate=KNOWN.get,
    )

    assert told.answers[0].spellings == ("/a",)


hostile = st.text(
    st.sampled_from("a;$\"'\\\n\r\t {}#?&=%:*`|<>^~,()[]đ\u00a0\u2028\x00"), max_size=12
)
_NGINX_ENTRY = re.compile(r' {4}"[^"\\\s]+" "[^"\\\s]*";')
_DIRECTIVES = ("#", "map", "geo", "    default", "}", "")


@given(path=hostile, query=hostile, target=hostile)
def test_no_mapping_injects_a_directive(path: str, query: str, target: str) -> None:
    raw = f"http://haiduong.gov.vn/{path}?{query}"
    found = Sites(SITES).key_of(raw)
    assert found is not None
    mapping = Mapping(found[1], raw, MappingKind.MOVED, f"/{target}")
    written = {
        name: write([mapping], portal=PORTAL, sites=SITES, locate=KNOWN.get).files
        for name, write in WRITERS.items()
    }

    for line in written["nginx"]["hopnhat-maps.conf"].decode().split("\n"):
        assert _NGINX_ENTRY.fullmatch(line) or line.startswith(_DIRECTIVES)
        values = line.rpartition('" "')[2] if line.startswith('    "') else ""
        assert "$" not in values.replace("${hopnhat_dollar}", "")
    for name in ("apache", "haproxy"):
        for file, content in written[name].items():
            if file.endswith((".txt", ".map")):
                assert all(len(line.split()) == 2 for line in content.decode().splitlines())
    entries = [
        line for line in written["caddy"]["hopnhat.caddy"].decode().split("\n") if "vn/" in line
    ]
    assert all(re.fullmatch(r'\t"[^"\\{}\t\r\n]+" 301 "[^"\\{}\s]+"', line) for line in entries)
    for line in written["netlify"]["_redirects"].decode().splitlines():
        assert re.fullmatch(
            r"https://[^\s:*#]+(?: [^\s:*=#]+=[^\s:*#]+)* https://[^\s:*]+ 301", line
        )


@given(path=hostile, query=hostile)
def test_every_exported_spelling_is_the_address_it_stands_for(path: str, query: str) -> None:
    raw = f"http://haiduong.gov.vn/{path}?{query}"
    known = Sites(SITES)
    found = known.key_of(raw)
    assert found is not None
    mapping = Mapping(found[1], raw, MappingKind.MOVED, "/x")

    for answer in answers_of([mapping], portal=PORTAL, sites=SITES, locate=KNOWN.get).answers:
        for text in (*answer.folded, *(answer.host + one for one in answer.spellings)):
            assert known.key_of(text) == found
        assert answer.spellings


def test_json_says_everything_one_object_a_line(table: World) -> None:
    table.map("http://haiduong.gov.vn/so", kind=MappingKind.SPLIT,
              targets=[SplitTarget("Sở", "unit:31")])  # fmt: skip

    lines = write_json_lines(table.mappings).decode().splitlines()

    assert json.loads(lines[-1]) == {
        "old_url": "http://haiduong.gov.vn/so",
        "key": "haiduong.gov.vn/so",
        "kind": "split",
        "targets": [{"label": "Sở", "target": "unit:31"}],
    }
    assert [json.loads(line)["kind"] for line in lines][:4] == [
        "moved",
        "temporary",
        "moved",
        "gone",
    ]
