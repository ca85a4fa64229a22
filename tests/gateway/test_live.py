"""What is live stays live, whatever goes wrong while the next snapshot is built."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.live import KEPT_FILES, Heartbeat, Live
from gateway.publishing import Ground, publish, snapshots_on_disk
from gateway.settings.file import SettingsFile
from gateway.settings.whole import load_settings
from redirects.mapping import MappingKind
from redirects.resolution import Moved, Proxied, Request, Unresolved
from redirects.rule import Rule
from redirects.site import Site

OLD = "http://www.haiduong.localhost"
HOST = "www.haiduong.localhost"


@pytest.fixture
def ground(town: Any) -> Ground:
    settings = town.settings
    return Ground(settings.as_portal(("/",)), settings.sites(), settings.routes(), settings.rules())


@pytest.fixture
def live(town: Any, ground: Ground) -> Any:
    one = Live(town.database, ground, town.settings.snapshot_directory)
    yield one
    one.close()


def where(live: Live, path: str) -> Any:
    assert live.published is not None
    return live.published.resolver.resolve(Request(HOST, path.encode()))


def test_references_lead_to_where_things_are(town: Any, live: Live) -> None:
    document = town.page(f"{OLD}/a", "Tin", slug="tin")
    town.decide(f"{OLD}/b", MappingKind.MOVED, target="section:van-ban")
    town.decide(f"{OLD}/c", MappingKind.MOVED, target="unit:297")
    town.decide(f"{OLD}/d", MappingKind.MOVED, target="doc:999")
    live.look()
    assert where(live, "/a").location == f"{town.url}{document.path}"
    assert where(live, "/b").location == f"{town.url}/van-ban"
    assert where(live, "/c").location == f"{town.url}/don-vi/297"
    assert isinstance(where(live, "/d"), Unresolved)


def test_routes_are_live_before_the_snapshot_they_are_compiled_into(
    town: Any, ground: Ground, tmp_path: Path
) -> None:
    path = tmp_path / "hopnhat.toml"
    path.write_text('[[site]]\nname = "x"\ntitle = "X"\nhost = "x.test"\n', encoding="utf-8")
    file = SettingsFile(path, load_settings(path))
    live = Live(town.database, ground, town.settings.snapshot_directory, file)
    live.look()
    town.decide(f"{OLD}/a", MappingKind.MOVED, target="/tin-tuc")
    before = live.published
    assert before is not None
    assert isinstance(where(live, "/moi/x"), Unresolved)

    route = (
        f'[[route]]\nname = "r"\nhost = "{HOST}"\npath = "/moi/*"\nupstream = "http://10.0.0.5"\n'
    )
    path.write_text(path.read_text() + route, encoding="utf-8")
    live.follow()
    live.follow()
    assert live.published is not None
    assert live.published.snapshot is before.snapshot, "nothing was compiled for it"
    assert isinstance(where(live, "/moi/x"), Proxied)
    assert [one.name for one in live.routes()] == ["r"]
    assert isinstance(where(live, "/a"), Unresolved)

    live.look()
    assert isinstance(where(live, "/a"), Moved)
    assert isinstance(where(live, "/moi/x"), Proxied)
    live.close()


def test_a_snapshot_of_other_routes_is_served_with_those_of_the_settings(
    town: Any, ground: Ground, live: Live
) -> None:
    live.look()
    (only,) = live.routes()
    town.database.close()
    moved = replace(only, path="/khac/*")
    later = Live(town.database, replace(ground, routes=[moved]), town.settings.snapshot_directory)
    later._fall_back()
    assert later.routes() == (moved,)
    assert isinstance(where(later, "/khac/x"), Proxied)
    later.close()


def test_nothing_is_built_while_nothing_changes(town: Any, live: Live) -> None:
    live.look()
    first = live.published
    live.look()
    assert live.published is first
    town.decide(f"{OLD}/a", MappingKind.MOVED, target="/tin-tuc")
    live.look()
    assert live.published is not first


def test_a_failed_build_keeps_what_is_live_and_says_why(town: Any, live: Live) -> None:
    town.decide(f"{OLD}/a", MappingKind.MOVED, target="/tin-tuc")
    live.look()
    directory = town.settings.snapshot_directory
    directory.rename(directory.with_name("aside"))
    directory.write_text("in the way")
    town.decide(f"{OLD}/b", MappingKind.MOVED, target="/tin-tuc")
    live.look()
    assert isinstance(where(live, "/a"), Moved)
    assert isinstance(where(live, "/b"), Unresolved)
    assert live.failure
    assert "snapshots" in live.failure
    directory.unlink()
    live.look()
    assert live.failure is None
    assert isinstance(where(live, "/b"), Moved)


def test_a_damaged_file_is_passed_over(town: Any, live: Live, ground: Ground) -> None:
    directory = town.settings.snapshot_directory
    town.decide(f"{OLD}/a", MappingKind.MOVED, target="/tin-tuc")
    publish(town.database, ground, directory=directory)
    (directory / "9999999999-00000000.snapshot").write_bytes(b"torn")
    town.database.close()
    for path in town.settings.data.glob("catalogue.db*"):
        path.unlink()
    (town.settings.data / "catalogue.db").write_bytes(b"not a database at all" * 100)
    live.look()
    assert live.failure
    assert isinstance(where(live, "/a"), Moved)


def test_a_damaged_file_of_this_very_revision_is_built_again(
    town: Any, live: Live, ground: Ground
) -> None:
    report = publish(town.database, ground, directory=town.settings.snapshot_directory)
    report.path.write_bytes(b"torn")
    live.look()
    assert live.failure is None
    assert live.published is not None


def test_only_the_newest_files_are_kept(town: Any, live: Live) -> None:
    for number in range(KEPT_FILES + 3):
        town.decide(f"{OLD}/{number}", MappingKind.MOVED, target="/tin-tuc")
        live.look()
    kept = snapshots_on_disk(town.settings.snapshot_directory)
    assert len(kept) == KEPT_FILES
    assert live.published is not None
    assert kept[0] == live.published.path


def test_other_settings_make_another_snapshot_of_the_same_revision(
    town: Any, ground: Ground
) -> None:
    rule = Rule("tat-ca", "haiduong", "/cu/*", target="/tin-tuc")
    other = replace(ground, rules=[rule])
    directory = town.settings.snapshot_directory
    assert (
        publish(town.database, ground, directory=directory).path
        != publish(town.database, other, directory=directory).path
    )


def test_two_sites_on_one_host_are_a_failure_with_both_names(town: Any, ground: Ground) -> None:
    twin = Site("sinh-doi", "Sinh đôi", HOST)
    torn = replace(ground, sites=[*ground.sites, twin])
    live = Live(town.database, torn, town.settings.snapshot_directory)
    live.look()
    assert live.published is None
    assert live.failure
    assert "sinh-doi" in live.failure


def test_a_site_that_left_the_settings_is_still_served(town: Any, ground: Ground) -> None:
    town.decide(f"{OLD}/a", MappingKind.MOVED, target="/tin-tuc")
    fewer = replace(ground, sites=[site for site in ground.sites if site.name != "haiduong"])
    live = Live(town.database, fewer, town.settings.snapshot_directory)
    live.look()
    assert isinstance(where(live, "/a"), Moved)
    live.close()


def test_a_heart_goes_on_beating_after_a_surprise() -> None:
    beats: list[int] = []
    enough = threading.Event()

    def beat() -> None:
        beats.append(1)
        if len(beats) >= 3:
            enough.set()
        raise RuntimeError("surprise")

    heart = Heartbeat(0.01, beat)
    heart.start()
    assert enough.wait(5)
    heart.stop()
