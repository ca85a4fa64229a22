import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redirects.formats.cells import bare_cell, guard_cell, read_targets, write_targets
from redirects.formats.rows import RowError
from redirects.formats.table import read_table, write_table
from redirects.mapping import CanonicalUrl, Mapping, MappingKind, SplitTarget
from redirects.sites import Sites
from tests.redirects.world import PORTAL, SITES

KNOWN = Sites(SITES)
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"])).map(str.strip)


def read(content: bytes | str) -> tuple[list[Mapping], list[RowError]]:
    data = content.encode() if isinstance(content, str) else content
    return read_table(data, sites=KNOWN, portal=PORTAL)


def mapping(path: str, kind: MappingKind = MappingKind.MOVED, **more: object) -> Mapping:
    raw = f"http://haiduong.gov.vn{path}"
    found = KNOWN.key_of(raw)
    assert found is not None
    return Mapping(found[1], raw, kind, **more)  # type: ignore[arg-type]  # named as in Mapping


@pytest.mark.parametrize(
    "content",
    [
        "old_url,kind,target,reason\nhttp://haiduong.gov.vn/a,moved,/b,Đổi tên\n",
        "\ufeffOld URL;Status;New URL;Note\r\nhttp://haiduong.gov.vn/a;301;/b;Đổi tên\r\n",
        "Lý do\tĐịa chỉ mới\tĐịa chỉ cũ\tLoại\nĐổi tên\t/b\thttp://haiduong.gov.vn/a\tĐã chuyển\n",
        "lý do;đích;url cũ;ghi;loại\nĐổi tên;/b;http://haiduong.gov.vn/a;bỏ qua;chuyển hướng\n",
        "http://haiduong.gov.vn/a,308,/b,Đổi tên\n",
        "\n\nURL,to,reason\n\n,,\nhttp://haiduong.gov.vn/a,/b,Đổi tên",
    ],
)
@pytest.mark.parametrize("charset", ["utf-8", "utf-16"])
def test_a_table_is_read_as_it_comes(content: str, charset: str) -> None:
    expected = mapping("/a", target="/b", reason="Đổi tên")

    assert read(content.encode(charset)) == ([expected], [])


def test_a_table_of_the_windows_1258_years_is_read(tmp_path: object) -> None:
    # "Hết hiệu lực" with its tones apart, as that charset keeps them
    reason = "Hê\u0301t hiê\u0323u lư\u0323c".encode("cp1258")

    mappings, errors = read(b"old_url;kind;reason\nhaiduong.gov.vn/a;410;" + reason)

    assert errors == []
    assert [(m.kind, m.reason) for m in mappings] == [(MappingKind.GONE, "Hết hiệu lực")]


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("moved 301 308 Permanent", MappingKind.MOVED),
        ("temporary 302 307 tạm-thời", MappingKind.TEMPORARY),
        ("split 300 tách", MappingKind.SPLIT),
        ("gone 410 Gỡ-bỏ", MappingKind.GONE),
        ("archived 200 Lưu-trữ", MappingKind.ARCHIVED),
        ("unresolved 404", MappingKind.UNRESOLVED),
    ],
)
def test_kinds_have_names_codes_and_vietnamese_names(words: str, kind: MappingKind) -> None:
    rows = "".join(f"haiduong.gov.vn/a,{word},/b\n" for word in words.split())

    mappings, errors = read("old_url,kind,target\n" + rows)

    assert errors == []
    assert {m.kind for m in mappings} == {kind}


def test_a_row_without_a_kind_is_moved_or_undecided() -> None:
    mappings, _ = read("old_url,target\nhaiduong.gov.vn/a,/b\nhaiduong.gov.vn/c\n")

    assert [m.kind for m in mappings] == [MappingKind.MOVED, MappingKind.UNRESOLVED]


@pytest.mark.parametrize(
    ("row", "column", "value", "message"),
    [
        ("http://la.vn/a,moved,/b", "old_url", "http://la.vn/a", "la.vn"),
        (",moved,/b", "old_url", "", "Chưa có địa chỉ cũ"),
        ("http://[/,moved,/b", "old_url", "http://[/", "không đọc được"),
        ("haiduong.gov.vn/a,bay,/b", "kind", "bay", "archived, gone, keep, moved"),
        ("haiduong.gov.vn/a,moved,", "target", "", "Chưa có địa chỉ đích"),
        ("haiduong.gov.vn/a,302,//evil.vn", "target", "//evil.vn", "không đọc được"),
        (
            "haiduong.gov.vn/a,301,https://evil.vn/",
            "target",
            "https://evil.vn/",
            "dẫn ra ngoài cổng",
        ),
        ("haiduong.gov.vn/a,split,", "target", "", "ít nhất một"),
        ("haiduong.gov.vn/a,split,A=/a | B=//x", "target", "A=/a | B=//x", "không đọc được"),
        ("haiduong.gov.vn/a,gone,,lý do,thừa", "", "thừa", "nhiều ô hơn"),
    ],
)
def test_a_row_with_an_error_is_named_and_the_others_are_taken(
    row: str, column: str, value: str, message: str
) -> None:
    good = 'haiduong.gov.vn/tot,gone,,"hai\ndòng"\n'

    mappings, errors = read(f"old_url,kind,target,reason\n{good}{row}\n{good}")

    assert len(mappings) == 2
    assert [(e.line, e.column, e.value) for e in errors] == [(4, column, value)]
    assert message in errors[0].message


def test_a_cell_beyond_all_measure_is_an_error_with_its_line() -> None:
    limit = csv.field_size_limit()

    mappings, errors = read(f"old_url\nhaiduong.gov.vn/a\nhaiduong.gov.vn/{'b' * limit}\n")

    assert len(mappings) == 1
    assert [error.line for error in errors] == [3]


def test_an_empty_file_is_an_empty_table() -> None:
    assert read(b"") == ([], [])


def test_a_split_page_has_several_targets_in_one_cell() -> None:
    mappings, errors = read(
        "old_url,kind,target\nhaiduong.gov.vn/so,split,Sở Tài chính=/so-tc | /so-nv?a=b | =/c\n"
    )

    assert errors == []
    assert mappings[0].targets == (
        SplitTarget("Sở Tài chính", "/so-tc"),
        SplitTarget("/so-nv?a=b", "/so-nv?a=b"),
        SplitTarget("/c", "/c"),
    )


def test_what_is_written_is_read_back() -> None:
    mappings = [
        mapping("/Tin-Tức?b=1&a=2", target="/b", reason="=HYPERLINK(1)"),
        mapping("/b", MappingKind.TEMPORARY, target="doc:7", reason='-1, +2; "ba"\nbốn'),
        mapping("/c", MappingKind.SPLIT, targets=(SplitTarget("A=B|C\\", "/a?x=1|2"),)),
        mapping("/d", MappingKind.GONE, reason="'=đã nháy"),
        mapping("/e", MappingKind.ARCHIVED),
        mapping("/f", MappingKind.UNRESOLVED),
        mapping("/g", target="/h", query="pass"),
    ]

    content = write_table(mappings)

    assert read(content) == (mappings, [])
    assert content.startswith(b"\xef\xbb\xbfold_url,kind,target,reason,query\r\n")
    assert b",'=HYPERLINK(1)" in content


@given(TEXT)
def test_no_cell_runs_in_a_spreadsheet_and_every_cell_comes_back(text: str) -> None:
    guarded = guard_cell(text)

    assert not guarded.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert bare_cell(guarded) == text


@given(st.lists(st.tuples(TEXT.map(lambda text: f"A{text}"), TEXT.map(lambda text: f"/{text}"))))
def test_targets_in_one_cell_come_back(pairs: list[tuple[str, str]]) -> None:
    targets = tuple(SplitTarget(label, target) for label, target in pairs)

    assert read_targets(write_targets(targets)) == targets


def test_the_key_of_a_row_is_the_sites_key() -> None:
    mappings, _ = read(
        "url\nhttps://WWW.haiphong.gov.vn/\nhttps://haiphong.gov.vn/X?itemid=1&y=2\n"
    )

    assert [m.key for m in mappings] == [CanonicalUrl("haiphong.gov.vn/x?itemid=1")]
