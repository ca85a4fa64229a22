"""Clusters and the queue: what an editor decides together, and where they stand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue.clusters import Cluster, Clusters, Traits, template_of
from catalogue.database import Database
from catalogue.document import DocumentKind, DocumentState
from catalogue.filtering import DocumentFilter
from catalogue.queue import Neighbours, Queue
from redirects.mapping import CanonicalUrl
from tests.catalogue.worlds import World

WAITING = DocumentFilter(state=DocumentState.IMPORTED)
NEWS = Traits("haiduong", "tin-tuc", DocumentKind.ARTICLE)
SPAM = Traits("haiduong", "tin-tuc", DocumentKind.ARTICLE, flags=("spam", "no-date"))


@pytest.mark.parametrize(
    ("key", "template"),
    [
        ("a.vn/", "a.vn/"),
        ("a.vn", "a.vn"),
        ("a.vn/tin-tuc/khai-mac-le-hoi-58.html", "a.vn/tin-tuc/*.html"),
        ("a.vn/-/khai-mac-le-hoi", "a.vn/-/*"),
        ("a2.vn/tin-tuc/123", "a2.vn/tin-tuc/#"),
        (
            "a.vn/pages/chi-tiet.aspx?cateid=1&itemid=77",
            "a.vn/pages/chi-tiet.aspx?cateid=#&itemid=#",
        ),
        ("a.vn/x?title=mot-hai-ba&y=2", "a.vn/x?title=*&y=#"),
        ("a.vn/tin-tuc", "a.vn/tin-tuc"),
        ("a.vn/thu-tuc-hanh-chinh/2/dang-ky-ho-kinh-doanh", "a.vn/thu-tuc-hanh-chinh/#/*"),
    ],
)
def test_numbers_and_slugs_do_not_matter_to_a_template(key: str, template: str) -> None:
    assert template_of(CanonicalUrl(key)) == template


@given(st.text(max_size=60))
def test_a_template_is_its_own_template(text: str) -> None:
    once = template_of(CanonicalUrl(f"a.vn/{text}"))
    assert template_of(CanonicalUrl(once)) == once


def furnish(world: World) -> None:
    for number in range(3):
        world.document(f"/-/tin-thu-{number}-hay-doc", flags=())
    world.document("/tin/9", flags=())
    for number in range(2):
        world.document(f"/so-luu-niem/{number}", flags=("spam", "no-date"))
    world.document("/mot-minh", section="van-ban")
    world.document("/da-duyet", state=DocumentState.ACCEPTED)


def test_documents_are_counted_by_their_traits_the_largest_first(database: Database) -> None:
    with database.writing() as connection:
        furnish(World(connection))
        clusters = Clusters(connection)
        assert clusters.by_traits(WAITING, 10) == [Cluster(NEWS, 4), Cluster(SPAM, 2)]
        assert clusters.by_traits(WAITING, 1) == [Cluster(NEWS, 4)]
        assert clusters.by_traits(DocumentFilter(flag="spam"), 10) == [Cluster(SPAM, 2)]


def test_documents_are_counted_by_the_template_of_their_address(database: Database) -> None:
    with database.writing() as connection:
        furnish(World(connection))
        found = Clusters(connection).by_template(WAITING, 10)
    assert [(each.traits.template, each.count) for each in found] == [
        ("haiduong.gov.vn/-/*", 3),
        ("haiduong.gov.vn/so-luu-niem/#", 2),
    ]


def test_a_cluster_holds_what_its_card_counted(database: Database) -> None:
    with database.writing() as connection:
        furnish(World(connection))
        clusters = Clusters(connection)
        for found in clusters.by_traits(WAITING, 10) + clusters.by_template(WAITING, 10):
            assert len(clusters.ids(WAITING, found.traits)) == found.count
        assert clusters.ids(WAITING, SPAM) == [5, 6]


def test_a_place_has_neighbours_though_its_document_left_the_filter(database: Database) -> None:
    with database.writing() as connection:
        furnish(World(connection))
        queue = Queue(connection)
        assert queue.neighbours(WAITING, 1) == Neighbours(before=None, after=2)
        assert queue.neighbours(WAITING, 8) == Neighbours(before=7, after=None)
        assert queue.neighbours(DocumentFilter(flag="spam"), 3) == Neighbours(None, 5)
        assert queue.neighbours(DocumentFilter(section="dat-dai"), 3) == Neighbours(None, None)


def test_the_page_before_ends_where_this_one_begins(database: Database) -> None:
    with database.writing() as connection:
        furnish(World(connection))
        queue = Queue(connection)
        assert queue.page_before(WAITING, 6, 2) == 3
        assert queue.page_before(WAITING, 3, 2) == 0
        assert queue.page_before(WAITING, 2, 2) == 0
        assert queue.page_before(WAITING, 1, 2) is None
