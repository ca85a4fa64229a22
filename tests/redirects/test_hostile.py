"""Hostile addresses in mappings, tables, rules and requests: none of them leaves the portal."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable
from dataclasses import replace
from io import StringIO

import pytest

from redirects.canonical import canonicalize, canonicalize_parts
from redirects.clues import ids_of, names_file, numbers_in, shape_of, slugs_of, sought_by
from redirects.formats.table import read_table, write_table
from redirects.mapping import CanonicalUrl, Mapping, MappingKind, SplitTarget
from redirects.patterns import Patterns
from redirects.resolution import Moved, Request, Resolution, Split
from redirects.rule import Rule, RulePlace
from redirects.site import QueryPolicy
from redirects.sites import Sites
from redirects.suggest import OldAddress, suggest
from redirects.targets import TargetError, location
from tests.hostile import OWN, SECURITY, escapes, payloads, published
from tests.redirects.world import World

HOME = "https://haiphong.gov.vn/"
HOSTS = {"haiphong.gov.vn", "www.haiphong.gov.vn", "dichvucong.gov.vn", "x.chinhphu.vn"}
TARGETS = (
    "/:splat",
    "//:splat",
    ":splat",
    "/\\:splat",
    "https://:splat",
    "https::splat",
    "https:/:splat",
    "https://haiphong.gov.vn:splat",
    "https://haiphong.gov.vn/:splat",
    "https://dichvucong.gov.vn:splat",
    "https://x.chinhphu.vn:splat",
    "/tin:splat",
    "/?u=:splat",
    "/tin#:splat",
    "same:/:splat",
    "same::splat",
)
"""Targets of a rule for `/*`; those that already look wrong must be refused when compiled."""


def landings(resolution: Resolution) -> list[str]:
    match resolution:
        case Moved(location=target):
            return [target]
        case Split(successors=successors):
            return [each.location for each in successors]
        case _:
            return []


def test_the_published_lists_are_long_or_absent() -> None:
    if not SECURITY.exists():
        pytest.skip("../shared/data is not here: our own table alone is tried")
    assert len(published()) > 250
    assert len(payloads()) > len(OWN)


def test_the_judge_knows_a_fugitive() -> None:
    assert escapes("//evil.example/", HOME, HOSTS)
    assert escapes("/\\evil.example", HOME, HOSTS)
    assert escapes("https://haiphong.gov.vn@evil.example/", HOME, HOSTS)
    assert escapes("https://a@haiphong.gov.vn/", HOME, HOSTS)
    assert escapes("javascript:alert(1)", HOME, HOSTS)
    assert escapes("/a\r\nSet-Cookie: a", HOME, HOSTS)
    assert escapes("/tin-tuc", HOME, HOSTS) is None
    assert escapes("https://[", HOME, HOSTS) is None


def test_no_payload_as_a_mappings_target_is_compiled_into_a_way_out(world: World) -> None:
    """The compiler trusts nobody: rows may come from a database that somebody else wrote."""
    for number, payload in enumerate(payloads()):
        world.map(f"haiduong.gov.vn/a-{number}", payload)
        world.map(f"haiduong.gov.vn/b-{number}", payload, MappingKind.TEMPORARY)
        parts = [SplitTarget("x", payload), SplitTarget("y", "/tin-tuc")]
        world.map(f"haiduong.gov.vn/c-{number}", kind=MappingKind.SPLIT, targets=parts)
    resolver = world.open().resolver()
    for mapping in world.mappings:
        path = mapping.key.partition("/")[2].encode()
        for landing in landings(resolver.resolve(Request("haiduong.gov.vn", b"/" + path, b""))):
            assert escapes(landing, HOME, HOSTS) is None, (mapping, landing)


def test_no_payload_in_a_table_is_imported_as_a_way_out(world: World) -> None:
    sites = Sites(world.sites)
    for payload in payloads():
        file = StringIO()
        line = ["http://haiduong.gov.vn/a", "moved", payload, ""]
        csv.writer(file).writerows([["old_url", "kind", "target", "reason"], line])
        read, _errors = read_table(file.getvalue().encode(), sites=sites, portal=world.portal)
        for mapping in read:
            landing = location(mapping.target or "", world.portal)
            assert escapes(landing, HOME, HOSTS) is None, (payload, landing)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("pattern", ["/*", "^/(?P<splat>.*)$", "^(?P<splat>.*)$"])
@pytest.mark.parametrize("place", RulePlace)
def test_no_request_escapes_through_a_rule_that_copies_it(
    world: World, pattern: str, target: str, place: RulePlace
) -> None:
    world.portal = replace(world.portal, live=())
    world.rules = [Rule("r", "haiduong", pattern, target=target, place=place)]
    resolver = world.open().resolver()
    tried = [each if each.startswith("/") else f"/{each}" for each in payloads()]
    for payload in (*tried, *OWN):
        path, _, query = payload.encode("utf-8", "surrogatepass").partition(b"?")
        found = resolver.resolve(Request("haiduong.gov.vn", path, query))
        for landing in landings(found):
            assert escapes(landing, HOME, HOSTS) is None, (payload, landing)


def test_rules_that_copy_the_request_do_redirect(world: World) -> None:
    """Or else the test above would claim nothing."""
    world.rules = [Rule("r", "haiduong", "/*", target="/:splat")]
    resolver = world.open().resolver()
    found = [
        resolver.resolve(Request("haiduong.gov.vn", each.partition("?")[0].encode(), b""))
        for each in payloads()
        if each.startswith("/")
    ]

    assert sum(isinstance(each, Moved) for each in found) > len(found) / 2


def test_no_request_escapes_without_a_rule(world: World) -> None:
    world.map("haiduong.gov.vn/", "/")
    world.map("haiphong.gov.vn/tin", "https://dichvucong.gov.vn/")
    resolver = world.open().resolver()
    for payload in payloads():
        path, _, query = payload.encode("utf-8", "surrogatepass").partition(b"?")
        for host in ("haiduong.gov.vn", "haiphong.gov.vn"):
            for landing in landings(resolver.resolve(Request(host, path, query))):
                assert escapes(landing, HOME, HOSTS) is None, (payload, landing)


def test_what_is_judged_safe_is_safe_by_the_other_parser_too(world: World) -> None:
    for payload in payloads():
        try:
            landing = location(payload, world.portal)
        except TargetError:
            continue
        assert escapes(landing, HOME, HOSTS) is None, (payload, landing)


FORMULAS = (
    "=",
    "+",
    "@",
    "-",
    "\t=1",
    "\r=1",
    "'=1",
    '=IMPORTXML("http://a.example", "//a/@href")',
)


def test_no_cell_of_an_exported_table_is_a_formula(world: World) -> None:
    path = SECURITY / "csv-injection.txt"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    rows = [
        Mapping(
            CanonicalUrl(f"haiduong.gov.vn/{number}"),
            f"{formula}http://haiduong.gov.vn/{number}",
            MappingKind.GONE,
            reason=f"{formula}1+1",
        )
        for number, formula in enumerate((*FORMULAS, *lines))
    ]
    written = write_table(rows).decode("utf-8-sig")
    for row in csv.reader(StringIO(written, newline="")):
        for cell in row:
            assert not cell.startswith(("=", "+", "-", "@", "\t", "\r")), cell
    assert len(rows) >= len(FORMULAS)


def _many(count: int) -> str:
    return "".join(f"a{number}/" for number in range(count))


GROWING: dict[str, tuple[Callable[[str], object], Callable[[int], str]]] = {
    "a key of one letter": (_key_of := lambda text: canonicalize(text, QueryPolicy()), lambda n: "http://a.vn/" + "a" * n),
    "a key of escapes": (_key_of, lambda n: "http://a.vn/" + "%25" * n),
    "a key of dot segments": (_key_of, lambda n: "http://a.vn/" + "a/../" * n),
    "a key of slashes": (_key_of, lambda n: "http://a.vn" + "/" * n),
    "a key of parameters": (_key_of, lambda n: "http://a.vn/?" + "a=b&" * n),
    "a key of sessions": (_key_of, lambda n: "http://a.vn/" + ";jsessionid=1" * n),
    "slugs": (slugs_of, lambda n: "a.vn/" + "ab-" * n),
    "slugs of folders": (slugs_of, lambda n: "a.vn/" + "ab-cd-ef-gh/" * n),
    "slugs of parameters": (slugs_of, lambda n: "a.vn/?" + "a=b-c-d-e&" * n),
    "ids": (ids_of, lambda n: "a.vn/" + "12345-" * n),
    "ids of hex": (ids_of, lambda n: "a.vn/" + "0123456789abcdef" * n),
    "shapes": (shape_of, _many),
    "file names": (names_file, lambda n: "a.vn/" + ".pdf" * n),
    "numbers": (numbers_in, lambda n: "12-2024-qd-ubnd-" * n),
    "what is sought": (
        lambda text: sought_by(CanonicalUrl("a.vn/x"), 1, [text]),
        lambda n: "1/2024/qđ " * n,
    ),
    "suggestions": (
        lambda text: suggest(OldAddress(CanonicalUrl(f"a.vn/{text}")), []),
        lambda n: "a-" * n,
    ),
    "pattern of nested repeats": (
        Patterns([("r", "^/(a+)+$"), ("s", "^/(.*a){20}$"), ("t", "/*/x/*/y")]).matching,
        lambda n: "/" + "a" * n + "!",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", GROWING)
def test_hostile_text_costs_linear_time(name: str) -> None:
    """Eight times the text may cost eight times the CPU, with room for noise: 24; squared is 64."""
    ask, grow = GROWING[name]

    def cost(text: str) -> float:
        rounds = []
        for _ in range(5):
            started = time.process_time()
            ask(text)
            rounds.append(time.process_time() - started)
        return min(rounds)

    size = 500
    ask(grow(size))
    while (small := cost(grow(size))) < 0.001 and size < 256_000:
        size *= 2
    assert cost(grow(8 * size)) <= 24 * max(small, 0.001)


def test_a_key_of_anything_is_one_key_again() -> None:
    for payload in payloads():
        path, _, query = payload.encode("utf-8", "surrogatepass").partition(b"?")
        key = canonicalize_parts("haiduong.gov.vn", path, query, QueryPolicy())
        assert not any(letter < " " for letter in key)
