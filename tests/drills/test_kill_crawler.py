"""Kill -9 in mid-crawl, five times: nothing recorded is lost and the crawl ends complete."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from catalogue.archive import Archive
from catalogue.captures import Captures
from catalogue.database import open_database
from catalogue.migrating import migrate
from crawler.ledger import LedgerState, account
from tests.crawler.old_server import Answer, Asked, OldServer

ROOT = Path(__file__).resolve().parents[2]
PAGES = 600
KILLS = 5
PROGRAM = """
import sys
from datetime import UTC, datetime
from collections.abc import Callable
from pathlib import Path
import anyio
from catalogue.archive import Archive
from catalogue.database import open_database
from crawler.crawl import crawl
from crawler.plan import CrawlPlan
from redirects.site import Site

url, directory, address = sys.argv[1:]
plan = CrawlPlan(Site("cu", "Cũ", "cu.gov.vn"), ("http://cu.gov.vn/",), address=address, delay=0, connections=2)

async def main():
    report = await crawl(
        plan, open_database(url), Archive(Path(directory)),
        now=lambda: datetime.now(UTC), progress=lambda progress: None,
    )
    print(report)

anyio.run(main)
"""


def page(n: int) -> str:
    links = "".join(
        f"<a href=/bai-{3 * n + step}>x</a>" for step in (1, 2, 3) if 3 * n + step < PAGES
    )
    words = " ".join(
        random.Random(n).sample(
            ["sông", "núi", "đồng", "ruộng", "chợ", "đê", "lúa", "trường", "trạm", "đường", "cầu"],
            9,
        )
    )
    return f"<h1>Bài {n}</h1><p>{words}, {words[::-1]}, bài viết số {'i' * (n % 50)}-{n // 50}.</p>{links}"


def slowly(n: int) -> Callable[[Asked], Answer]:
    """A server of its time: twenty milliseconds a page, so that kills fall into the middle."""

    def reply(asked: Asked) -> Answer:
        time.sleep(0.02)
        return Answer(page(n).encode())

    return reply


@pytest.mark.drill
def test_five_kills_lose_nothing(tmp_path: Path) -> None:
    server = OldServer()
    server.pages = {f"/bai-{n}": slowly(n) for n in range(1, PAGES)} | {"/": page(0)}
    url = f"sqlite:///{tmp_path / 'catalogue.db'}"
    migrate(url)
    chance = random.Random(5)
    recorded: set[str] = set()
    for _ in range(KILLS):
        child = start(url, tmp_path, server)
        time.sleep(chance.uniform(0.9, 1.6))
        child.kill()
        child.communicate()
        now_held = held(url)
        assert recorded <= now_held, "a recorded capture is gone"
        recorded = now_held
    last = start(url, tmp_path, server)
    output, _ = last.communicate(timeout=120)
    assert last.returncode == 0, output
    server.close()
    everything = {f"cu.gov.vn/bai-{n}" for n in range(1, PAGES)} | {"cu.gov.vn/"}
    assert everything <= held(url)
    database = open_database(url)
    with database.reading() as connection:
        book = account(connection, "cu")
        captures = list(Captures(connection).of_site("cu"))
    database.close()
    assert (book.pending, sum(book.states.values())) == (0, book.discovered)
    assert book.states[LedgerState.CAPTURED] == PAGES, "the last run began a new round"
    archive = Archive(tmp_path / "archive")
    for capture in captures:
        assert archive.read(capture.warc_file, capture.warc_offset).status == capture.status
    again = len([target for target in server.targets if target.startswith("/bai-")]) - (PAGES - 1)
    print(f"{KILLS} kills, {len(recorded)} held before the last run, {again} asked for twice")
    assert again <= 16 * KILLS


def start(url: str, directory: Path, server: OldServer) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, url, str(directory / "archive"), server.address],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def held(url: str) -> set[str]:
    database = open_database(url)
    with database.reading() as connection:
        names = {site for site in ("cu",) if account_exists(connection, site)}
        keys = {capture.key for site in names for capture in Captures(connection).of_site(site)}
    database.close()
    return {str(key) for key in keys}


def account_exists(connection: object, site: str) -> bool:
    from catalogue.sites import Sites

    return Sites(connection).find(site) is not None  # type: ignore[arg-type]  # a connection
