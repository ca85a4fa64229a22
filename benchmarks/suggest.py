"""How well suggestions find what became of old addresses: the demo's portals, crawled, their truth.

A share of all old addresses is hidden before the archive is read, as if the crawl had never been
there: no capture, no document, no mapping of theirs. A page none of whose addresses is left is
brought over by hand, as an office does, under an address of its own. Then every hidden address is
asked for, and what is suggested is held against what the demo knows.
"""

from __future__ import annotations

import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from random import Random

import anyio
from sqlalchemy import Connection, delete, select, update

from benchmarks.measure import print_line, print_table
from catalogue import decisions
from catalogue.archive import Archive
from catalogue.database import Database, open_database
from catalogue.document import Document, DocumentBody, DocumentKind, DocumentState
from catalogue.documents import Documents
from catalogue.evidence import Evidence, document_of
from catalogue.filtering import DocumentFilter
from catalogue.indexing import bring_up_to_date
from catalogue.migrating import migrate
from catalogue.review import Decision, Verb
from catalogue.schema import capture, document, ledger
from catalogue.search.engines import open_index
from crawler.crawl import crawl, keys_of, reread
from crawler.duplicates import text_digest
from crawler.extract.attachment import safe_name, slug_of
from crawler.plan import CrawlPlan
from demo.server import serve
from demo.truth import DemoSite, Truth
from demo.world import World, build_world
from redirects.mapping import CanonicalUrl
from redirects.site import QueryPolicy, Site
from redirects.suggest import AUTO_ACCEPT, Suggestion

SCALE = 5
HIDDEN_SHARE = 0.3
SEED = 6
_BEFORE_ROBOTS = "haiphong"  # its robots.txt shuts out the folder that holds its own attachments
_NOW = datetime(2025, 7, 1, 1, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Asked:
    """A hidden address, its kind of page, and the documents that are right answers."""

    site: str
    key: CanonicalUrl
    kind: str
    right: frozenset[int]


@dataclass(slots=True)
class Figures:
    """What was suggested, counted."""

    asked: int = 0
    above: int = 0
    above_right: int = 0
    first_right: int = 0
    in_five: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        """Right ones among the first suggestions above the limit."""
        return self.above_right / max(self.above, 1)

    @property
    def recall(self) -> float:
        """Addresses whose document is among the first five."""
        return self.in_five / max(self.asked, 1)

    @property
    def auto_share(self) -> float:
        """Addresses with a suggestion above the limit."""
        return self.above / max(self.asked, 1)

    def count(self, asked: Asked, found: Sequence[Suggestion], limit: float) -> None:
        """Take one answer in."""
        ids = [document_of(each.candidate.target) for each in found]
        right = bool(ids) and ids[0] in asked.right
        above = bool(found) and found[0].score >= limit
        self.asked += 1
        self.above += above
        self.above_right += above and right
        self.first_right += right
        self.in_five += any(each in asked.right for each in ids)
        if above and not right:
            self.wrong.append(f"{asked.key}: {found[0].candidate.title} {found[0].score:.3f}")


def evaluate(world: World, directory: Path, *, limit: float = AUTO_ACCEPT) -> dict[str, Figures]:
    """Crawl, hide, read, suggest; return figures for all addresses and for each kind of page."""
    url = f"sqlite:///{directory / 'catalogue.db'}"
    migrate(url)
    database, archive = open_database(url), Archive(directory / "archive")
    try:
        asked = _prepare(world, database, archive)
        engine = open_index("tantivy", directory / "index")
        while bring_up_to_date(database, engine, limit=500):
            pass
        with database.reading() as connection:
            evidence = Evidence(connection, engine)
            found = evidence.suggestions([(each.site, each.key) for each in asked])
        engine.close()
    finally:
        database.close()
    figures: defaultdict[str, Figures] = defaultdict(Figures)
    for one, suggestions in zip(asked, found, strict=True):
        for name in ("all", f"{one.site} {one.kind}"):
            figures[name].count(one, suggestions, limit)
    return dict(figures)


def _prepare(world: World, database: Database, archive: Archive) -> list[Asked]:
    sites = {each.name: _site_of(each) for each in world.sites}
    for demo in world.sites:
        _crawl(world, demo, database, archive)
    keys = {name: keys_of(site) for name, site in sites.items()}
    truths = [
        each for each in world.truths if each.expected in ("document", "duplicate", "not_html")
    ]
    addresses = {each.url: _addresses(each, keys[each.site]) for each in truths}
    everything = sorted({key for each in addresses.values() for key in each})
    hidden = set(Random(SEED).sample(everything, int(HIDDEN_SHARE * len(everything))))
    with database.writing() as connection:
        _hide(connection, hidden)
    for site in sites.values():
        reread(site, database, archive, now=lambda: _NOW, progress=lambda _: None)
    with database.writing() as connection:
        by_hand = _bring_over(connection, truths, addresses)
        documents = Documents(connection)
        waiting = documents.ids(DocumentFilter(state=DocumentState.IMPORTED))
        verdicts = [Decision(each, Verb.ACCEPT) for each in waiting]
        decisions.take(connection, verdicts, editor="demo", now=_NOW)
        right = _right_answers(connection, truths, addresses, by_hand)
    return [
        Asked(truth.site, key, truth.kind, right[truth.url])
        for truth in truths
        for key in addresses[truth.url]
        if key in hidden
    ]


def _crawl(world: World, demo: DemoSite, database: Database, archive: Archive) -> None:
    with serve(world) as running:
        plan = CrawlPlan(
            _site_of(demo),
            demo.seeds,
            address=f"127.0.0.1:{running.port}",
            delay=0,
            connections=4,
            retry_delay=0.05,
            obey_robots=demo.name != _BEFORE_ROBOTS,
        )
        now = partial(datetime.now, UTC)
        anyio.run(partial(crawl, plan, database, archive, now=now, progress=lambda _: None))


def _site_of(demo: DemoSite) -> Site:
    policy = QueryPolicy(demo.query_mode, frozenset(demo.query_names))
    return Site(demo.name, demo.title, demo.host, demo.aliases, policy, demo.unit)


def _addresses(truth: Truth, key_of: Callable[[str], CanonicalUrl | None]) -> list[CanonicalUrl]:
    keys = (key_of(url) for url in (truth.url, *truth.spellings))
    return list(dict.fromkeys(key for key in keys if key is not None))


def _hide(connection: Connection, hidden: Iterable[CanonicalUrl]) -> None:
    for key in hidden:
        connection.execute(update(ledger).where(ledger.c.key == key).values(capture_id=None))
        connection.execute(delete(capture).where(capture.c.key == key))


def _bring_over(
    connection: Connection,
    truths: Sequence[Truth],
    addresses: dict[str, list[CanonicalUrl]],
) -> dict[str, int]:
    """Keep the pages that no crawled address shows, as an editor copies them."""
    any_capture = connection.execute(select(capture.c.id).limit(1)).scalar_one()
    read = set(connection.execute(select(document.c.key)).scalars())
    kept: dict[str, int] = {}
    for number, truth in enumerate(truths):
        if not read.isdisjoint(addresses[truth.url]):
            continue
        is_file = truth.expected == "not_html"
        made = Document(
            site=truth.site,
            key=CanonicalUrl(f"by-hand.invalid/{number}"),
            url=f"http://by-hand.invalid/{number}",
            capture_id=any_capture,
            kind=DocumentKind.ATTACHMENT if is_file else DocumentKind.ARTICLE,
            state=DocumentState.IMPORTED,
            section="khac",
            title=Path(truth.title).stem.replace("_", " ") if is_file else truth.title,
            slug=safe_name(truth.title) if is_file else slug_of(truth.title),
            text_digest=_digest(truth, is_file=is_file),
            number=truth.number,
            agency=truth.agency,
            published_on=truth.published,
        )
        body = DocumentBody(f"<p>{number}</p>", truth.text)
        kept[truth.url] = Documents(connection).keep(made, body, made_by="editor", now=_NOW).id
    return kept


def _digest(truth: Truth, *, is_file: bool) -> str:
    return sha256(truth.url.encode()).hexdigest() if is_file else text_digest(truth.text)


def _right_answers(
    connection: Connection,
    truths: Sequence[Truth],
    addresses: dict[str, list[CanonicalUrl]],
    by_hand: dict[str, int],
) -> dict[str, frozenset[int]]:
    """Return the documents of each truth; of a copy and its original either is right."""
    columns = (document.c.key, document.c.id, document.c.duplicate_of, document.c.text_digest)
    rows = connection.execute(select(*columns)).all()
    of_key = {row.key: row.duplicate_of or row.id for row in rows}
    right: dict[str, set[int]] = {
        truth.url: {of_key[key] for key in addresses[truth.url] if key in of_key}
        for truth in truths
    }
    for url, document_id in by_hand.items():
        right[url].add(document_id)
    for truth in truths:
        if truth.duplicate_of in right:
            both = right[truth.url] | right[truth.duplicate_of]
            right[truth.url] = right[truth.duplicate_of] = both
    return {url: frozenset(ids) for url, ids in right.items()}


def main() -> None:
    """Print the figures at a scale (the first argument, or 5)."""
    scale = int(sys.argv[1]) if len(sys.argv) > 1 else SCALE
    with tempfile.TemporaryDirectory() as directory:
        figures = evaluate(build_world(scale=scale), Path(directory))
    rows = [
        [
            name,
            str(one.asked),
            f"{one.auto_share:.3f}",
            f"{one.precision:.3f}",
            f"{one.first_right / one.asked:.3f}",
            f"{one.recall:.3f}",
        ]
        for name, one in sorted(figures.items())
    ]
    columns = ["addresses", "asked", "above limit", "right above", "right first", "in five"]
    print_table(f"Suggestions on the demo's truth, scale {scale}", columns, rows)
    for wrong in figures["all"].wrong[:20]:
        print(wrong)
    everything = figures["all"]
    print_line(
        "suggest",
        {
            "suggest_p1": everything.precision,
            "suggest_r5": everything.recall,
            "auto_share": everything.auto_share,
            "asked": everything.asked,
        },
    )


if __name__ == "__main__":
    main()
