import re
import tomllib
from collections.abc import Callable
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from gateway.settings import Settings
from gateway.site_settings import RuleSettings
from redirects.formats.answers import Export
from redirects.formats.apache import write_apache
from redirects.formats.apache_directives import read_apache, read_rewrite_map
from redirects.formats.caddy import write_caddy
from redirects.formats.haproxy import write_haproxy
from redirects.formats.json_lines import read_json_lines, write_json_lines
from redirects.formats.netlify import write_netlify
from redirects.formats.nginx import write_nginx
from redirects.formats.nginx_directives import read_nginx
from redirects.formats.reading import Reading
from redirects.formats.redirects_list import read_redirects_list
from redirects.formats.table import read_csv, read_table
from redirects.formats.wordpress import read_wordpress
from redirects.keys import key_maker
from redirects.lint import lint
from redirects.mapping import MappingKind
from redirects.presets import PRESETS
from redirects.resolution import Moved, Request
from redirects.resolver import describe
from redirects.site import Site
from redirects.sites import Sites
from redirects.targets import TargetError, check_target
from redirects.trying import check_examples
from tests.redirects.world import KNOWN, PORTAL, SITES, World

MANUAL = Path(__file__).resolve().parents[2] / "docs" / "redirects.md"


def blocks(name: str) -> list[str]:
    text = MANUAL.read_text(encoding="utf-8")
    return re.findall(rf"^```{name}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def lines(name: str) -> list[str]:
    (block,) = blocks(name)
    return block.splitlines()


def check_answers(world: World, name: str) -> None:
    resolver = world.open().resolver()
    for line in lines(name):
        asked, _, expected = line.partition(" -> ")
        method, _, url = asked.partition(" ")
        parts = urlsplit(url)
        request = Request(parts.netloc, parts.path.encode(), parts.query.encode(), method)
        resolution = resolver.resolve(request)
        found = describe(resolution)
        if isinstance(resolution, Moved):
            found = f"{resolution.status} {resolution.location}"
        assert found == expected, line


def test_the_systems_of_the_manual_have_the_keys_it_gives() -> None:
    for line in lines("cms"):
        asked, _, expected = line.partition(" -> ")
        cms, _, address = asked.partition(" ")
        preset = PRESETS[cms]
        site = Site(
            "cu", "Cũ", "cu.vn", query=preset.query, cms=cms, index_files=preset.index_files
        )
        path, _, query = address.partition("?")
        assert key_maker(site).key("cu.vn", path.encode(), query.encode()) == f"cu.vn{expected}"
    described = set(
        re.findall(r"^\| `(\w+)` \| ", MANUAL.read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert set(PRESETS) <= described


def test_the_settings_of_keys_in_the_manual_are_understood() -> None:
    (block,) = blocks("keys")
    (site,) = Settings(**tomllib.loads(block)).sites()
    sites = Sites([site])
    one = "http://sokhdt.haiduong.gov.vn"
    keys = {
        f"{one}/Gioi-thieu/trang-chu.html": "sokhdt.haiduong.gov.vn/gioi-thieu",
        f"{one}/anh/A.png?v=2": "sokhdt.haiduong.gov.vn/anh/A.png",
    }
    for address, key in keys.items():
        assert sites.key_of(address) == (site, key)


def test_the_spellings_of_the_manual_are_one_address() -> None:
    keys = {Sites(SITES).key_of(line) for line in lines("spellings")}

    assert len(keys) == 1
    assert None not in keys


def test_the_decisions_of_the_manual_are_answered_as_it_says(world: World) -> None:
    (table,) = blocks("csv")
    world.mappings, errors = read_table(table.encode(), sites=Sites(SITES), portal=PORTAL)

    assert errors == []
    assert {mapping.kind for mapping in world.mappings} == set(MappingKind)
    assert lint(world.mappings, [], PORTAL, SITES) == []
    check_answers(world, "answers")


def test_the_rules_of_the_manual_lead_where_it_says(world: World) -> None:
    (rules,) = blocks("toml")
    for item in tomllib.loads(rules)["rule"]:
        world.rules.append(RuleSettings(**item).as_rule())

    assert world.compile().findings == ()
    check_answers(world, "ruled")


def test_the_rule_that_says_all_does_what_its_examples_say() -> None:
    (block,) = blocks("rule-with-all")
    (rule,) = Settings(**tomllib.loads(block)).rules()
    assert len(rule.examples) == 3
    check_examples(rule, SITES[0])
    assert (rule.owner, rule.review_on) == ("Văn phòng UBND", date(2027, 1, 1))


@pytest.mark.parametrize("target", lines("refused"))
def test_the_targets_that_the_manual_refuses_are_refused(target: str) -> None:
    with pytest.raises(TargetError):
        check_target(target, PORTAL)


def test_the_errors_of_the_manual_are_reported() -> None:
    (table,) = blocks("csv-with-errors")

    mappings, errors = read_table(table.encode(), sites=Sites(SITES), portal=PORTAL)

    assert [f"{error.line} {error.column} {error.value}" for error in errors] == lines("errors")
    assert len(mappings) == 1


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("nginx", write_nginx),
        ("apache", write_apache),
        ("caddy", write_caddy),
        ("haproxy", write_haproxy),
        ("netlify", write_netlify),
    ],
)
def test_other_servers_get_the_lines_that_the_manual_shows(
    name: str, write: Callable[..., Export]
) -> None:
    (table,) = blocks("export")
    mappings, errors = read_table(table.encode(), sites=Sites(SITES), portal=PORTAL)

    written = write(mappings, portal=PORTAL, sites=SITES, locate=KNOWN.get)

    assert errors == []
    files = b"".join(written.files.values()).decode().splitlines()
    assert set(lines(name)) <= {line.strip() for line in files}
    assert "haiduong.gov.vn/so-ke-hoach" in {finding.where for finding in written.findings}


def test_programs_get_the_lines_that_the_manual_shows() -> None:
    (table,) = blocks("export")
    mappings, _ = read_table(table.encode(), sites=Sites(SITES), portal=PORTAL)

    assert set(lines("json-lines")) <= set(write_json_lines(mappings).decode().splitlines())


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("tsv", read_csv),
        ("json", read_json_lines),
        ("netlify", read_redirects_list),
        ("nginx", read_nginx),
        ("apache", read_apache),
        ("rewritemap", read_rewrite_map),
        ("wordpress", read_wordpress),
    ],
)
def test_files_of_other_servers_are_read_as_the_manual_says(
    name: str, read: Callable[[bytes, Reading], None]
) -> None:
    (text,) = blocks(f"read-{name}")
    sites = Sites(SITES)
    reading = Reading(sites, PORTAL, sites.named("haiduong"))

    read(text.encode(), reading)

    found = [f"{one.key} {one.kind} {one.target or ''}".strip() for one in reading.mappings]
    found += [f"rule {one.pattern} {one.kind} {one.target}" for one in reading.rules]
    found += [f"line {error.line} refused" for error in reading.errors]
    assert found == lines(f"from-{name}")
