import os
import subprocess
import sys
import time
from pathlib import Path

import cdbx
import pytest

from redirects.mapping import CanonicalUrl, Mapping, MappingKind, SplitTarget
from redirects.patterns import PatternError
from redirects.resolution import Moved, Request, Unresolved
from redirects.route import ApiRoute, Upstream
from redirects.rule import Rule, RulePlace
from redirects.site import Portal
from redirects.sites import SiteError
from redirects.snapshot import SnapshotError, open_snapshot
from tests.redirects.world import World

ROOT = Path(__file__).resolve().parents[2]


def leads_to(world: World, *paths: str) -> list[str | None]:
    resolver = world.open().resolver()
    answers = [resolver.resolve(Request("haiduong.gov.vn", path.encode())) for path in paths]
    return [answer.location if isinstance(answer, Moved) else None for answer in answers]


def codes(world: World) -> list[tuple[str, str]]:
    return [(finding.code, finding.where) for finding in world.compile().findings]


def test_a_snapshot_carries_everything_of_one_revision(world: World) -> None:
    world.map("haiduong.gov.vn/a", "/b")
    world.rules = [Rule("r", "haiduong", "/x/*", target="/y", place=RulePlace.AFTER)]
    world.routes = [
        ApiRoute(
            "api",
            "haiduong.gov.vn",
            "/api/*",
            (Upstream("http://10.0.0.5"),),
            frozenset({"GET", "POST"}),
        )
    ]
    report = world.compile(revision=42)

    snapshot = open_snapshot(report.path)

    assert (snapshot.revision, snapshot.id) == (42, report.id)
    assert snapshot.manifest.sites == world.sites
    assert snapshot.manifest.portal == world.portal
    assert snapshot.manifest.rules == tuple(world.rules)
    assert snapshot.manifest.routes == tuple(world.routes)
    assert (report.entries, report.findings) == (1, ())
    assert snapshot.resolver() is snapshot.resolver()
    snapshot.close()


def test_what_is_compiled_again_has_the_same_id_and_what_differs_has_not(world: World) -> None:
    world.map("haiduong.gov.vn/a", "/b")
    world.map("haiduong.gov.vn/b", "/c")
    first = world.compile().id
    assert world.compile().id == first
    world.map("haiduong.gov.vn/c", "/d")
    assert world.compile().id != first


def test_a_reader_of_the_old_file_is_not_disturbed_by_the_new_one(world: World) -> None:
    world.map("haiduong.gov.vn/a", "/old")
    old = world.open()
    world.mappings.clear()
    world.map("haiduong.gov.vn/a", "/new")
    new = world.open()

    request = Request("haiduong.gov.vn", b"/a")
    answers = [snapshot.resolver().resolve(request) for snapshot in (old, new)]

    assert [a.location.rpartition("/")[2] for a in answers if isinstance(a, Moved)] == [
        "old",
        "new",
    ]
    assert [path.name for path in world.folder.iterdir()] == ["redirects.cdb"]


def test_chains_are_led_to_their_end_and_a_trial_stays_a_trial(world: World) -> None:
    world.map("haiduong.gov.vn/a", "http://haiduong.gov.vn/b")
    world.map("haiduong.gov.vn/b", "http://www.haiduong.gov.vn/C", MappingKind.TEMPORARY)
    world.map("haiduong.gov.vn/c", "http://haiduong.gov.vn/het")
    world.map("haiduong.gov.vn/het", kind=MappingKind.GONE)
    world.portal = Portal(
        "https://haiphong.gov.vn", ("haiphong.gov.vn",), frozenset({"*.gov.vn"}), ("/tin-tuc",)
    )
    resolver = world.open().resolver()

    answers = [resolver.resolve(Request("haiduong.gov.vn", p)) for p in (b"/a", b"/b", b"/c")]

    assert [(a.location, a.status) for a in answers if isinstance(a, Moved)] == [
        ("http://haiduong.gov.vn/het", 302),
        ("http://haiduong.gov.vn/het", 302),
        ("http://haiduong.gov.vn/het", 301),
    ]


def test_loops_are_left_out_and_reported(world: World) -> None:
    world.map("haiphong.gov.vn/a", "/b")
    world.map("haiphong.gov.vn/b", "/c")
    world.map("haiphong.gov.vn/c", "/b")
    world.map("haiphong.gov.vn/d", "/D/")
    world.map("haiphong.gov.vn/e", "/tin-tuc")  # new content: the chain ends there
    world.map("haiphong.gov.vn/tin-tuc", "/e")

    assert codes(world) == [("loop", f"haiphong.gov.vn/{name}") for name in ("a", "b", "c", "d")]
    resolver = world.open().resolver()
    assert isinstance(resolver.resolve(Request("haiphong.gov.vn", b"/a")), Unresolved)
    assert isinstance(resolver.resolve(Request("haiphong.gov.vn", b"/e")), Moved)


def test_what_cannot_be_served_is_left_out_with_its_reason(world: World) -> None:
    world.map("haiduong.gov.vn/nowhere", "doc:404")
    world.map("haiduong.gov.vn/foreign", "https://evil.vn/")
    world.map("haiduong.gov.vn/empty")
    world.map("haiduong.gov.vn/odd", "tin-tuc")
    world.map("haiduong.gov.vn/split", kind=MappingKind.SPLIT)
    world.map(
        "haiduong.gov.vn/halves", kind=MappingKind.SPLIT, targets=[SplitTarget("A", "//evil.vn")]
    )
    world.map("stranger.vn/a", "/b")
    world.map("haiduong.gov.vn/twice", "/a")
    world.map("haiduong.gov.vn/Twice", "/a")
    world.map("haiduong.gov.vn/TWICE", "/b")

    assert codes(world) == [
        ("unknown-target", "haiduong.gov.vn/nowhere"),
        ("foreign-target", "haiduong.gov.vn/foreign"),
        ("empty-target", "haiduong.gov.vn/empty"),
        ("unreadable-target", "haiduong.gov.vn/odd"),
        ("empty-target", "haiduong.gov.vn/split"),
        ("unreadable-target", "haiduong.gov.vn/halves"),
        ("unknown-host", "stranger.vn/a"),
        ("contradiction", "haiduong.gov.vn/twice"),
    ]
    assert leads_to(world, "/nowhere", "/foreign", "/twice") == [
        None,
        None,
        "https://haiphong.gov.vn/a",
    ]


def test_rules_that_cannot_be_served_are_left_out_with_their_reason(world: World) -> None:
    world.rules = [
        Rule("good", "haiduong", "/a/*", target="section:tin-tuc"),
        Rule("stranger", "kim-thanh", "/a/*", target="/b"),
        Rule("broken", "haiduong", "^/(a", target="/b"),
        Rule("foreign", "haiduong", "/f/*", target="https://evil.vn/:splat"),
        Rule("nowhere", "haiduong", "/n/*", target="doc:404"),
        Rule("split", "haiduong", "/s/*", MappingKind.SPLIT, target="/b"),
        Rule("empty", "haiduong", "/e/*"),
    ]

    assert codes(world) == [
        ("unknown-site", "stranger"),
        ("pattern", "broken"),
        ("foreign-target", "foreign"),
        ("unknown-target", "nowhere"),
        ("empty-target", "split"),
        ("empty-target", "empty"),
    ]
    assert leads_to(world, "/a/x", "/f/x") == ["https://haiphong.gov.vn/tin-tuc", None]


def test_a_wrong_setting_stops_the_compilation_and_keeps_the_old_file(world: World) -> None:
    world.map("haiduong.gov.vn/a", "/b")
    before = world.compile().path.read_bytes()

    world.portal = Portal("https://haiphong.gov.vn", ("haiphong.gov.vn",), live=("^(",))
    with pytest.raises(PatternError, match=r"portal\.live"):
        world.compile()
    world.sites = (*world.sites, world.sites[0])
    with pytest.raises(SiteError):
        world.compile()

    assert [path.read_bytes() for path in world.folder.iterdir()] == [before]


def test_a_full_or_missing_folder_leaves_nothing_behind(world: World) -> None:
    world.folder = world.folder / "nowhere"
    with pytest.raises(OSError, match="nowhere"):
        world.compile()


def foreign_cdb(path: Path) -> None:
    maker = cdbx.CDB.make(str(path))
    maker.add(b"a", b"b")
    maker.commit().close()


def manifest_of(path: Path, text: bytes) -> None:
    maker = cdbx.CDB.make(str(path))
    maker.add(b"manifest", text)
    maker.commit().close()


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda path: path.unlink(), "cannot be opened"),
        (lambda path: path.write_bytes(b"hello"), "not a snapshot"),
        (lambda path: os.truncate(path, path.stat().st_size - 9), "torn"),
        (lambda path: path.write_bytes(path.read_bytes() + b"x"), "torn"),
        (lambda path: (path.unlink(), foreign_cdb(path)), "not a snapshot"),
        (lambda path: (path.unlink(), manifest_of(path, b"[]")), "not a snapshot"),
        (
            lambda path: (
                path.unlink(),
                manifest_of(path, b'{"format": "hopnhat-snapshot", "version": 0}'),
            ),
            "version 0, not",
        ),
        (
            lambda path: (
                path.unlink(),
                manifest_of(path, b'{"format": "hopnhat-snapshot", "version": 2}'),
            ),
            "damaged manifest",
        ),
    ],
)
def test_a_file_that_is_no_whole_snapshot_is_refused_by_name(
    world: World, spoil: object, reason: str
) -> None:
    world.map("haiduong.gov.vn/a", "/b")
    path = world.compile().path
    spoil(path)  # type: ignore[operator]  # each spoils the file in its own way

    with pytest.raises(SnapshotError, match=reason) as caught:
        open_snapshot(path)

    assert str(path) in str(caught.value)


def test_a_changed_byte_is_found_by_verifying(world: World) -> None:
    world.map("haiduong.gov.vn/a", "/abcdef")
    path = world.compile().path
    path.write_bytes(path.read_bytes().replace(b"abcdef", b"abcdeX"))
    snapshot = open_snapshot(path)

    with pytest.raises(SnapshotError, match="damaged"):
        snapshot.verify()
    snapshot.close()


def test_a_broken_structure_is_found_by_verifying(world: World) -> None:
    world.map("haiduong.gov.vn/a", "/abcdef")
    path = world.compile().path
    content = bytearray(path.read_bytes())
    content[2048:2052] = b"\xff\xff\xff\x7f"  # the first record's key is longer than the file
    path.write_bytes(bytes(content))
    snapshot = open_snapshot(path)

    with pytest.raises(SnapshotError, match="cannot be read"):
        snapshot.verify()
    snapshot.close()


def test_a_mapping_made_on_what_is_an_alias_today_still_answers(world: World) -> None:
    for query in ("", "?x=1"):
        key = CanonicalUrl(f"www.haiduong.gov.vn/a{query}")
        world.mappings.append(Mapping(key, key, MappingKind.MOVED, f"/b{query}"))

    assert codes(world) == []
    assert leads_to(world, "/a") == ["https://haiphong.gov.vn/b"]


def test_archived_addresses_are_entries_too(world: World) -> None:
    world.archive("haiduong.gov.vn/a", "haiduong.gov.vn/a")
    world.archived.append(CanonicalUrl("haiduong.gov.vn/b?x=1"))

    assert world.compile().entries == 2


def test_what_a_killed_compilation_left_behind_is_removed_in_time(world: World) -> None:
    old, young = (world.folder / f".redirects.cdb.{name}.new" for name in ("old", "young"))
    old.touch()
    os.utime(old, (0, 0))
    young.touch()  # somebody may still be writing it

    world.compile()

    assert not old.exists()
    assert young.exists()


@pytest.mark.drill
def test_a_compilation_that_is_killed_leaves_the_old_snapshot_whole(world: World) -> None:
    world.map("haiduong.gov.vn/a", "/b")
    before = world.compile().id
    program = (
        "import sys; from pathlib import Path; from tests.redirects.world import World\n"
        "world = World(Path(sys.argv[1]))\n"
        "for i in range(5000): world.map(f'haiduong.gov.vn/{i}', f'/{i}')\n"
        "print(flush=True)\n"
        "world.compile()\n"
    )
    for moment in (0.02, 0.05, 0.08, 0.1):
        command = [sys.executable, "-c", program, str(world.folder)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(moment)
            process.kill()
        snapshot = open_snapshot(world.folder / "redirects.cdb")
        snapshot.verify()
        assert snapshot.id == before or snapshot.manifest.entries == 5000
        snapshot.close()


def test_more_than_a_file_can_hold_is_refused_before_it_is_written(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.map("haiduong.gov.vn/a", "/b")
    whole = world.compile()
    monkeypatch.setattr("redirects.snapshot._MOST_BYTES", 40)
    world.map("haiduong.gov.vn/c", "/d")
    with pytest.raises(SnapshotError, match="more than a file of 4 GiB holds"):
        world.compile()
    assert open_snapshot(whole.path).id == whole.id
