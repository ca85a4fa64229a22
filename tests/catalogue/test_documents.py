"""The documents: kept, kept again, listed, counted, published."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from catalogue import schema
from catalogue.database import Database, current_revision
from catalogue.document import AttachmentLink, DocumentBody, DocumentKind, DocumentState
from catalogue.documents import Documents
from catalogue.filtering import DocumentFilter, Facets
from catalogue.importing import Kept, merge
from tests.catalogue.worlds import NOW, World, a_document, key_of

BODY = DocumentBody(
    html="<p>Sáng 4/3</p>",
    text="Sáng 4/3",
    breadcrumb=("Trang chủ", "Tin tức"),
    attachments=(AttachmentLink("http://haiduong.gov.vn/q.pdf", key_of("/q.pdf"), "Quyết định"),),
)


def test_a_document_comes_back_as_it_was_kept(database: Database) -> None:
    with database.writing() as connection:
        kept = World(connection).document(body=BODY, number="12/QĐ-UBND", flags=("spam", "pii"))
    with database.reading() as connection:
        documents = Documents(connection)
        assert documents.find(kept.id) == documents.by_key(kept.key) == kept
        assert documents.body(kept.id) == BODY
        assert documents.find(99) is documents.body(99) is documents.by_key(key_of("/b")) is None
        assert [each.made_by for each in documents.versions(kept.id)] == ["crawler"]


def test_keeping_the_same_again_changes_nothing(database: Database) -> None:
    with database.writing() as connection:
        world = World(connection)
        first = world.document(body=BODY)
        Documents(connection).due_for_index(9)
        Documents(connection).clear_due([first.id])
        assert world.keep(replace(first, id=0), BODY) == first
        assert Documents(connection).count_due() == 0
        assert len(Documents(connection).versions(first.id)) == 1


def test_another_text_makes_a_new_version_and_the_old_one_stays(database: Database) -> None:
    later = DocumentBody(html="<p>Chiều 5/3</p>", text="Chiều 5/3")
    with database.writing() as connection:
        world = World(connection)
        first = world.document(body=BODY)
        second = world.keep(replace(first, text_digest="1" * 64, version=1), later)
        documents = Documents(connection)
        assert (second.id, second.version) == (first.id, 2)
        assert documents.body(first.id) == later
        assert [each.text for each in documents.versions(first.id)] == [BODY.text, later.text]
        assert documents.versions(first.id)[1].made_at == NOW


def test_a_better_reading_of_the_same_text_is_no_new_version(database: Database) -> None:
    with database.writing() as connection:
        world = World(connection)
        first = world.document(body=BODY, published_on=None)
        again = world.keep(replace(first, published_on=date(2025, 3, 5)), BODY)
        assert (again.version, again.published_on) == (1, date(2025, 3, 5))


def test_the_revision_rises_only_when_visitors_see_a_change(database: Database) -> None:
    with database.writing() as connection:
        world = World(connection)
        start = current_revision(connection)
        hidden = world.document("/hidden")
        world.keep(replace(hidden, title="Khác"))
        assert current_revision(connection) == start
        public = world.document("/public", state=DocumentState.ACCEPTED)
        assert current_revision(connection) == start + 1
        world.keep(public)
        assert current_revision(connection) == start + 1
        world.keep(replace(public, title="Khác"))
        assert current_revision(connection) == start + 2


def test_what_an_editor_set_survives_the_next_import(database: Database) -> None:
    with database.writing() as connection:
        world = World(connection)
        kept = world.document(title="KHỞI CÔNG CẦU")
        connection.execute(
            update(schema.document).values(
                title="Khởi công cầu", section="thong-bao", edited="section title"
            )
        )
        again = world.keep(replace(kept, text_digest="1" * 64, section="van-ban"))
        assert (again.title, again.section, again.version) == ("Khởi công cầu", "thong-bao", 2)
        same = world.keep(replace(kept, text_digest="1" * 64, section="van-ban"))
        assert same == again
        assert Documents(connection).versions(kept.id)[1].title == "KHỞI CÔNG CẦU"


_STATES = st.sampled_from(DocumentState)


@given(old=_STATES, found=_STATES, edited=st.sets(st.sampled_from(["title", "section", "state"])))
def test_an_import_never_publishes(
    old: DocumentState, found: DocumentState, edited: set[str]
) -> None:
    before = Kept(a_document(state=old, title="Cũ", id=7), frozenset(edited))
    heard = found if found is not DocumentState.ACCEPTED else DocumentState.IMPORTED
    after = merge(before, a_document(state=heard, title="Mới"), newest_title="Cũ")
    assert after.document.state is not DocumentState.ACCEPTED or old is DocumentState.ACCEPTED
    assert (after.document.id, after.document.version) == (7, 2)
    assert (after.document.title == "Cũ") == ("title" in edited)


def test_an_accepted_page_whose_new_text_is_suspected_is_no_longer_public() -> None:
    before = Kept(a_document(state=DocumentState.ACCEPTED), frozenset({"state"}))
    spam = a_document(state=DocumentState.QUARANTINED, text_digest="1" * 64, flags=("spam",))
    assert merge(before, spam, newest_title=spam.title) == Kept(replace(spam, version=2))


def test_what_an_editor_released_from_quarantine_is_not_put_back_by_rereading() -> None:
    before = Kept(a_document(state=DocumentState.IMPORTED), frozenset({"state"}))
    found = a_document(state=DocumentState.QUARANTINED)
    assert merge(before, found, newest_title=found.title) == before


def test_lists_are_paged_by_id_and_narrowed_by_every_filter(database: Database) -> None:
    with database.writing() as connection:
        world = World(connection)
        a = world.document("/a", title="Dự án Đường 5", section="thong-bao")
        b = world.document("/b", kind=DocumentKind.ATTACHMENT, flags=("spam", "pii"))
        c = world.document("/c", site="gialoc", state=DocumentState.ACCEPTED)
        documents = Documents(connection)

        def ids(after: int = 0, limit: int = 9, **choices: object) -> list[int]:
            filters = DocumentFilter(**choices)  # type: ignore[arg-type] # a table of choices
            page = documents.listing(filters, after=after, limit=limit)
            return [each.id for each in page]

        assert ids() == documents.ids(DocumentFilter()) == [a.id, b.id, c.id]
        assert ids(limit=2) == [a.id, b.id]
        assert ids(after=b.id) == ids(site="gialoc") == [c.id]
        assert ids(text="du an duong") == ids(text=" ĐƯỜNG ") == ids(section="thong-bao") == [a.id]
        assert ids(kind=DocumentKind.ATTACHMENT) == ids(flag="spam") == ids(flag="pii") == [b.id]
        assert ids(flag="spa") == ids(text="100%") == []
        assert ids(state=DocumentState.ACCEPTED) == [c.id]
        assert [each.id for each in documents.by_ids([c.id, 99, a.id])] == [c.id, a.id]


def test_facets_count_what_each_choice_would_show(database: Database) -> None:
    with database.writing() as connection:
        world = World(connection)
        world.document("/a", title="Một", flags=("spam",))
        world.document("/b", title="Hai", flags=("spam", "pii"), state=DocumentState.QUARANTINED)
        world.document("/c", title="Một nữa", site="gialoc", section="van-ban")
        documents = Documents(connection)
        imported, quarantined = DocumentState.IMPORTED, DocumentState.QUARANTINED
        assert documents.facets(DocumentFilter(state=imported)) == Facets(
            total=2,
            sites={"haiduong": 1, "gialoc": 1},
            sections={"tin-tuc": 1, "van-ban": 1},
            kinds={DocumentKind.ARTICLE: 2},
            states={imported: 2, quarantined: 1},
            flags={"spam": 1},
        )
        assert documents.facets(DocumentFilter(text="mot")).total == 2
        assert documents.facets(DocumentFilter(flag="spam", site="haiduong")).sites == {
            "haiduong": 2
        }


def test_published_documents_come_newest_first_and_undated_ones_last(database: Database) -> None:
    accepted = DocumentState.ACCEPTED
    with database.writing() as connection:
        world = World(connection)
        undated = world.document("/0", state=accepted, published_on=None)
        old = world.document("/1", state=accepted, published_on=date(2020, 1, 1))
        new = world.document("/2", state=accepted, published_on=date(2025, 1, 1))
        twin = world.document("/3", state=accepted, published_on=date(2025, 1, 1), site="gialoc")
        world.document("/4")
        documents = Documents(connection)
        assert documents.published() == [twin, new, old, undated]
        assert documents.published(before=(date(2025, 1, 1), twin.id), limit=2) == [new, old]
        assert documents.published(before=(date(2020, 1, 1), old.id)) == [undated]
        assert documents.published(before=(date.min, undated.id)) == []
        assert documents.published(site="gialoc", section="tin-tuc") == [twin]
        assert documents.published(section="van-ban") == []


def test_locations_and_withheld_keys_are_what_a_snapshot_needs(database: Database) -> None:
    with database.writing() as connection:
        world = World(connection)
        page = world.document("/a", state=DocumentState.ACCEPTED)
        file = world.document(
            "/q.pdf", state=DocumentState.ACCEPTED, kind=DocumentKind.ATTACHMENT, slug="q.pdf"
        )
        world.document("/b")
        world.document("/spam", state=DocumentState.QUARANTINED)
        documents = Documents(connection)
        assert list(documents.locations()) == [
            (page.id, f"/tin-tuc/khoi-cong-cau-dong-viet-{page.id}"),
            (file.id, f"/tep/{file.id}/q.pdf"),
        ]
        assert [path for _, path in documents.locations()] == [page.path, file.path]
        assert documents.withheld_keys() == {key_of("/spam")}


def test_a_document_that_changes_while_it_is_indexed_stays_due(database: Database) -> None:
    with database.writing() as connection:
        world = World(connection)
        first, second = world.document("/a"), world.document("/b")
        documents = Documents(connection)
        documents.mark_due([])
        assert documents.due_for_index(1) == [first.id]
        assert documents.due_for_index(9) == [first.id, second.id]
        world.keep(replace(first, title="Mới"))
        documents.clear_due([first.id, second.id])
        assert documents.due_for_index(9) == [first.id]


def test_a_version_is_made_at_the_time_it_was_kept(database: Database) -> None:
    with database.writing() as connection:
        world = World(connection)
        first = world.document(body=BODY)
        later = NOW + timedelta(hours=1)
        documents = Documents(connection)
        documents.keep(replace(first, title="Mới"), BODY, made_by="crawler", now=later)
        assert [each.made_at for each in documents.versions(first.id)] == [NOW, later]


def test_text_that_no_engine_keeps_is_cleaned_and_stays_the_same_when_read_again(
    database: Database,
) -> None:
    spoiled = DocumentBody(html="<p>a\0b</p>", text="a\0b\ud800", breadcrumb=("\0x",))
    with database.writing() as connection:
        world = World(connection)
        kept = world.document(body=spoiled, title="Tin\0 mới", number="1\0", agency="UBND\0")
        assert (kept.title, kept.number, kept.agency) == ("Tin mới", "1", "UBND")
        assert Documents(connection).body(kept.id) == DocumentBody("<p>ab</p>", "ab?", ("x",))
        assert world.keep(replace(kept, title="Tin\0 mới"), spoiled) == kept
