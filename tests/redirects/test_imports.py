"""What the files of other servers say is read whole, or each line that is not is named."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redirects.formats.apache_directives import read_apache, read_rewrite_map
from redirects.formats.json_lines import read_json_lines, write_json_lines
from redirects.formats.nginx import write_nginx
from redirects.formats.nginx_directives import read_nginx
from redirects.formats.reading import Reading
from redirects.formats.redirects_list import read_redirects_list
from redirects.formats.table import read_csv
from redirects.formats.wordpress import read_wordpress
from redirects.formats.workbook import read_workbook
from redirects.mapping import MappingKind, SplitTarget
from redirects.site import Site
from redirects.sites import Sites
from tests.redirects.workbooks import workbook
from tests.redirects.world import KNOWN, PORTAL, SITES, World

HOST = "haiduong.gov.vn"
Read = Callable[[bytes, Reading], None]


def reading(site: str | None = "haiduong") -> Reading:
    sites = Sites(SITES)
    return Reading(sites, PORTAL, sites.named(site) if site else None)


def taken(
    read: Read, text: str, site: str | None = "haiduong"
) -> tuple[list[str], list[str], list[int]]:
    """Mappings and rules in one line each, and the lines refused."""
    found = reading(site)
    read(text.encode(), found)
    mappings = [f"{one.key.removeprefix(HOST)} {one.kind} {one.target}" for one in found.mappings]
    rules = [f"{one.site} {one.pattern} {one.kind} {one.target}" for one in found.rules]
    return mappings, rules, [error.line for error in found.errors]


def test_a_list_of_redirects_is_read_line_by_line() -> None:
    text = """# nothing
/tin-tức/a  /b   # why
/c /d 302!
/e id=7 /f 301
/g/* /h/:splat 301
/tin/:slug id=:id /x/:slug?id=:id 302
http://haiphong.gov.vn/Pages/* /z
/cu /x 410
/proxy /y 200
/l /m 301 Country=vn
/alone
/n /o soon
http://la.vn/* /x
http://la.vn/x /x
http://a:b:c/* /x
/p https://evil.vn/
/q/* https://evil.vn/
"""
    assert taken(read_redirects_list, text) == (
        ["/tin-tức/a moved /b", "/c temporary /d", "/e?id=7 moved /f", "/cu gone None"],
        [
            "haiduong /g/* moved /h/:splat",
            "haiduong /tin/:slug?id=:id temporary /x/:slug?id=:id",
            "haiphong /Pages/* moved /z",
        ],
        [9, 10, 11, 12, 13, 14, 15, 16, 17],
    )


def test_without_a_site_a_bare_path_is_nobodys() -> None:
    text = "/a /b\n/c/* /d\nhttp://haiduong.gov.vn/e /f\n"

    assert taken(read_redirects_list, text, None) == (["/e moved /f"], [], [1, 2])


def test_a_bare_path_is_refused_where_the_site_has_many_hosts() -> None:
    districts = Site("huyen", "Các huyện", "*.haiduong.gov.vn")
    found = Reading(Sites([districts]), PORTAL, districts)
    read_redirects_list(b"/a /b\nhttp://gialoc.haiduong.gov.vn/c /d\n", found)

    assert [one.key for one in found.mappings] == ["gialoc.haiduong.gov.vn/c"]
    assert [(error.line, error.value) for error in found.errors] == [(1, "/a")]


def test_apache_directives_are_read() -> None:
    text = r"""# old
ServerName haiphong.gov.vn
Redirect permanent "/văn bản/a.aspx" /b

ServerName haiduong.gov.vn
Redirect /tin /tin-tuc/
RedirectPermanent /c.html https://dichvucong.gov.vn/
RedirectMatch 301 "^/bai-(\d+)\.html$" /bai/$1
RedirectMatch gone \.php$
Redirect gone /d.html
Redirect 301 /e
RewriteRule ^a$ /b [L]
RedirectMatch 301 ^/(?!x) /y
Redirect 999 /f.html /g
RedirectMatch 999 ^/f /g
ServerName la.vn
Redirect
"""
    assert taken(read_apache, text) == (
        [
            "haiphong.gov.vn/văn%20bản/a.aspx moved /b",
            "/tin temporary /tin-tuc/",
            "/c.html moved https://dichvucong.gov.vn/",
            "/d.html gone None",
        ],
        [
            "haiduong /tin/* temporary /tin-tuc/:splat",
            r"haiduong ^/bai-(\d+)\.html(?:\?.*)?$ moved /bai/\1",
            r"haiduong ^.*(?:\.php(?:\?.*)?$) gone None",
        ],
        [11, 12, 13, 14, 15, 16, 17],
    )


def test_apache_rewrites_that_redirect_are_read_and_those_that_do_more_are_not() -> None:
    text = r"""RewriteEngine On
<IfModule mod_rewrite.c>
RewriteRule ^a\.html$ /b [R=301,L]
RewriteRule ^/?tin/(\d+)$ tin-tuc/$1? [R,NC]
RewriteRule (\.php)$ - [G]
RewriteRule ^/cu$ - [gone]
RewriteRule ^ra$ https://dichvucong.gov.vn/
RewriteCond %{HTTP_HOST} ^(www\.)?haiphong\.gov\.vn$ [NC]
RewriteRule ^c$ /d [R=permanent,L,QSD]
RewriteRule ^e$ /f [R=301]
RewriteCond %{HTTP_HOST} ^la\.vn$
RewriteRule ^g$ /h [R=301]
RewriteCond %{QUERY_STRING} ^id=1$
RewriteRule ^i$ /k [R=301]
RewriteRule ^l$ /m [L]
RewriteRule ^n$ /o [R=301,E=x:1]
RewriteRule ^p$ /q?a=%1 [R=301]
RewriteRule ^r$ %{HTTP_HOST}/s [R=301]
RewriteRule ^t$
RewriteMap xa txt:xa.txt
</IfModule>
"""
    assert taken(read_apache, text) == (
        [
            "/a.html moved /b",
            "/cu gone None",
            "/ra temporary https://dichvucong.gov.vn/",
            "haiphong.gov.vn/c moved /d",
            "/e moved /f",
        ],
        [
            r"haiduong ^/tin/(\d+)(?:\?.*)?$ temporary /tin-tuc/\1",
            r"haiduong ^.*(?:(\.php)(?:\?.*)?$) gone None",
        ],
        [12, 14, 15, 16, 17, 18, 19, 20],
    )


def test_a_rewrite_map_is_read() -> None:
    text = (
        "# key value\n/tin/a /b\nhaiphong.gov.vn/Pages/x.aspx /c\n\n/cu gone\n/d 1\n/e\n/f /g /h\n"
    )

    assert taken(read_rewrite_map, text) == (
        [
            "/tin/a moved /b",
            "haiphong.gov.vn/pages/x.aspx moved /c",
            "/cu gone None",
            "/d gone None",
        ],
        [],
        [7, 8],
    )


def test_every_format_that_can_say_so_says_that_an_address_is_gone() -> None:
    said: list[tuple[Read, str]] = [
        (read_csv, "/cu,410,"),
        (read_csv, "/cu\tgone\t"),
        (read_redirects_list, "/cu 410"),
        (read_redirects_list, "/cu /x 410"),
        (read_nginx, "location = /cu { return 410; }"),
        (read_apache, "Redirect 410 /cu.html\n"),
        (read_apache, "RewriteRule ^cu$ - [G]"),
        (read_rewrite_map, "/cu 410"),
        (read_wordpress, '{"redirects": [{"url": "/cu", "action_code": 410, "action_type": "error"}]}'),
        (read_json_lines, '{"old_url": "/cu", "kind": "gone"}'),
        (read_json_lines, '[{"old_url": "/cu", "kind": "410"}]'),
    ]  # fmt: skip
    for read, text in said:
        found = reading()
        read(text.encode(), found)
        assert [one.kind for one in found.mappings] == [MappingKind.GONE], text
        assert found.errors == []


def test_a_long_pattern_gives_its_rule_a_name_that_fits_and_differs() -> None:
    text = "".join(f"/{'rat-dai/' * 20}{end}/* /b\n" for end in ("a", "b"))
    found = reading()

    read_redirects_list(text.encode(), found)

    names = {rule.name for rule in found.rules}
    assert (len(names), {len(name) for name in names}) == (2, {64})


def test_nginx_maps_rewrites_and_returns_are_read() -> None:
    text = r"""# old
map $request_uri $to {
    default "";
    /tin/a.html /b;
    "haiphong.gov.vn/Pages/a.aspx" '/c';
    ~^/x/(?<so>\d+)$ /y/$so;
    \/moi /moi-hon;
    hostnames;
}
map $host $other { a b; }
map $uri $to { default /mac-dinh; ~*\.asp$ /het; }
server {
    server_name www.haiduong.gov.vn;
    rewrite ^/bai-(\d+)$ /bai/$1? permanent;
    rewrite ^/ra$ https://dichvucong.gov.vn/;
    rewrite ^/trong$ /khac last;
    rewrite ^/trong2$ /khac;
    rewrite ^/vong$ /x$request_uri redirect;
    location = /d { return 301 /e; }
    location = /g { return 410; }
    location /thu-muc/ { return 302 /f; }
    location ~ ^/(a|b)$ { return https://dichvucong.gov.vn/$1; }
    location = /h { return 301 /i$1; }
    location = /k { return 404; }
    location = / x { return 301 /x; }
    location { return 301 /y; }
    return 301 /z;
    if ($bad) { set $a b; }
    server_name la.vn;
}
}
map $uri $m { /vo /van }
rewrite ^/a
"""
    assert taken(read_nginx, text) == (
        [
            "/tin/a.html moved /b",
            "haiphong.gov.vn/pages/a.aspx moved /c",
            "/moi moved /moi-hon",
            "/ra temporary https://dichvucong.gov.vn/",
            "/d moved /e",
            "/g gone None",
        ],
        [
            r"haiduong ^/x/(?P<so>\d+)(?:\?.*)?$ moved /y/:so",
            r"haiduong ^.*(?:\.asp(?:\?.*)?$) moved /het",
            r"haiduong ^/bai-(\d+)(?:\?.*)?$ moved /bai/\1",
            "haiduong /thu-muc/* temporary /f",
            r"haiduong ^/(a|b)(?:\?.*)?$ temporary https://dichvucong.gov.vn/\1",
        ],
        [8, 10, 11, 16, 17, 18, 23, 24, 25, 26, 27, 28, 28, 29, 32, 33],
    )


def test_the_maps_we_write_for_nginx_are_read_back(world: World) -> None:
    world.map(f"http://{HOST}/tin-tức/a", "/b?c=$d")
    world.map(f"http://{HOST}/lich", "/lich-moi", MappingKind.TEMPORARY)
    world.map(f"http://{HOST}/cu", kind=MappingKind.GONE)
    files = write_nginx(world.mappings, portal=PORTAL, sites=SITES, locate=KNOWN.get).files

    found = reading(None)
    read_nginx(files["hopnhat-maps.conf"], found)

    expected = {(one.key, one.kind) for one in world.mappings}
    assert {(one.key, one.kind) for one in found.mappings} == expected
    assert found.mappings[0].target == "https://haiphong.gov.vn/b?c=$d"


def test_what_the_wordpress_plugin_exports_is_read() -> None:
    text = r"""{"plugin": {"version": "5"}, "redirects": [
{"url": "/a", "action_code": 301, "action_type": "url", "action_data": {"url": "/b"}, "regex": false},
{"url": "/bai/(.*)", "action_code": 302, "action_type": "url", "action_data": {"url": "/c/$1"}, "regex": true},
{"url": "/d", "action_code": 410, "action_type": "error"},
{"url": "/e", "action_data": "/f"},
{"url": "/g", "action_data": "/h", "enabled": false},
{"url": "/i", "action_data": "/k", "match_type": "login"},
{"url": "/l", "action_type": "random"},
{"url": "/m", "action_code": 404, "action_type": "error"},
7
]}"""
    assert taken(read_wordpress, text) == (
        ["/a moved /b", "/d gone None", "/e moved /f"],
        [r"haiduong ^.*(?:/bai/(.*)) temporary /c/\1"],
        [6, 7, 8, 9, 10],
    )
    passed = '{"redirects": [{"url": "/a", "action_data": {"url": "/b"}, "match_data": {"source": {"flag_query": "pass"}}}]}'
    found = reading()
    read_wordpress(passed.encode(), found)
    read_wordpress(passed.replace('"/a"', '"^/c", "regex": true').encode(), found)
    read_wordpress(passed.replace("pass", "exact").encode(), found)
    assert [one.query for one in found.mappings] == ["pass", "drop"]
    assert [one.query for one in found.rules] == ["pass"]
    assert taken(read_wordpress, '{\n"a": }') == ([], [], [2])
    assert taken(read_wordpress, "[]") == ([], [], [1])


@pytest.mark.parametrize("read", [read_wordpress, read_json_lines])
def test_json_that_no_address_can_hold_is_refused_by_its_line(read: Read) -> None:
    half = r'{"redirects": [{"url": "/\ud800", "action_data": "/a", "regex": false}]}'
    rule = half.replace("false", "true")
    line = r'{"old_url": "/\ud800", "target": "/a"}'

    for text in (half, rule, line, "[" * 100_000, "[" * 100_000 + "]" * 100_000):
        assert taken(read, text) == ([], [], [1])


LINES = st.lists(
    st.sampled_from(
        ["/a", "/b/*", "/:c", "http://haiduong.gov.vn/d", "https://evil.vn/", "301", "410", "200!",
         "map", "$uri", "$x", "{", "}", ";", "~^/(.*)$", "/e/$1", "rewrite", "permanent", "location",
         "=", "return", "server_name", "Redirect", "RedirectMatch", "gone", "(", "^(?<x", "\n", "#",
         '"', "'", "\\", "Đ", "\x00", "[", "]", ":", ",", '"url"', '"redirects"']
    )
)  # fmt: skip


@given(words=LINES, together=st.booleans())
@pytest.mark.parametrize(
    "read", [read_redirects_list, read_apache, read_nginx, read_wordpress, read_json_lines]
)
def test_no_text_is_more_than_a_reader_can_take(
    read: Read, words: list[str], *, together: bool
) -> None:
    text = ("" if together else " ").join(words)
    found = reading()

    read(text.encode(), found)

    assert all(1 <= error.line <= len(text.splitlines()) + 1 for error in found.errors)
    for one in found.mappings:
        assert Sites(SITES).key_of(one.raw) is not None


def test_a_long_map_is_read_in_time_that_grows_with_it() -> None:
    entries = "".join(f"/tin-{n} /b;\n" for n in range(20_000))
    found = reading()

    read_nginx(f"map $uri $to {{\n{entries}rong\n}}".encode(), found)

    assert (len(found.mappings), [error.line for error in found.errors]) == (20_000, [20_002])


def test_json_comes_back_as_it_went(world: World) -> None:
    world.map(f"http://{HOST}/a", "doc:7")
    world.map(f"http://{HOST}/so", kind=MappingKind.SPLIT,
              targets=[SplitTarget("Sở | A=B", "unit:31"), SplitTarget("C", "/c")])  # fmt: skip
    world.map(f"http://{HOST}/cu", kind=MappingKind.GONE, reason="Đã gỡ")
    found = reading()

    read_json_lines(write_json_lines(world.mappings) + b"\n[1]\n{}\nx\n", found)

    assert found.mappings == world.mappings
    assert [error.line for error in found.errors] == [5, 6, 7]


def test_json_may_be_one_list_and_each_item_keeps_its_line() -> None:
    text = """[
  {"old_url": "/a", "target": "/b"},
  {"old_url": "/c",
   "kind": "bay", "target": "/d"},
  7
]"""
    assert taken(read_json_lines, text) == (["/a moved /b"], [], [3, 5])


def test_a_spreadsheet_that_unpacks_to_too_much_is_refused_before_it_is() -> None:
    corners = workbook([["old_url"]])
    far = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(corners)) as old, zipfile.ZipFile(far, "w") as new:
        for part in old.infolist():
            content = old.read(part)
            if part.filename.endswith("sheet.xml"):
                content = content.replace(
                    b"</sheetData>",
                    b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>',
                )
            new.writestr(part.filename, content)
    bomb = io.BytesIO()
    with (
        zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as new,
        new.open("xl/sheet.xml", "w", force_zip64=True) as part_file,
    ):
        for _ in range(410):
            part_file.write(bytes(1_000_000))
    broken = workbook([["old_url", "xin-chao"]]).replace(b"xin-chao", b"tam-biet")

    for content, word in (
        (far.getvalue(), "quá nhiều ô"),
        (bomb.getvalue(), "quá lớn"),
        (broken, "bị hỏng"),
    ):
        found = reading()
        read_workbook(content, found)
        assert found.mappings == []
        assert word in found.errors[0].message


def test_a_spreadsheet_is_read_by_its_first_sheet() -> None:
    rows: list[list[str | int]] = [
        ["Địa chỉ cũ", "Loại", "Địa chỉ mới"],
        [],
        [f"http://{HOST}/tin-tức", 301, "/b"],
        [f"http://{HOST}/c", "bay", "/b"],
        [f"http://{HOST}/d", 410],
    ]
    found = reading()
    read_workbook(workbook(rows), found)

    assert [(one.key, one.kind.value) for one in found.mappings] == [
        (f"{HOST}/tin-tức", "moved"),
        (f"{HOST}/d", "gone"),
    ]
    assert [(error.line, error.column) for error in found.errors] == [(4, "kind")]


def test_a_file_that_is_no_spreadsheet_is_refused() -> None:
    found = reading()
    read_workbook(b"PK nothing", found)

    assert (found.mappings, [error.line for error in found.errors]) == ([], [1])


def test_what_becomes_of_a_query_is_read_from_tables_and_json() -> None:
    found = reading()
    read_csv(
        "Địa chỉ cũ,Địa chỉ mới,Tham số\n/a,/b,pass\n/c,/d,Chuyển tiếp\n/e,/f,bỏ\n/g,/h,\n"
        "/i,/k,có thể\n".encode(),
        found,
    )
    line = {"old_url": "/l", "target": "/m", "query": "pass"}
    read_json_lines(json.dumps(line).encode(), found)

    assert [one.query for one in found.mappings] == ["pass", "pass", "drop", "drop", "pass"]
    assert [(error.line, error.column) for error in found.errors] == [(6, "query")]
    again = reading()
    read_json_lines(write_json_lines(found.mappings), again)
    assert again.mappings == found.mappings
