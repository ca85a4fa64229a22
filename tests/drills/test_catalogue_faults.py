"""Faults on purpose: a writer killed in mid-write, a disk that is full."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from catalogue.archive import Archive, ArchiveError, ArchiveWriter
from catalogue.captures import Captures
from catalogue.database import Database, DatabaseUnavailableError, open_database
from catalogue.migrating import migrate
from catalogue.sites import Sites
from catalogue.warc import Exchange
from redirects.site import Site
from tests.catalogue.worlds import HAIDUONG, NOW

pytestmark = pytest.mark.drill

ROOT = Path(__file__).resolve().parents[2]

WRITER = textwrap.dedent(
    """
    import os, sys
    from dataclasses import replace
    from pathlib import Path
    from catalogue.archive import Archive
    from catalogue.captures import Captures
    from catalogue.database import open_database
    from catalogue.warc import Exchange
    from tests.catalogue.worlds import NOW, a_capture, key_of

    folder = Path(sys.argv[1])
    database = open_database(f"sqlite:///{folder}/catalogue.db")
    with Archive(folder / "archive").writer("haiduong") as writer:
        for number in range(100_000):
            path = f"/{os.getpid()}/{number}"
            payload = f"trang {number} ".encode() * 3_000 + os.urandom(9_000)
            exchange = Exchange(
                url=f"http://haiduong.gov.vn{path}", captured_at=NOW,
                request_head=b"GET / HTTP/1.1", status=200, reason="OK",
                headers=(("Content-Type", "text/html"),), payload=payload,
            )
            placed = writer.add(exchange)
            writer.sync()
            with database.writing() as connection:
                Captures(connection).add(
                    replace(
                        a_capture(path), digest=placed.digest, length=placed.length,
                        warc_file=placed.file, warc_offset=placed.offset,
                    )
                )
            print(number, flush=True)
    """
)


def exchange(payload: bytes) -> Exchange:
    return Exchange(
        url="http://haiduong.gov.vn/a",
        captured_at=NOW,
        request_head=b"GET /a HTTP/1.1",
        status=200,
        reason="OK",
        headers=(("Content-Type", "text/html"),),
        payload=payload,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    migrate(f"sqlite:///{tmp_path}/catalogue.db")
    database = open_database(f"sqlite:///{tmp_path}/catalogue.db")
    with database.writing() as connection:
        Sites(connection).keep(HAIDUONG)
    database.close()
    return tmp_path


def test_nothing_that_was_recorded_is_lost_when_the_writer_is_killed(folder: Path) -> None:
    chance = random.Random(687)
    said = 0
    for _ in range(6):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, folder],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert writer.stdout is not None
        for _ in range(chance.randrange(3, 12)):
            writer.stdout.readline()
        time.sleep(chance.random() / 50)
        writer.send_signal(signal.SIGKILL)
        rest = writer.communicate(timeout=30)[0]
        said += 3 + rest.count("\n")

    database, archive = (
        open_database(f"sqlite:///{folder}/catalogue.db"),
        Archive(folder / "archive"),
    )
    try:
        with database.reading() as connection:
            captures = list(Captures(connection).of_site("haiduong"))
            assert connection.execute(text("PRAGMA integrity_check")).scalar_one() == "ok"
    finally:
        database.close()
    assert len(captures) >= said
    for capture in captures:
        stored = archive.read(capture.warc_file, capture.warc_offset)
        assert (stored.url, len(stored.payload)) == (capture.url, capture.length)
    with archive.writer("haiduong") as writer:
        last = writer.add(exchange(b"sau khi dien tro lai"))
    records = list(archive.records(last.file))
    assert all(each.record.digest_holds for each in records)
    check = [sys.executable, "-m", "warcio.cli", "check", archive.directory / last.file]
    assert subprocess.run(check, check=False).returncode == 0


FULL = textwrap.dedent(
    """
    import resource, sys
    from pathlib import Path
    from catalogue.archive import Archive, ArchiveError
    from tests.drills.test_catalogue_faults import exchange

    archive = Archive(Path(sys.argv[1]) / "archive")
    with archive.writer("haiduong") as writer:
        kept = writer.add(exchange(b"a" * 100))
        resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, resource.RLIM_INFINITY))
        try:
            import os
            writer.add(exchange(os.urandom(50_000)))
        except ArchiveError as error:
            print(error)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        after = writer.add(exchange(b"b" * 100))
    print(archive.read(kept.file, kept.offset).payload == b"a" * 100)
    print(archive.read(after.file, after.offset).payload == b"b" * 100)
    print(len(list(archive.records(kept.file))))
    """
)


def test_a_record_that_does_not_fit_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL, tmp_path],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    complaint, *rest = done.stdout.splitlines()
    assert "haiduong-00001.warc.gz at" in complaint, done.stderr
    assert "File too large" in complaint
    assert rest == ["True", "True", "5"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of three megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", place],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"no small file system can be mounted here: {mounted.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def test_a_full_disk_is_named_and_what_was_kept_stays(small_disk: Path) -> None:
    url, ballast = f"sqlite:///{small_disk}/catalogue.db", small_disk / "ballast"
    migrate(url)
    ballast.write_bytes(os.urandom(1_500_000))
    database, archive = open_database(url), Archive(small_disk / "archive")
    kept: list[str] = []
    try:
        with pytest.raises(DatabaseUnavailableError, match=r"full|disk I/O"):
            keep_sites(database, kept)
        with archive.writer("haiduong") as writer:
            with pytest.raises(ArchiveError, match="No space left on device"):
                add_exchanges(writer)
            ballast.unlink()
            writer.add(exchange(b"a"))
        assert all(each.record.digest_holds for each in archive.records(writer.file))
        with database.reading() as connection:
            assert [site.name for site in Sites(connection).all()] == kept
            assert connection.execute(text("PRAGMA integrity_check")).scalar_one() == "ok"
        with database.writing() as connection:
            Sites(connection).keep(Site("last", "Cuối cùng", "last.gov.vn"))
    finally:
        database.close()
    assert len(kept) > 5


def keep_sites(database: Database, kept: list[str]) -> None:
    for number in range(1_000):
        name = f"s{number}"
        with database.writing() as connection:
            Sites(connection).keep(Site(name, "Tên " * 5_000, f"{name}.gov.vn"))
        kept.append(name)


def add_exchanges(writer: ArchiveWriter) -> None:
    for _ in range(1_000):
        writer.add(exchange(os.urandom(20_000)))
