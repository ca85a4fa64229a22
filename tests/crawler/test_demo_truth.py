"""Crawls the demo's portals and holds what was read against their known truth."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import SequenceMatcher
from functools import partial
from pathlib import Path

import anyio
import pytest

from catalogue.archive import Archive
from catalogue.captures import Captures
from catalogue.database import Database, open_database
from catalogue.document import Document, DocumentKind, DocumentState
from catalogue.documents import Documents
from catalogue.filtering import DocumentFilter
from catalogue.migrating import migrate
from crawler.crawl import CrawlReport, crawl, keys_of, reread
from crawler.ledger import account
from crawler.plan import CrawlPlan
from demo.server import serve
from demo.truth import DemoSite, Truth
from demo.world import World, build_world
from redirects.mapping import CanonicalUrl
from redirects.site import QueryPolicy, Site

BEFORE_ROBOTS = "haiphong"  # its robots.txt shuts out the folder that holds its own attachments


@dataclass(frozen=True)
class Crawled:
    world: World
    database: Database
    archive: Archive
    reports: dict[str, CrawlReport]

    def document(self, truth: Truth) -> Document | None:
        with self.database.reading() as connection:
            return Documents(connection).by_key(self.key(truth.url, truth.site))

    def key(self, url: str, site: str) -> CanonicalUrl:
        names = {each.name: each for each in (*self.world.sites, self.world.trap.site)}
        key = keys_of(site_of(names[site]))(url)
        assert key is not None
        return key

    def expected(self, *kinds: str) -> list[Truth]:
        return [truth for truth in self.world.truths if truth.expected in kinds and truth.linked]


def site_of(demo: DemoSite) -> Site:
    policy = QueryPolicy(demo.query_mode, frozenset(demo.query_names))
    return Site(demo.name, demo.title, demo.host, demo.aliases, policy, demo.unit)


def now() -> datetime:
    return datetime.now(UTC)


def run_crawl(
    world: World, demo: DemoSite, database: Database, archive: Archive, limit: int | None = None
) -> CrawlReport:
    with serve(world) as running:
        plan = CrawlPlan(
            site_of(demo),
            demo.seeds,
            address=f"127.0.0.1:{running.port}",
            delay=0,
            connections=4,
            retry_delay=0.05,
            obey_robots=demo.name != BEFORE_ROBOTS,
        )
        start = partial(
            crawl, plan, database, archive, limit=limit, now=now, progress=lambda progress: None
        )
        return anyio.run(start)


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    directory = tmp_path_factory.mktemp("demo")
    database, archive = catalogue_in(directory)
    world = build_world()
    reports = {}
    for demo in world.sites:
        reports[demo.name] = run_crawl(world, demo, database, archive)
        reread(site_of(demo), database, archive, now=now, progress=lambda progress: None)
    yield Crawled(world, database, archive, reports)
    database.close()


def catalogue_in(directory: Path) -> tuple[Database, Archive]:
    url = f"sqlite:///{directory / 'catalogue.db'}"
    migrate(url)
    return open_database(url), Archive(directory / "archive")


def plain(text: str | None) -> str:
    return " ".join(unicodedata.normalize("NFC", text or "").split())


def share(right: int, whole: int, wrong: object = None) -> float:
    assert whole > 0
    print(f"{right} of {whole}; wrong: {wrong}")
    return right / whole


def test_documents_are_found_with_their_titles_and_dates(crawled: Crawled) -> None:
    truths = crawled.expected("document", "duplicate")
    wrong = [
        truth.url
        for truth in truths
        if (found := crawled.document(truth)) is None
        or plain(found.title) != plain(truth.title)
        or found.published_on != truth.published
        or found.section != truth.kind
    ]
    assert share(len(truths) - len(wrong), len(truths), wrong[:9]) >= 0.98


def test_document_numbers_are_their_own(crawled: Crawled) -> None:
    truths = crawled.expected("document", "duplicate")
    wrong = [
        truth.url
        for truth in truths
        if (found := crawled.document(truth)) is not None and found.number != truth.number
    ]
    assert share(len(truths) - len(wrong), len(truths), wrong[:9]) >= 0.98


def test_main_texts_are_whole_and_clean(crawled: Crawled) -> None:
    """Recall and precision over words, as the mean of all pages below 50,000 characters."""
    recalls, precisions = [], []
    for truth in crawled.expected("document", "duplicate"):
        found = crawled.document(truth)
        if found is None or len(truth.text) > 50_000:
            continue
        with crawled.database.reading() as connection:
            body = Documents(connection).body(found.id)
        assert body is not None
        recall, precision = overlap(truth.text, body.text)
        recalls.append(recall)
        precisions.append(precision)
    assert share(round(sum(recalls)), len(recalls)) >= 0.98
    assert sum(precisions) / len(precisions) >= 0.95


def overlap(truth: str, found: str) -> tuple[float, float]:
    one, two = plain(truth).split(), plain(found).split()
    matcher = SequenceMatcher(None, one, two, autojunk=False)
    same = sum(block.size for block in matcher.get_matching_blocks())
    return same / max(1, len(one)), same / max(1, len(two))


def test_legacy_charsets_are_read_letter_by_letter(crawled: Crawled) -> None:
    """Of all characters on the district's portal at least 99 in 100 are right."""
    right = whole = 0
    for truth in crawled.expected("document"):
        if truth.site != "gialoc" or (found := crawled.document(truth)) is None:
            continue
        with crawled.database.reading() as connection:
            body = Documents(connection).body(found.id)
        assert body is not None
        wanted = plain(f"{truth.title} {truth.text}")
        matcher = SequenceMatcher(None, wanted, plain(f"{found.title} {body.text}"), autojunk=False)
        right += sum(block.size for block in matcher.get_matching_blocks())
        whole += len(wanted)
    assert share(right, whole) >= 0.99


def test_nothing_but_documents_is_imported(crawled: Crawled) -> None:
    for truth in crawled.expected("listing", "gone", "soft_error", "redirect"):
        assert crawled.document(truth) is None, truth.url


def test_copies_point_at_their_originals(crawled: Crawled) -> None:
    for truth in crawled.expected("duplicate"):
        found = crawled.document(truth)
        assert found is not None
        assert found.state is DocumentState.DUPLICATE
        with crawled.database.reading() as connection:
            head = Documents(connection).find(found.duplicate_of or 0)
        assert head is not None
        assert plain(head.title) == plain(truth.title)


def test_no_document_of_its_own_is_called_a_copy(crawled: Crawled) -> None:
    for truth in crawled.expected("document"):
        found = crawled.document(truth)
        if found is None or found.duplicate_of is None:
            continue
        with crawled.database.reading() as connection:
            head = Documents(connection).find(found.duplicate_of)
        assert head is not None
        assert plain(head.title) == plain(found.title), truth.url


def test_spam_and_personal_data_are_held_back(crawled: Crawled) -> None:
    for truth in crawled.expected("quarantine"):
        found = crawled.document(truth)
        assert found is not None, truth.url
        assert found.state is DocumentState.QUARANTINED, truth.url
    held = [
        truth
        for truth in crawled.expected("document")
        if (found := crawled.document(truth)) and found.state is DocumentState.QUARANTINED
    ]
    assert held == []


def test_files_are_kept_byte_for_byte_under_their_names(crawled: Crawled) -> None:
    wrong = []
    for truth in crawled.expected("document", "duplicate"):
        for file in truth.attachments:
            key = crawled.key(file.url, truth.site)
            with crawled.database.reading() as connection:
                found = Documents(connection).by_key(key)
                capture = Captures(connection).latest(key)
            if (
                found is None
                or found.kind is not DocumentKind.ATTACHMENT
                or capture is None
                or capture.digest != f"sha256:{file.sha256}"
            ):
                wrong.append(file.url)
    assert wrong == []


def test_every_address_has_one_state_and_nothing_is_pending(crawled: Crawled) -> None:
    with crawled.database.reading() as connection:
        for demo in crawled.world.sites:
            book = account(connection, demo.name)
            assert book.pending == 0
            assert sum(book.states.values()) == book.discovered
            assert crawled.reports[demo.name].stopped is None


def test_another_crawl_of_portals_that_did_not_change_makes_no_document(crawled: Crawled) -> None:
    demo = crawled.world.sites[1]
    with crawled.database.reading() as connection:
        before = Documents(connection).ids(DocumentFilter(site=demo.name))
        captures = Captures(connection).count(demo.name)
    report = run_crawl(crawled.world, demo, crawled.database, crawled.archive)
    reread(
        site_of(demo), crawled.database, crawled.archive, now=now, progress=lambda progress: None
    )
    with crawled.database.reading() as connection:
        assert Documents(connection).ids(DocumentFilter(site=demo.name)) == before
        stored = Captures(connection).count(demo.name) - captures
    assert report.unchanged > 0
    print(f"{stored} of {report.fetched} answers differed (view states, session ids)")


def test_the_trap_portal_gives_up_all_its_articles(tmp_path: Path) -> None:
    """33 of 33 articles among links without end, in at most 150 fetches."""
    world = build_world()
    database, archive = catalogue_in(tmp_path)
    report = run_crawl(world, world.trap.site, database, archive, limit=600)
    reread(site_of(world.trap.site), database, archive, now=now, progress=lambda progress: None)
    with database.reading() as connection:
        found = Documents(connection).listing(
            DocumentFilter(state=DocumentState.IMPORTED), limit=1000
        )
    database.close()
    titles = {plain(each.title) for each in found}
    missing = [truth.title for truth in world.trap.truths if plain(truth.title) not in titles]
    print(
        f"{33 - len(missing)} of 33 articles in {report.fetched} fetches, {report.pending} pending"
    )
    assert missing == []
    assert (report.fetched <= 150, report.pending) == (True, 0)
