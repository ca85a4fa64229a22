"""Rereading: from the archive to documents and suggested mappings. No network; repeat at will.

captures -> site template -> each page read -> soft errors, listings, quarantine, duplicates
-> documents and mappings -> files -> redirects -> the ledger's last word
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from catalogue.archive import Archive, ArchiveError
from catalogue.capture import Capture, StoredResponse
from catalogue.captures import Captures
from catalogue.clues import LinkTexts
from catalogue.database import Database
from catalogue.document import AttachmentLink, Document, DocumentState
from catalogue.sites import Sites as KeptSites
from crawler.concluding import PROBE_PATH, location_text
from crawler.extract.attachment import FileKind, extension_of, kind_of, looks_like_file, name_of
from crawler.extract.files import FileReader
from crawler.extract.metadata import HOME_NAMES
from crawler.extract.page import Page
from crawler.extract.reading import read_page, sample_page
from crawler.extract.section import OTHER, guess_section
from crawler.extract.softerror import is_soft_error, signature_of
from crawler.extract.template import SiteTemplate, learn
from crawler.frontier import Frontier
from crawler.importing import GUESSED, LIKELY, FileFound, Importer, article_of, attachment_of
from crawler.ledger import LedgerState
from crawler.links import absolute
from crawler.looking import is_html
from crawler.progress import Progress
from crawler.traps import TrapBudget, is_view
from redirects.mapping import CanonicalUrl
from redirects.site import Site

SAMPLE = 150  # pages the site's template is learnt from
GROUP = 32  # pages kept in one transaction
MAX_HOPS = 10  # redirects followed from one address
_HARDLY_A_WORD = 40  # characters
_LINK_TEXT = 400  # characters of the words of a link that are kept
_MOVED_ON = 400  # characters; a page with a refresh and fewer only sends its reader on

KeyOf = Callable[[str], CanonicalUrl | None]


@dataclass(frozen=True, slots=True)
class RereadReport:
    """What a rereading made of a site's captures."""

    site: str
    captures: int
    documents: int
    duplicates: int
    quarantined: int
    attachments: int
    listings: int
    soft_errors: int
    redirects: int
    unreadable: int


@dataclass(slots=True)
class _Notes:
    """What is gathered on the way through the pages, for files, redirects and the ledger."""

    sections: dict[CanonicalUrl, str] = field(default_factory=dict)  # of files, by who links them
    pictures: set[CanonicalUrl] = field(default_factory=set)
    lists: set[tuple[str, str]] = field(default_factory=set)  # path and title of list pages
    leads_to: dict[CanonicalUrl, CanonicalUrl] = field(default_factory=dict)
    states: dict[CanonicalUrl, tuple[LedgerState, str]] = field(default_factory=dict)
    targets: dict[CanonicalUrl, str] = field(default_factory=dict)  # of mappings, by address
    link_texts: dict[CanonicalUrl, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def count(self, name: str) -> None:
        self.counts[name] = self.counts.get(name, 0) + 1


class Rereading:
    """One rereading of one site."""

    def __init__(
        self,
        site: Site,
        database: Database,
        archive: Archive,
        key_of: KeyOf,
        now: Callable[[], datetime],
    ) -> None:
        """Read captures of `site` from `archive`; `key_of` gives its addresses their keys."""
        self._site = site
        self._database = database
        self._archive = archive
        self._key_of = key_of
        self._now = now
        self._importer = Importer(site)
        self._notes = _Notes()
        self._budget = TrapBudget()
        self._captures: dict[CanonicalUrl, Capture] = {}
        self._names: dict[CanonicalUrl, str] = {}

    def run(self, progress: Callable[[Progress], None]) -> RereadReport:
        """Read everything once."""
        with self._database.reading() as connection:
            for capture in Captures(connection).of_site(self._site.name):
                self._captures[capture.key] = capture  # in order of id: the newest stays
            self._importer.learn(connection)
            site_id = KeptSites(connection).id_of(self._site.name)
            self._budget = TrapBudget(Frontier(connection, site_id).parked_templates())
        pages = [capture for capture in self._captures.values() if self._is_page(capture)]
        files = [capture for capture in self._captures.values() if self._is_file(capture)]
        self._name_files(files)
        template = self._learn_template(pages)
        self._read_pages(pages, template, progress)
        self._read_files(files)
        self._follow_redirects()
        self._settle()
        self._mark_read()
        return self._report()

    def _mark_read(self) -> None:
        newest = max((capture.id for capture in self._captures.values()), default=0)
        with self._database.writing() as connection:
            KeptSites(connection).mark_read(self._site.name, newest)

    # What each capture is.

    def _is_page(self, capture: Capture) -> bool:
        return _is_ok(capture) and is_html(capture.content_type.lower(), b"")

    def _is_file(self, capture: Capture) -> bool:
        return (
            _is_ok(capture)
            and not self._is_page(capture)
            and kind_of(capture.content_type, capture.url) is not FileKind.NONE
        )

    def _leads_to_page(self, url: str) -> bool:
        key = self._key_of(url)
        if key is None:
            return False
        capture = self._captures.get(key)
        if capture is None:
            return not looks_like_file(url)
        return not self._is_file(capture)

    def _responses(self, captures: Iterable[Capture]) -> Iterator[tuple[Capture, StoredResponse]]:
        for capture in captures:
            try:
                yield capture, self._archive.read(capture.warc_file, capture.warc_offset)
            except ArchiveError:
                self._notes.count("unreadable")  # `verify` names it

    # The passes.

    def _name_files(self, files: list[Capture]) -> None:
        for capture, response in self._responses(files):
            disposition = _header(response, "content-disposition")
            self._names[capture.key] = name_of(capture.url, capture.content_type, disposition)

    def _learn_template(self, pages: list[Capture]) -> SiteTemplate:
        stride = max(1, len(pages) // SAMPLE)
        return learn(
            sample_page(response.payload, capture.content_type, capture.url)
            for capture, response in self._responses(pages[::stride])
        )

    def _read_pages(
        self, pages: list[Capture], template: SiteTemplate, progress: Callable[[Progress], None]
    ) -> None:
        today = self._now().date()
        probes = self._probe_signatures(pages, template)
        group: list[tuple[Capture, Page]] = []
        for done, (capture, response) in enumerate(self._responses(pages), 1):
            page = read_page(
                response.payload,
                capture.content_type,
                capture.url,
                template=template,
                is_page=self._leads_to_page,
                today=today,
            )
            self._note_links(page)
            if self._is_document(capture, page, probes):
                group.append((capture, page))
            if len(group) >= GROUP:
                self._keep_pages(group)
                group = []
            progress(self._progress(done, len(pages), capture.url))
        self._keep_pages(group)

    def _probe_signatures(self, pages: list[Capture], template: SiteTemplate) -> frozenset[int]:
        probes = [capture for capture in pages if PROBE_PATH in capture.key]
        today = self._now().date()
        return frozenset(
            signature_of(
                read_page(
                    response.payload,
                    capture.content_type,
                    capture.url,
                    template=template,
                    is_page=self._leads_to_page,
                    today=today,
                )
            )
            for capture, response in self._responses(probes)
        )

    def _is_document(self, capture: Capture, page: Page, probes: frozenset[int]) -> bool:
        """Say what a page is; only documents come back True, the rest is noted."""
        notes = self._notes
        is_home = "/" not in capture.key.rstrip("/")
        sign = is_soft_error(page, is_home=is_home, probes=probes)
        if sign is not None:
            notes.count("soft_errors")
            notes.states[capture.key] = (LedgerState.SOFT_ERROR, sign)
            return False
        target = self._key_of(page.refresh) if page.refresh else None
        if target is not None and target != capture.key and len(page.text) <= _MOVED_ON:
            notes.leads_to[capture.key] = target
            notes.states[capture.key] = (LedgerState.REDIRECT, f"refresh: {page.refresh}")
            return False
        if is_home or page.is_listing or self._says_nothing(page) or self._goes_on(capture, page):
            notes.count("listings")
            self._note_listing(capture, page, is_home=is_home)
            return False
        return True

    def _says_nothing(self, page: Page) -> bool:
        """A page named "Trang chủ", or one with hardly a word, no date, no picture and no file."""
        if page.title.lower() in HOME_NAMES:
            return True
        holds = page.date is not None or page.images or self._files_of(page)
        return len(page.text) < _HARDLY_A_WORD and not holds

    def _goes_on(self, capture: Capture, page: Page) -> bool:
        """The last page of a list, with an item or two: the same path and title as the list."""
        return (capture.key.partition("?")[0], page.title) in self._notes.lists

    def _note_listing(self, capture: Capture, page: Page, *, is_home: bool) -> None:
        if is_home:
            self._notes.targets[capture.key] = "/"
            return
        self._notes.lists.add((capture.key.partition("?")[0], page.title))
        trail = (*page.breadcrumb, page.title)
        section = guess_section(trail, capture.url, page.title, is_english=page.is_english)
        if section != OTHER:
            self._notes.targets[capture.key] = f"section:{section}"

    def _keep_pages(self, group: list[tuple[Capture, Page]]) -> None:
        now = self._now()
        with self._database.writing() as connection:
            for capture, page in group:
                document, body = article_of(
                    self._site, capture, page, self._files_of(page), self._flags(capture)
                )
                kept = self._importer.keep(connection, document, body, now)
                self._note_article(kept, page)

    def _note_links(self, page: Page) -> None:
        """Note the words of links: they name pages that give no document of their own."""
        texts = self._notes.link_texts
        for link in page.links:
            text = " ".join(link.text.split())[:_LINK_TEXT]
            key = self._key_of(link.url) if " " in text else None
            if key is not None and key != self._key_of(page.url):
                texts[key] = max(texts.get(key, ""), text, key=len)

    def _flags(self, capture: Capture) -> tuple[str, ...]:
        """One of endlessly many views, such as a calendar's months: its template was parked."""
        dull = is_view(capture.url) and self._budget.is_parked(capture.url)
        return ("trap-template",) if dull else ()

    def _files_of(self, page: Page) -> list[AttachmentLink]:
        found: dict[CanonicalUrl, AttachmentLink] = {}
        for link in page.links:
            key = self._key_of(link.url)
            if key is not None and key in self._names and key not in found:
                found[key] = AttachmentLink(link.url, key, self._names[key])
        return list(found.values())

    def _note_article(self, kept: Document, page: Page) -> None:
        notes = self._notes
        notes.count("documents")
        self._note_state(kept)
        for link in self._files_of(page):
            notes.sections.setdefault(link.key, kept.section)
        for source in page.images:
            key = self._key_of(source)
            if key is not None:
                notes.pictures.add(key)
                notes.sections.setdefault(key, kept.section)

    def _note_state(self, kept: Document) -> None:
        notes = self._notes
        notes.targets[kept.key] = f"doc:{kept.duplicate_of or kept.id}"
        if kept.state is DocumentState.DUPLICATE:
            notes.count("duplicates")
            notes.states[kept.key] = (LedgerState.DUPLICATE, f"of: document {kept.duplicate_of}")
        elif kept.state is DocumentState.QUARANTINED:
            notes.count("quarantined")
            notes.states[kept.key] = (LedgerState.QUARANTINED, ", ".join(kept.flags))

    def _read_files(self, files: list[Capture]) -> None:
        """Keep every file that is no decoration: pictures only where an article shows them."""
        wanted = [
            capture
            for capture in files
            if kind_of(capture.content_type, capture.url) is FileKind.FILE
            or capture.key in self._notes.pictures
            or capture.key in self._notes.sections
        ]
        with FileReader() as reader:
            for capture, response in self._responses(wanted):
                name = self._names[capture.key]
                text = reader.text_of(extension_of(name), response.payload)
                section = self._notes.sections.get(capture.key, OTHER)
                self._keep_file(FileFound(capture, name, text, section))

    def _keep_file(self, found: FileFound) -> None:
        document, body = attachment_of(self._site, found)
        with self._database.writing() as connection:
            kept = self._importer.keep(connection, document, body, self._now())
        self._notes.count("attachments")
        self._note_state(kept)

    def _follow_redirects(self) -> None:
        for capture in self._captures.values():
            if capture.location is not None:
                target = absolute(location_text(capture.location), capture.url)
                key = self._key_of(target) if target else None
                if key is not None:
                    self._notes.leads_to[capture.key] = key
        now = self._now()
        with self._database.writing() as connection:
            for key, target, score in self._suggestions():
                raw = self._captures[key].url
                self._importer.suggest(
                    connection, key, raw=raw, target=target, score=score, now=now
                )

    def _suggestions(self) -> Iterator[tuple[CanonicalUrl, str, float]]:
        """Yield address, target and score for listings, and for redirects by their chain's end."""
        targets = self._notes.targets
        for key, target in targets.items():
            if not target.startswith("doc:"):
                yield key, target, GUESSED
        for key in self._notes.leads_to:
            end = _end_of_chain(key, self._notes.leads_to)
            if end in targets:
                self._notes.count("redirects")
                yield key, targets[end], LIKELY

    def _settle(self) -> None:
        with self._database.writing() as connection:
            site_id = KeptSites(connection).id_of(self._site.name)
            Frontier(connection, site_id).restate(self._notes.states, self._now())
            LinkTexts(connection).note(site_id, self._unread_links())

    def _unread_links(self) -> dict[CanonicalUrl, str]:
        """Return the words of links to what is no document and no list."""
        texts, targets = self._notes.link_texts, self._notes.targets
        return {key: text for key, text in texts.items() if key not in targets}

    def _progress(self, done: int, total: int, url: str) -> Progress:
        return Progress(
            site=self._site.name,
            fetched=done,
            pending=total - done,
            discovered=total,
            failed=self._notes.counts.get("unreadable", 0),
            current=url,
        )

    def _report(self) -> RereadReport:
        counts: Mapping[str, int] = self._notes.counts
        return RereadReport(
            site=self._site.name,
            captures=len(self._captures),
            documents=counts.get("documents", 0),
            duplicates=counts.get("duplicates", 0),
            quarantined=counts.get("quarantined", 0),
            attachments=counts.get("attachments", 0),
            listings=counts.get("listings", 0),
            soft_errors=counts.get("soft_errors", 0),
            redirects=counts.get("redirects", 0),
            unreadable=counts.get("unreadable", 0),
        )


def _is_ok(capture: Capture) -> bool:
    return capture.status == 200 and not capture.key.endswith("/robots.txt")  # noqa: PLR2004 - HTTP OK


def _header(response: StoredResponse, name: str) -> str | None:
    return next((value for key, value in response.headers if key.lower() == name), None)


def _end_of_chain(key: CanonicalUrl, leads_to: Mapping[CanonicalUrl, CanonicalUrl]) -> CanonicalUrl:
    for _ in range(MAX_HOPS):
        if key not in leads_to:
            return key
        key = leads_to[key]
    return key
