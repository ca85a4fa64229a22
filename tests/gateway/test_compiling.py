"""Large catalogues are compiled by another process; of several sites one compiles."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.compiling import Compiler
from gateway.publishing import Ground
from redirects.mapping import MappingKind
from redirects.resolution import Moved, Request
from redirects.site import Site
from redirects.snapshot import SnapshotError, open_snapshot

HOST = "www.haiduong.localhost"


@pytest.fixture
def ground(town: Any) -> Ground:
    settings = town.settings
    return Ground(settings.as_portal(("/",)), settings.sites(), settings.routes(), settings.rules())


def compiler(town: Any, ground: Ground, **more: Any) -> Compiler:
    return Compiler(town.database, ground, town.settings.snapshot_directory, **more)


def leads(path: Path, asked: str) -> str:
    snapshot = open_snapshot(path)
    try:
        found = snapshot.resolver().resolve(Request(HOST, asked.encode()))
    finally:
        snapshot.close()
    assert isinstance(found, Moved)
    return found.location


def test_another_process_makes_the_same_file(town: Any, ground: Ground) -> None:
    town.decide(f"http://{HOST}/a", MappingKind.MOVED, target="/tin-tuc")
    here = compiler(town, ground).compile()
    content = here.read_bytes()
    here.unlink()
    apart = compiler(town, ground, few=0).compile()
    assert (apart, apart.read_bytes()) == (here, content)
    assert leads(apart, "/a") == f"{town.url}/tin-tuc"


def test_what_goes_wrong_there_is_told_here(town: Any, ground: Ground) -> None:
    twice = replace(ground, sites=[*ground.sites, Site("khac", "Khác", ground.sites[0].host)])
    with pytest.raises(SnapshotError, match="is claimed by"):
        compiler(town, twice, few=-1).compile()


def test_a_compilation_without_end_is_ended(town: Any, ground: Ground) -> None:
    with pytest.raises(SnapshotError, match="not compiled within"):
        compiler(town, ground, few=-1, seconds=0).compile()
    assert compiler(town, ground, few=-1).compile().exists()


def test_of_several_sites_one_compiles(town: Any, ground: Ground) -> None:
    town.decide(f"http://{HOST}/a", MappingKind.MOVED, target="/tin-tuc")
    made: list[tuple[Path, int]] = []

    def make() -> None:
        path = compiler(town, ground, few=-1).compile()
        made.append((path, path.stat().st_ino))

    threads = [threading.Thread(target=make) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(made) == 3
    assert len(set(made)) == 1  # one file, made once


def test_a_redirect_knows_when_it_was_decided(town: Any, ground: Ground) -> None:
    town.decide(f"http://{HOST}/a", MappingKind.MOVED, target="/tin-tuc")
    town.decide(f"http://{HOST}/t", MappingKind.TEMPORARY, target="/tin-tuc")
    snapshot = open_snapshot(compiler(town, ground).compile())
    try:
        found = [snapshot.resolver().resolve(Request(HOST, path)) for path in (b"/a", b"/t")]
    finally:
        snapshot.close()
    moments = [one.since for one in found if isinstance(one, Moved)]
    assert len(moments) == 2
    assert all(moment is not None and moment > 1_500_000_000 for moment in moments)
