from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest

from catalogue.capture import Capture
from catalogue.captures import Captures
from catalogue.document import Document, DocumentKind, DocumentState
from catalogue.documents import Documents
from catalogue.filtering import DocumentFilter
from catalogue.mappings import Mappings
from catalogue.rekeying import keep_site
from crawler.crawl import reread
from crawler.extract.page import Page
from crawler.importing import Importer, article_of
from redirects.mapping import CanonicalUrl
from redirects.site import Site
from tests.crawler.old_server import SITE, Answer, World

if TYPE_CHECKING:
    from crawler.rereading import RereadReport

TEXTS = (
    "Sáng 12/5, Sở Công Thương khai mạc hội chợ hàng tiêu dùng với 120 gian hàng của 80 đơn vị.",
    "Trung tâm y tế tổ chức tiêm vắc xin cho trẻ từ 6 đến 12 tháng tuổi tại các trạm y tế xã.",
    "Đoàn viên thanh niên trồng hơn 2.000 cây xanh dọc tuyến đê tả sông, dài chừng 3 km.",
    "Trường tiểu học vừa đưa vào sử dụng dãy nhà hai tầng gồm tám phòng học kiên cố.",
    "Nông dân các xã phía nam thu hoạch xong lúa xuân, năng suất bình quân 68 tạ một ha.",
    "Công an huyện cấp căn cước lưu động cho người cao tuổi và người khuyết tật tại nhà.",
)
PDF = {
    "Content-Type": "application/pdf",
    "Content-Disposition": "attachment; filename*=UTF-8''K%E1%BA%BF%20ho%E1%BA%A1ch.pdf",
}


def article(n: int, body: str = "", *, title: str | None = None) -> str:
    name = title or f"Tin số {['một', 'hai', 'ba', 'bốn', 'năm', 'sáu'][n]} của huyện"
    return f"""<html><head><title>{name} - Cổng huyện</title></head><body>
      <div id=dau>Cổng thông tin điện tử huyện</div><ul><li><a href=/>Trang chủ</a></li><li><a href=/tin-tuc>Tin tức</a></li></ul>
      <div class=breadcrumb><a href=/>Trang chủ</a> » <a href=/tin-tuc>Tin tức</a></div>
      <div id=chinh><h1>{name}</h1><span class=ngay>Ngày đăng: 0{n + 1}/02/2024</span>
      <div><p>{TEXTS[n]}</p><p>{TEXTS[n][::-1]}</p>{body}</div></div>
      <div id=cuoi>Bản quyền của Ủy ban nhân dân huyện</div></body></html>"""


def portal() -> dict[str, object]:
    listing = "".join(f"<li><a href=/-/bai-{n}>{TEXTS[n][:50]}</a></li>" for n in range(6))
    furniture = article(0).split("<div id=chinh>")[0]
    return {
        "/": furniture + f"<ul>{listing}</ul>",
        "/tin-tuc": furniture + f"<h1>Tin tức</h1><ul>{listing}</ul>",
        **{f"/-/bai-{n}": article(n) for n in range(6)},
    }


def run(world: World) -> RereadReport:
    return reread(
        SITE, world.database, world.archive, now=world.now, progress=lambda progress: None
    )


def document(world: World, path: str) -> Document | None:
    with world.database.reading() as connection:
        return Documents(connection).by_key(CanonicalUrl(f"cu.gov.vn{path}"))


def target(world: World, path: str) -> str | None:
    with world.database.reading() as connection:
        stored = Mappings(connection).find(CanonicalUrl(f"cu.gov.vn{path}"))
    return stored.mapping.target if stored else None


def test_an_article_becomes_a_document_and_its_address_a_mapping(world: World) -> None:
    world.server.pages = portal()
    world.crawl()
    report = run(world)
    kept = document(world, "/-/bai-2")
    assert kept is not None
    assert (kept.title, kept.published_on, kept.section) == (
        "Tin số ba của huyện",
        date(2024, 2, 3),
        "tin-tuc",
    )
    assert (kept.slug, kept.state) == ("tin-so-ba-cua-huyen", DocumentState.IMPORTED)
    assert target(world, "/-/bai-2") == f"doc:{kept.id}"
    with world.database.reading() as connection:
        body = Documents(connection).body(kept.id)
    assert body is not None
    assert body.text == f"{TEXTS[2]}\n\n{TEXTS[2][::-1]}"
    assert body.breadcrumb == ("Tin tức",)
    assert "Ngày đăng" not in body.html
    assert "Bản quyền" not in body.html
    assert (report.documents, report.listings) == (6, 2)


def test_home_and_section_pages_are_no_documents_but_lead_to_their_successors(world: World) -> None:
    world.server.pages = portal()
    world.crawl()
    run(world)
    assert document(world, "/") is None
    assert document(world, "/tin-tuc") is None
    assert (target(world, "/"), target(world, "/tin-tuc")) == ("/", "section:tin-tuc")


def test_rereading_twice_changes_nothing(world: World) -> None:
    world.server.pages = portal()
    world.crawl()
    first = run(world)
    before = [document(world, f"/-/bai-{n}") for n in range(6)]
    assert run(world) == first
    assert [document(world, f"/-/bai-{n}") for n in range(6)] == before


def test_a_copy_points_at_its_head(world: World) -> None:
    world.server.pages = portal() | {
        "/-/bai-5": article(5, "<a href=/bai-sao>x</a>"),
        "/bai-sao": article(1).replace("</h1>", "</h1><p></p>"),
    }
    world.crawl()
    run(world)
    head, copy = document(world, "/-/bai-1"), document(world, "/bai-sao")
    assert head is not None
    assert copy is not None
    assert (copy.state, copy.duplicate_of) == (DocumentState.DUPLICATE, head.id)
    assert target(world, "/bai-sao") == f"doc:{head.id}"
    assert world.states()["/bai-sao"] == ("duplicate", f"of: document {head.id}")


def test_two_notices_of_one_title_and_different_days_are_not_copies(world: World) -> None:
    same = "Lịch tiếp công dân"
    world.server.pages = portal() | {
        "/-/bai-1": article(1, title=same),
        "/-/bai-2": article(2, title=same)
        .replace(TEXTS[2], TEXTS[1])
        .replace(TEXTS[2][::-1], TEXTS[1][::-1] + " khác"),
    }
    world.crawl()
    run(world)
    assert {each.state for n in (1, 2) if (each := document(world, f"/-/bai-{n}"))} == {
        DocumentState.IMPORTED
    }


def test_files_become_documents_with_their_names(world: World) -> None:
    world.server.pages = portal() | {
        "/-/bai-3": article(3, "<a href='/tep?id=1'>Tải về</a><img src=/anh.png>"),
        "/tep?id=1": Answer(b"%PDF-1.4 broken", headers=PDF),
        "/anh.png": Answer(b"\x89PNG", headers={"Content-Type": "image/png"}),
        "/": portal()["/"] + "<img src=/logo.png>",  # type: ignore[operator]  # a page is text here
        "/logo.png": Answer(b"\x89PNG logo", headers={"Content-Type": "image/png"}),
    }
    world.crawl()
    run(world)
    kept = document(world, "/tep?id=1")
    assert kept is not None
    assert (kept.kind, kept.title, kept.slug, kept.section) == (
        DocumentKind.ATTACHMENT,
        "Kế hoạch",
        "ke-hoach.pdf",
        "tin-tuc",
    )
    assert target(world, "/tep?id=1") == f"doc:{kept.id}"
    page = document(world, "/-/bai-3")
    assert page is not None
    with world.database.reading() as connection:
        body = Documents(connection).body(page.id)
    assert body is not None
    assert [(each.key, each.name) for each in body.attachments] == [
        ("cu.gov.vn/tep?id=1", "Kế hoạch.pdf")
    ]
    assert 'src="http://cu.gov.vn/anh.png"' in body.html
    assert document(world, "/anh.png") is not None
    assert document(world, "/logo.png") is None


def test_old_redirects_lead_where_their_chain_ends(world: World) -> None:
    world.server.pages = portal() | {
        "/-/bai-0": article(0, "<a href=/cu-1>x</a><a href=/chuyen>y</a>"),
        "/cu-1": Answer(status="301 Moved", headers={"Location": "/cu-2"}),
        "/cu-2": Answer(status="302 Found", headers={"Location": "/-/bai-4"}),
        "/chuyen": "<meta http-equiv=refresh content='0;url=/-/bai-4'>Trang đã chuyển",
    }
    world.crawl()
    run(world)
    kept = document(world, "/-/bai-4")
    assert kept is not None
    assert {target(world, path) for path in ("/cu-1", "/cu-2", "/chuyen")} == {f"doc:{kept.id}"}
    assert document(world, "/chuyen") is None


def test_a_page_that_says_not_found_is_marked_and_not_imported(world: World) -> None:
    missing = "<html><body><div id=dau>Cổng</div><h1>Thông báo</h1><p>Không có gì ở đây, xin quay lại sau.</p></body></html>"
    world.server.default = Answer(missing.encode())
    world.server.pages = portal() | {
        "/-/bai-0": article(0, "<a href=/mat>x</a><a href=/loi>y</a>"),
        "/robots.txt": Answer(status="404 No"),
        "/sitemap.xml": Answer(status="404 No"),
    }
    world.server.pages["/loi"] = "<h1>Lỗi</h1><p>Bài viết không tồn tại hoặc đã bị gỡ bỏ.</p>"
    world.crawl()
    report = run(world)
    assert world.states()["/mat"] == ("soft_error", "same as a made-up address")
    assert world.states()["/loi"] == ("soft_error", "bai viet khong ton tai")
    assert document(world, "/mat") is None
    assert report.soft_errors == 3  # the made-up address itself is one


SPAM = "<p>Nhà cái uy tín, tài xỉu online, nổ hũ, soi kèo mỗi ngày, nạp rút siêu tốc</p>"
PERSONS = (
    "<table>"
    + "".join(f"<tr><td>{n}</td><td>09912345678{n}</td></tr>" for n in range(6))
    + "</table>"
)
HIDDEN = "<div style='position:absolute; left:-9999px'><a href=http://bet88.invalid/>nhà cái uy tín</a></div>"


@pytest.mark.parametrize(
    ("body", "state", "flag"),
    [
        (SPAM, DocumentState.QUARANTINED, "spam"),
        (PERSONS, DocumentState.QUARANTINED, "personal-data"),
        (HIDDEN, DocumentState.IMPORTED, "hidden-spam"),
    ],
)
def test_spam_and_personal_numbers_are_held_back(
    world: World, body: str, state: DocumentState, flag: str
) -> None:
    world.server.pages = portal() | {"/-/bai-3": article(3, body)}
    world.crawl()
    run(world)
    kept = document(world, "/-/bai-3")
    assert kept is not None
    assert (kept.state, flag in kept.flags) == (state, True)
    with world.database.reading() as connection:
        text = Documents(connection).body(kept.id)
    assert text is not None
    assert ("uy tín" in text.html) is (body is SPAM)


def test_a_changed_page_is_a_new_version(world: World) -> None:
    world.server.pages = portal()
    world.crawl()
    run(world)
    world.server.pages["/-/bai-2"] = article(2, "<p>Tin này được bổ sung sáng nay.</p>")
    world.crawl()
    run(world)
    kept = document(world, "/-/bai-2")
    assert kept is not None
    assert kept.version == 2
    with world.database.reading() as connection:
        assert len(Documents(connection).listing(DocumentFilter(), limit=50)) == 6


def test_an_unread_capture_costs_only_itself(world: World) -> None:
    world.server.pages = portal()
    world.crawl()
    with world.database.reading() as connection:
        from catalogue.captures import Captures

        place = Captures(connection).latest(CanonicalUrl("cu.gov.vn/-/bai-2"))
    assert place is not None
    path = world.archive.directory / place.warc_file
    data = bytearray(path.read_bytes())
    data[place.warc_offset + 30 : place.warc_offset + 60] = b"\0" * 30
    path.write_bytes(data)
    report = run(world)
    assert report.documents == 5
    assert report.unreadable >= 1


def test_a_page_that_only_claims_to_be_gzip_is_read_as_it_is(world: World) -> None:
    lying = Answer(
        article(3).encode(), headers={"Content-Type": "text/html", "Content-Encoding": "gzip"}
    )
    world.server.pages = portal() | {"/-/bai-3": lying}
    world.crawl()
    run(world)
    kept = document(world, "/-/bai-3")
    assert kept is not None
    assert kept.title == "Tin số bốn của huyện"


def test_a_page_of_a_site_of_many_hosts_is_of_the_unit_behind_its_own_host(world: World) -> None:
    site = Site("huyen", "Các huyện", "*.haiduong.gov.vn", unit="30")
    importer = Importer(site)
    units = []
    with world.database.writing() as connection:
        keep_site(connection, site, now=world.now())
        for host in ("gialoc.haiduong.gov.vn", "sotaichinh.haiduong.gov.vn"):
            capture = Capture(
                site=site.name,
                key=CanonicalUrl(f"{host}/bai"),
                url=f"http://{host}/bai",
                captured_at=world.now(),
                status=200,
                content_type="text/html",
                digest=f"sha256:{host}",
                length=1,
                warc_file="x.warc.gz",
                warc_offset=0,
            )
            number = Captures(connection).add(capture)
            page = Page(url=capture.url, title=host, html="<p>a</p>", text=host)
            document, body = article_of(site, replace(capture, id=number), page, ())
            units.append(importer.keep(connection, document, body, world.now()).unit)
    assert units == ["297", "30"]
