from __future__ import annotations

import io
import zipfile
from datetime import date

import pytest

from crawler.duplicates import are_near, simhash, text_digest
from crawler.extract import file_child
from crawler.extract.attachment import FileKind, kind_of, name_of, safe_name, slug_of
from crawler.extract.dates import first_date, labelled_date
from crawler.extract.files import FileReader
from crawler.extract.fragment import clean_fragment
from crawler.extract.nesting import cut_depth
from crawler.extract.reading import read_page
from crawler.extract.section import guess_section
from crawler.extract.template import SiteTemplate
from crawler.quarantine import flags_of
from demo.attachments import pdf
from demo.text import Draft

TODAY = date(2026, 1, 1)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("05/12/2024 08:30", date(2024, 12, 5)),
        ("5-1-2024", date(2024, 1, 5)),
        ("5.1.2024", date(2024, 1, 5)),
        ("2024-01-05T08:00:00+07:00", date(2024, 1, 5)),
        ("Hải Dương, ngày 12 tháng 5 năm 2024", date(2024, 5, 12)),
        ("May 12, 2024", date(2024, 5, 12)),
        ("12 May 2024", date(2024, 5, 12)),
        ("13/05/2024 | 10:36 PM", date(2024, 5, 13)),
        ("05/13/2024", None),
        ("30/02/2024", None),
        ("01/01/1889", None),
        ("01/02/2026", None),
        ("12/2024/QĐ-UBND", None),
    ],
)
def test_the_day_comes_first_and_only_days_that_were_count(text: str, day: date | None) -> None:
    found = first_date(text, TODAY, rule="line")
    assert (found.day if found else None) == day


def test_a_labelled_date_names_its_rule_and_what_it_was_read_from() -> None:
    found = labelled_date("Lượt xem: 5. Ngày đăng: 07/03/2024", TODAY)
    assert found is not None
    assert (found.day, found.raw, found.rule) == (date(2024, 3, 7), "07/03/2024", "label")


@pytest.mark.parametrize(
    ("url", "content_type", "disposition", "name"),
    [
        (
            "http://a.vn/f?id=1",
            "application/pdf",
            "attachment; filename*=UTF-8''K%E1%BA%BF.pdf",
            "Kế.pdf",
        ),
        (
            "http://a.vn/f?id=1",
            "application/pdf",
            'attachment; filename="Kế hoạch.pdf"'.encode().decode("latin-1"),
            "Kế hoạch.pdf",
        ),
        ("http://a.vn/f?id=1", "application/pdf", 'attachment; filename="a%20b.pdf"', "a b.pdf"),
        ("http://a.vn/f?id=1", "application/pdf", "attachment; filename=..\\..\\x.pdf", "x.pdf"),
        ("http://a.vn/f?id=1", "application/pdf", "inline", "f.pdf"),
        (
            "http://a.vn/d/1/T%E1%BB%87p+m%E1%BB%9Bi.doc/0b1c?t=1",
            "application/msword",
            None,
            "Tệp mới.doc",
        ),
        ("http://a.vn/download.aspx?SourceUrl=/Lists/QD%2015%20(1).doc", "", None, "QD 15 (1).doc"),
        ("http://a.vn/", "application/zip", None, "tep.zip"),
        (
            "http://a.vn/f",
            "application/pdf",
            "attachment; filename*=nonsense''%E1%BA%BF.pdf",
            "ế.pdf",
        ),
    ],
)
def test_a_file_is_called_what_its_server_calls_it(
    url: str, content_type: str, disposition: str | None, name: str
) -> None:
    assert name_of(url, content_type, disposition) == name


@pytest.mark.parametrize(
    ("content_type", "url", "kind"),
    [
        ("application/pdf", "http://a.vn/x", FileKind.FILE),
        ("image/png", "http://a.vn/x", FileKind.IMAGE),
        ("application/octet-stream", "http://a.vn/x.JPG", FileKind.IMAGE),
        ("text/plain", "http://a.vn/x.txt", FileKind.FILE),
        ("text/plain", "http://a.vn/x", FileKind.NONE),
        ("application/json", "http://a.vn/x.pdf", FileKind.NONE),
    ],
)
def test_an_answer_is_a_file_a_picture_or_neither(
    content_type: str, url: str, kind: FileKind
) -> None:
    assert kind_of(content_type, url) is kind


def test_names_are_safe_in_addresses() -> None:
    assert safe_name("Quyết định số 15 (1).PDF") == "quyet-dinh-so-15-1.pdf"
    assert safe_name("tệp") == "tep"
    assert slug_of("Đấu thầu năm 2024!") == "dau-thau-nam-2024"
    assert len(slug_of("rất dài " * 60)) <= 140
    assert slug_of("…") == "trang"


def test_a_fragment_is_safe_absolute_and_keeps_its_tables() -> None:
    markup = (
        "<h1>Tên</h1><p onclick=x()>Một <font color=red>hai</font> <a href='b.htm#c'>ba</a></p><p></p>"
        "<table><tr><td colspan=2>ô</td></tr></table><img data-src=/i.png><a href=javascript:x()>bốn</a>"
        "<iframe src=https://video.example/1></iframe><iframe></iframe><script>x</script><p>Bỏ đi</p><img src='data:,'>"
    )
    html = clean_fragment(markup, "http://a.vn/m/", drop=["bỏ đi"])
    assert "<h2>Tên</h2>" in html
    assert '<a href="http://a.vn/m/b.htm#c" rel="noopener noreferrer">ba</a>' in html
    assert '<td colspan="2">ô</td>' in html
    assert 'src="http://a.vn/i.png"' in html
    assert "https://video.example/1</a>" in html
    assert "bốn" in html
    for gone in ("onclick", "<font", "javascript", "script", "Bỏ đi", "<p></p>", "iframe", "data:"):
        assert gone not in html


def test_a_huge_fragment_is_cleaned_the_short_way() -> None:
    html = clean_fragment("<p><a href=/x onclick=y>z</a></p>" * 12_000, "http://a.vn/")
    assert html.startswith('<p><a href="http://a.vn/x"')
    assert "onclick" not in html


def test_hostile_depth_is_cut_before_it_costs_anything() -> None:
    deep = "<title>Tên trang</title>" + "<div>" * 200_000 + "chữ" + "</div>" * 200_000
    page = read_page(
        deep.encode(),
        "text/html",
        "http://a.vn/",
        template=SiteTemplate(),
        is_page=bool,
        today=TODAY,
    )
    assert page.text == "chữ"
    assert cut_depth("<b>x</b>") == "<b>x</b>"


@pytest.mark.parametrize(
    ("trail", "url", "title", "section"),
    [
        (("Tin tức", "Trong tỉnh"), "http://a.vn/x", "", "tin-tuc"),
        (("Hỏi - đáp",), "http://a.vn/x", "", "hoi-dap"),
        ((), "http://a.vn/VanBan/Pages/vbpq.aspx", "", "van-ban"),
        ((), "http://a.vn/x", "Thông báo mời thầu", "thong-bao"),
        ((), "http://a.vn/en/about", "About", "english"),
        ((), "http://a.vn/x", "Chuyện khác", "khac"),
    ],
)
def test_a_section_is_guessed_from_trail_address_and_title(
    trail: tuple[str, ...], url: str, title: str, section: str
) -> None:
    assert guess_section(trail, url, title, is_english=False) == section


LONG = (
    "Ủy ban nhân dân huyện tổ chức hội nghị sơ kết công tác sáu tháng đầu năm với sự tham gia của các xã. "
    * 6
)


def test_near_copies_are_found_and_others_not() -> None:
    assert are_near(LONG, "Theo cổng thông tin thành phố. " + LONG)
    assert not are_near(LONG, LONG[::-1])
    assert not are_near("", LONG)
    assert simhash(LONG) == simhash(LONG)
    assert text_digest("Một  hai") == text_digest("một hai")


@pytest.mark.parametrize(
    ("text", "flags"),
    [
        ("Công an bắt nhóm tổ chức cá độ bóng đá, đánh bạc qua mạng", ()),
        ("Nhà cái bet88, tài xỉu, soi kèo", ("spam",)),
        (" ".join(f"09912345678{n}" for n in range(6)), ("personal-data",)),
        ("Mã vận đơn 099123456789", ()),
    ],
)
def test_flags_say_why_a_text_is_held_back(text: str, flags: tuple[str, ...]) -> None:
    assert flags_of(text) == flags


def docx(text: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(
            "word/document.xml", f"<w:d xmlns:w='w'><w:p><w:r>{text}</w:r></w:p></w:d>"
        )
    return buffer.getvalue()


PDF = pdf(Draft("Quyết định", ("Điều 1. Ban hành quy chế.",)))
RTF = rb"{\rtf1{\fonttbl{\f0 Times;}}Kho\u7843?ng c\'e1ch\par xong}"


@pytest.mark.parametrize(
    ("extension", "data", "words"),
    [
        ("pdf", PDF, "Ban hành quy chế"),
        ("docx", docx("Tờ trình"), "Tờ trình"),
        ("doc", RTF, "Khoảng cách"),
        ("zip", b"PK", ""),
        ("doc", b"\xd0\xcf\x11\xe0", ""),
    ],
)
def test_files_are_read_in_a_child(extension: str, data: bytes, words: str) -> None:
    with FileReader() as reader:
        text = reader.text_of(extension, data)
    assert text is not None
    assert words in text


def test_a_broken_file_has_no_text_and_the_next_is_read() -> None:
    with FileReader() as reader:
        assert reader.text_of("pdf", b"%PDF-1.4 broken") == ""
        assert reader.text_of("docx", b"PK broken") == ""
        assert "quy chế" in (reader.text_of("pdf", PDF) or "")


def test_a_file_that_takes_too_long_costs_only_itself() -> None:
    with FileReader(timeout=0.001) as reader:
        assert reader.text_of("pdf", PDF) is None
        assert reader.text_of("pdf", b"") == ""


def test_the_child_speaks_in_lengths() -> None:
    requests = io.BytesIO(b"docx\n%d\n" % len(docx("chữ")) + docx("chữ") + b"docx\n5\nPKbad")
    replies = io.BytesIO()
    file_child.serve(requests, replies)
    assert replies.getvalue() == b"5\n" + "chữ".encode() + b"0\n"
    assert file_child.text_of("pdf", PDF)
    assert file_child.text_of("doc", RTF)
    assert file_child.text_of("exe", b"MZ") == ""


def test_a_title_comes_from_the_heading_that_the_head_confirms() -> None:
    page = read_page(
        "<title>Bài A - Cổng</title><h2>Mục</h2><h1>Bài A</h1><p>Nội dung dài hơn một chút của bài này, kể chuyện ở xã.</p>".encode(),
        "text/html",
        "http://a.vn/a",
        template=SiteTemplate(names=frozenset({"cổng"})),
        is_page=bool,
        today=TODAY,
    )
    assert page.title == "Bài A"


@pytest.mark.parametrize(
    ("body", "number", "agency"),
    [
        (
            "<table><tr><td>Số ký hiệu</td><td>12/2024/QĐ-UBND</td></tr><tr><td>Cơ quan ban hành</td><td>UBND huyện</td></tr></table>",
            "12/2024/QĐ-UBND",
            "UBND huyện",
        ),
        (
            "<p>ỦY BAN NHÂN DÂN TỈNH HẢI DƯƠNG</p><p>Số: 45/KH-UBND</p>",
            "45/KH-UBND",
            "UBND tỉnh Hải Dương",
        ),
        ("<p>Thực hiện Quyết định số 7/QĐ-TTg của Thủ tướng.</p>", None, None),
    ],
)
def test_a_number_is_the_documents_own(body: str, number: str | None, agency: str | None) -> None:
    filler = "<p>Nội dung văn bản nêu trách nhiệm của từng đơn vị và thời hạn thực hiện.</p>"
    page = read_page(
        f"<h1>Văn bản</h1>{body}{filler}".encode(),
        "text/html",
        "http://a.vn/a",
        template=SiteTemplate(),
        is_page=bool,
        today=TODAY,
    )
    assert (page.number, page.agency) == (number, agency)
