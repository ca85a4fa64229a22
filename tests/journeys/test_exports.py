"""The real nginx, Apache, Caddy and HAProxy answer from the exported files as we do."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from unicodedata import normalize
from urllib.parse import quote, urlsplit

import pytest

from redirects.canonical import canonical_host
from redirects.formats.answers import answers_of
from redirects.formats.apache import write_apache
from redirects.formats.caddy import write_caddy
from redirects.formats.haproxy import write_haproxy
from redirects.formats.nginx import write_nginx
from redirects.mapping import MappingKind
from redirects.resolution import Gone, Moved, Request
from redirects.resolver import Resolver
from redirects.site import QueryPolicy, Site
from tests.journeys.web_servers import SERVERS, Ask, serving
from tests.redirects.world import KNOWN, PORTAL, World

PATHS = (
    "/tin-tức/đại-hội",
    "/Tin-Tức/Đại-hội-{n}.html",
    "/văn bản/quyết định {n}.pdf",
    "/thủ-tục/cấp-giấy-phép-{n}",
    "/ảnh/“lễ hội”/{n}.jpg",
    "/a$b${{host}}/{n}",
    "/a;b'c/{n}",
    '/dấu"nháy\\{n}',
    "/100%/{n}",
    "/web/guest/-/bài_{n}",
)
GOVUK = (
    Path(__file__).resolve().parents[2].parent / "shared/data/redirects/govuk-mappings/sample.jsonl"
)
REAL_DECISIONS = 2_000
MOST_ASKED = 1_800
_NO_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")  # answered 400 by all four, whatever is mapped
_NO_URI = frozenset(' "\\%{}')  # exported percent-encoded only
WRITERS = {
    "nginx": write_nginx,
    "apache": write_apache,
    "caddy": write_caddy,
    "haproxy": write_haproxy,
}
TAKES_RAW = {"nginx", "caddy"}  # the others refuse letters that are not percent-encoded
IGNORES_CASE = {"nginx", "apache", "haproxy"}


@pytest.fixture
def table(world: World) -> World:
    for number in range(3):
        for path in PATHS:
            address = f"http://haiduong.gov.vn{path.format(n=number)}"
            target = f"/đích/{number}?a=$1&b=${{host}}"
            if number == 1:
                world.map(address, "https://dichvucong.gov.vn/x;y'z", MappingKind.TEMPORARY)
            elif number == 2:
                world.map(address, kind=MappingKind.GONE, reason="Đã gỡ")
            else:
                world.map(address, target)
    world.map("http://haiduong.gov.vn/", "/hải-dương")
    world.map("http://haiduong.gov.vn/xem.aspx?id=1&l=Tin Tức", "doc:7")
    world.map("http://haiduong.gov.vn/xem.aspx?id=2", "unit:31")
    world.map("http://haiduong.gov.vn/xem.aspx", "section:tin-tuc")
    world.map("http://haiduong.gov.vn/dây", "/chuyền")
    world.map("http://haiphong.gov.vn/chuyền", "/xem?ItemID=2")
    world.map("http://haiphong.gov.vn/xem?ItemID=2", "unit:31", MappingKind.TEMPORARY)
    world.map("http://haiphong.gov.vn/vòng", "/vòng")
    world.map("http://haiphong.gov.vn/Pages/chi-tiết.aspx?ItemID=12", "doc:7")
    world.map("http://haiphong.gov.vn/Pages/chi-tiết.aspx", "/x")
    world.map("http://haiphong.gov.vn/" + "dài" * 150, "/x")
    return world


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def ask(table: World, server: str) -> Iterator[Ask]:
    write = WRITERS[server]
    export = write(table.mappings, portal=table.portal, sites=table.sites, locate=KNOWN.get)
    with serving(server, export) as asking:
        yield asking


def _ours(resolver: Resolver, host: str, target: bytes, method: str) -> tuple[int, str]:
    path, _, query = target.partition(b"?")
    match resolver.resolve(Request(host, path, query, method)):
        case Moved(location=location, status=status):
            return status, location.replace("{", "%7B").replace("}", "%7D")
        case Gone():
            return 410, ""
        case _:
            return 404, ""


def _spellings(target: str) -> Iterator[bytes]:
    """As printed, percent-encoded in both cases of hex, decomposed, in lower case."""
    path, question, query = target.partition("?")
    for form in (target, target.lower()):
        if not _NO_URI.intersection(form):
            yield form.encode()
    for form in (path, path.lower(), normalize("NFD", path.lower())):
        escaped = quote(form, safe="/;'$") + question + quote(query, safe="=&")
        yield escaped.encode()
        yield escaped.lower().encode()


def _table_of(world: World) -> Iterator[tuple[str, bytes]]:
    for mapping in world.mappings:
        host, slash, target = mapping.raw.removeprefix("http://").partition("/")
        for spelling in _spellings(slash + target.replace("\\", "/")):
            yield host, spelling


def _asked(world: World, server: str) -> list[tuple[str, bytes]]:
    """Spellings that are written into the files, and those a server finds by ignoring case."""
    told = answers_of(world.mappings, portal=PORTAL, sites=world.sites, locate=KNOWN.get)
    found = [(one.host, text.encode()) for one in told.answers for text in one.spellings]
    if server in IGNORES_CASE:
        found += [(host, text.lower()) for host, text in found]
    random.Random(7).shuffle(found)
    found = found[:MOST_ASKED]
    return [
        one
        for one in dict.fromkeys(found)
        if (server in TAKES_RAW or one[1].isascii())
        and not _NO_ESCAPE.search(one[1])
        and (server != "apache" or len(one[1]) < 900)  # it reads no longer lines of a map
    ]


def _differing(
    resolver: Resolver, ask: Ask, asked: Iterable[tuple[str, bytes]]
) -> list[tuple[object, ...]]:
    return [
        (host, target, method, ours, theirs)
        for host, target in asked
        for method in ("GET", "POST")
        if (ours := _ours(resolver, host, target, method)) != (theirs := ask(host, target, method))
    ]


def test_every_exported_spelling_is_answered_as_we_do(table: World, ask: Ask, server: str) -> None:
    asked = _asked(table, server)
    if server == "nginx":
        asked += _table_of(table)
    assert len(asked) > 90
    assert _differing(table.open().resolver(), ask, asked) == []


def test_trackers_and_aliases_of_a_host_are_answered_too(
    table: World, ask: Ask, server: str
) -> None:
    found = (301, "https://haiphong.gov.vn/%C4%91%C3%ADch/0?a=$1&b=$%7Bhost%7D")
    path = quote(PATHS[0]).encode()

    assert ask("haiduong.gov.vn", path + b"?fbclid=1&utm_source=zalo") == found
    host = "WWW.HaiDuong.gov.vn:80" if server in IGNORES_CASE else "www.haiduong.gov.vn:80"
    assert ask(host, path) == found
    assert ask("stranger.vn", path) == (404, "")


@pytest.mark.parametrize(
    "target",
    [
        b"/tin-t%E1%BB%A9c/%C4%91%E1%BA%A1i-h%E1%BB%99i/",
        b"//tin-t%E1%BB%A9c/%C4%91%E1%BA%A1i-h%E1%BB%99i",
        b"/tin-t%E1%BB%A8c/%C4%90%E1%BA%A0i-h%E1%BB%99i",
        b"/tin-t%u1EE9c/%u0111%u1EA1i-h%u1ED9i",
        b"/xem.aspx?l=Tin%20T%E1%BB%A9c&id=1",
        b"/xem.aspx?id=2&fbclid=1",
    ],
)
def test_the_spellings_that_the_manual_says_are_missed_are_missed(
    table: World, ask: Ask, target: bytes
) -> None:
    assert _ours(table.open().resolver(), "haiduong.gov.vn", target, "GET")[0] == 301
    status, location = ask("haiduong.gov.vn", target)
    assert status in {400, 404}
    assert location == ""


def test_a_sample_of_real_decisions_is_answered_as_we_do(server: str, tmp_path: Path) -> None:
    if not GOVUK.exists():
        pytest.skip("../shared/data is not here")
    world = _govuk(tmp_path)
    write = WRITERS[server]
    export = write(world.mappings, portal=world.portal, sites=world.sites, locate=KNOWN.get)
    asked = _asked(world, server)
    with serving(server, export) as asking:
        differing = _differing(world.open().resolver(), asking, asked)
    assert len(asked) > 600
    assert differing == []


def _govuk(folder: Path) -> World:
    """A world of the first real decisions whose hosts are many."""
    rows = [json.loads(line) for line in GOVUK.read_text().splitlines()][::3][:REAL_DECISIONS]
    hosts = sorted({canonical_host(urlsplit(row["old_url"]).netloc) for row in rows})
    sites = tuple(
        Site(f"s{number}", host, host, query=QueryPolicy("ignored"))
        for number, host in enumerate(hosts)
    )
    portal = replace(PORTAL, allowed_targets=frozenset({"*.gov.uk", "www.gov.uk"}))
    world = World(folder, portal=portal, sites=sites)
    for row in rows:
        target = row.get("new_url") or None
        kind = MappingKind.MOVED if target else MappingKind.GONE
        world.map(row["old_url"], target, kind)
    return world
