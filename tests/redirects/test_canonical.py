import json
from pathlib import Path
from unicodedata import normalize
from urllib.parse import quote, unquote_to_bytes

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from redirects.canonical import (
    _unquote,
    canonical_host,
    canonicalize,
    canonicalize_parts,
    fold_text,
    split_key,
    standing_path,
)
from redirects.mapping import CanonicalUrl
from redirects.noise import NOISE_PARAMETERS
from redirects.site import QueryPolicy
from redirects.url import parse_url

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "redirects"
KEEP_ALL = QueryPolicy()
BY_ID = QueryPolicy("significant", frozenset({"ItemID", "p_p_*"}))
POLICIES = st.sampled_from(
    [KEEP_ALL, BY_ID, QueryPolicy("none"), QueryPolicy("ignored", frozenset({"X"}))]
)
NASTY = st.text(
    st.one_of(st.characters(), st.sampled_from("/\\%?#&=+;.:@[]()uU2fFeE0189aAsS \t\n;\u0323İΣßĐđ"))
)


def spellings(path: str) -> dict[str, bytes]:
    nfc, nfd = normalize("NFC", path), normalize("NFD", path)
    iis = "".join(c if c.isascii() else f"%u{ord(c):04X}" for c in nfc)
    ansi = "".join(c if c.isascii() else quote(c.encode("cp1258")) for c in for_windows_1258(nfc))
    return {
        "raw NFC": nfc.encode(),
        "raw NFD": nfd.encode(),
        "NFC, upper hex": quote(nfc).encode(),
        "NFC, lower hex": quote(nfc).lower().encode(),
        "NFD, upper hex": quote(nfd).encode(),
        "capitals": quote(nfc.upper()).encode(),
        "IIS": iis.encode(),
        "IIS, lower hex": iis.lower().encode(),
        "windows-1258": ansi.encode(),
        "raw windows-1258": for_windows_1258(nfc).encode("cp1258"),
        "last slash": quote(nfc).encode() + b"/",
        "double slashes": quote(nfc).replace("/", "//").encode(),
        "dot segments": b"/x/.." + quote(nfc).encode() + b"/.",
        "encoded dots": b"/x/%2e%2E" + quote(nfc).encode(),
        "backslashes": quote(nfc).replace("/", "\\").encode(),
        "java session": quote(nfc).encode() + b";jsessionid=0A1.node1!993639228!-11",
        "cookieless": b"/(S(lit3py55t21z5v55vlm25s55))" + quote(nfc).encode(),
    }


def for_windows_1258(text: str) -> str:
    """Base letters with their hat or horn, tone marks apart: the way that charset writes."""
    tones = "\u0300\u0301\u0303\u0309\u0323"
    letters = []
    for letter in text:
        marks = normalize("NFD", letter)
        base = normalize("NFC", "".join(c for c in marks if c not in tones))
        letters.append(base + "".join(c for c in marks if c in tones))
    return "".join(letters)


@pytest.mark.parametrize("spelling", sorted(spellings("/a")))
@pytest.mark.parametrize("path", ["/tin-tức/đại-hội-đảng", "/văn-bản/quyết-định-số-15-ở-chí-linh"])
def test_every_spelling_of_a_vietnamese_path_has_one_key(path: str, spelling: str) -> None:
    raw = spellings(path)[spelling]

    assert canonicalize_parts("haiduong.gov.vn", raw, b"", KEEP_ALL) == f"haiduong.gov.vn{path}"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("https://Haiduong.GOV.vn:443/", "haiduong.gov.vn/"),
        ("http://haiduong.gov.vn.:8080", "haiduong.gov.vn/"),
        ("haiduong.gov.vn/a/", "haiduong.gov.vn/a"),
        ("//haiduong.gov.vn/a", "haiduong.gov.vn/a"),
        ("http:haiduong.gov.vn/a", "haiduong.gov.vn/a"),
        ("ftp://u:p@haiduong.gov.vn/a#b", "haiduong.gov.vn/a"),
        ("http://báo.vn/a", "xn--bo-mia.vn/a"),
        ("http://tinh.gov.vn/100%/x", "tinh.gov.vn/100%25/x"),
        ("http://tinh.gov.vn/100%25/x", "tinh.gov.vn/100%25/x"),
        ("http://tinh.gov.vn/a%2fb%5cc%3fd%23e%20f", "tinh.gov.vn/a%2Fb%5Cc%3Fd%23e%20f"),
        ("http://tinh.gov.vn/%2541", "tinh.gov.vn/%2541"),
        ("http://tinh.gov.vn/%u0025%u0034%u0031", "tinh.gov.vn/%2541"),
        ("http://tinh.gov.vn/%uD83D%uDE00", "tinh.gov.vn/😀"),
        ("http://tinh.gov.vn/%u1ec7%udc00", "tinh.gov.vn/ệ\ufffd"),
        ("http://tinh.gov.vn/%ud800", "tinh.gov.vn/\ufffd"),
        ("http://tinh.gov.vn/../../a/..", "tinh.gov.vn/"),
        ("http://tinh.gov.vn/a;v=1;JSESSIONID=x/b", "tinh.gov.vn/a;v=1/b"),
        ("http://tinh.gov.vn/%8a", "tinh.gov.vn/%C2%8A"),
        ("/tin-tuc?x=1#y", "/tin-tuc?x=1"),
        ("a b!/c?d#e", "a_b_/c?d"),
        ("", "/"),
    ],
)
def test_an_address_has_this_key(text: str, key: str) -> None:
    assert canonicalize(text, KEEP_ALL) == key


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("b=2&a=1", "a=1&b=2"),
        ("x=2&x=1", "x=2&x=1"),
        ("&&a&=&b=", "a&b"),
        ("q=c%C3%B4ng+v%C4%83n%20s%E1%BB%91", "q=công%20văn%20số"),
        ("q=a%2Bb%26c%3Dd", "q=a%2Bb%26c=d"),
        ("a%3Db=c", "a%3Db=c"),
        ("id=1&amp;amp;ItemID=3#x", "id=1&itemid=3"),
        ("=v", "=v"),
        ("utm_source=zalo&UTM_Medium=x&fbclid=1&gclid=2&zarsrc=30&_ga=3&mc_eid=4", ""),
        ("PHPSESSID=1&jsessionid=2&sid=3&ASPSESSIONIDQQ=4&id=5", "id=5"),
    ],
)
def test_a_query_is_sorted_and_rid_of_noise(query: str, kept: str) -> None:
    key = canonicalize(f"http://tinh.gov.vn/a?{query}", KEEP_ALL)

    assert key == ("tinh.gov.vn/a?" + kept if kept else "tinh.gov.vn/a")


@pytest.mark.parametrize(
    ("policy", "kept"),
    [
        (BY_ID, "?itemid=12&p_p_id=x"),
        (QueryPolicy("ignored", frozenset({"CateID", "p_p_*"})), "?itemid=12&page=2"),
        (QueryPolicy("none"), ""),
        (QueryPolicy("significant", frozenset({"sid"})), "?sid=9"),
    ],
)
def test_a_sites_policy_says_which_parameters_count(policy: QueryPolicy, kept: str) -> None:
    query = b"ITEMID=12&CateID=3&Page=2&sid=9&p_p_id=X"

    assert canonicalize_parts("a.vn", b"/x", query, policy) == f"a.vn/x{kept}"


@given(NASTY.map(lambda text: f"{text}"), POLICIES)
@example("http://a.vn/\udcff", KEEP_ALL)
@example("http://[::1]:80/a", KEEP_ALL)
@example("@", KEEP_ALL)
@example("0x7f.1:99999", KEEP_ALL)
@example("a.vn/;", KEEP_ALL)
def test_a_key_is_its_own_key_whatever_the_text(text: str, policy: QueryPolicy) -> None:
    for address in (text, f"http://a.vn/{text}", f"//{text}", f"a.vn/?{text}"):
        key = canonicalize(address, policy)
        assert canonicalize(key, policy) == key
        assert not any(c.isspace() for c in key)


@given(st.binary(), st.binary(), POLICIES)
def test_a_key_of_any_bytes_is_its_own_key(path: bytes, query: bytes, policy: QueryPolicy) -> None:
    key = canonicalize_parts("a.vn", path, query, policy)

    assert canonicalize(key, policy) == key
    assert canonicalize_parts(*_as_parts(key), policy) == key


@given(NASTY, POLICIES)
def test_both_doors_make_the_same_key(text: str, policy: QueryPolicy) -> None:
    url = parse_url("http://a.vn/" + text.replace("\ud800", "").encode("utf-8", "replace").decode())
    parts = canonicalize_parts(url.host, url.path.encode(), url.query.encode(), policy)

    assert canonicalize(url, policy) == parts == canonicalize(str(url), policy)


def _as_parts(key: CanonicalUrl) -> tuple[str, bytes, bytes]:
    host, path, query = split_key(key)
    return host, path.encode(), query.encode()


def test_folding_is_stable_for_every_letter() -> None:
    for code in [*range(0xD800), *range(0xE000, 0x20000)]:
        folded = fold_text(chr(code))
        assert fold_text(folded) == folded


def test_a_host_header_as_long_as_it_likes_is_only_a_name() -> None:
    assert canonical_host(" WWW.Haiduong.gov.vn.:8080 ") == "www.haiduong.gov.vn"
    assert canonical_host("evil.vn/@haiduong.gov.vn") == "evil.vn__haiduong.gov.vn"
    assert canonical_host("\ud800") == "_"
    assert canonical_host("") == ""


def test_noise_is_written_in_lower_case_once() -> None:
    assert len(set(NOISE_PARAMETERS)) == len(NOISE_PARAMETERS)
    assert all(name == name.lower() for name in NOISE_PARAMETERS)


def test_the_spellings_that_gov_uk_keeps_apart_become_one_key() -> None:
    path = SHARED / "optic14n" / "oracle_vn_style.jsonl"
    if not path.exists():
        pytest.skip("../shared/data is not here")
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    groups: dict[str, set[str]] = {}
    for row in rows:
        names = frozenset(row["options"].get("allow_query", ()))
        key = canonicalize(row["in"], QueryPolicy("significant", names))
        groups.setdefault(key, set()).add(row["in"])
        if "out" in row:  # whatever GOV.UK made of it is one more spelling of the same address
            assert canonicalize(row["out"], QueryPolicy("significant", names)) == key

    assert len(rows) == 28
    assert len(groups["www.bacgiang.gov.vn/tin-tức/đại-hội-đảng"]) == 5
    assert len(groups["tinh.gov.vn/a"]) == 5  # ports, trailing dot, user
    assert len(groups["tinh.gov.vn/a/b"]) == 2  # double slash, backslash
    assert len(groups) == 28 - 4 - 4 - 1


def test_real_sources_of_gov_uk_are_idempotent() -> None:
    path = SHARED / "govuk-mappings" / "sample.jsonl"
    if not path.exists():
        pytest.skip("../shared/data is not here")
    for line in path.read_text().splitlines():
        key = canonicalize(json.loads(line)["old_url"], KEEP_ALL)
        assert canonicalize(key, KEEP_ALL) == key


@given(st.text(st.sampled_from("aZ09%=_ \t\r\nFe/"), max_size=12).map(str.encode) | st.binary())
def test_percent_decoding_is_that_of_the_standard_library(raw: bytes) -> None:
    assert _unquote(raw) == unquote_to_bytes(raw)


@st.composite
def escaped(draw: st.DrawFn, paths: st.SearchStrategy[str]) -> tuple[bytes, bytes]:
    """A path in UTF-8, and with some of its bytes escaped in either case."""
    path = draw(paths).encode("utf-8", "replace")
    ways = draw(st.lists(st.sampled_from(["%c", "%%%02X", "%%%02x"]), min_size=len(path),
                         max_size=len(path)))  # fmt: skip
    return path, b"".join(
        bytes([byte]) if way == "%c" else (way % byte).encode()
        for byte, way in zip(path, ways, strict=True)
    )


@given(escaped(st.text("/ab.;=%?#\\ +đệ\u0323\n\r").map(lambda text: "/" + text)))
@example((b"/a\xe1\xbb\x87", b"/a%e1%bb%87"))
@example((b"/a?b=1", b"/a%3Fb=1"))
@example((b"/a%20b", b"/a%2520b"))
@example((b"/a/b", b"/a%2Fb"))
@example((b"/ab", b"/a%\nb"))
@example((b"/a", b"/a%"))
@example((b"/\xc3\xa0", b"/=C3=A0"))
def test_what_is_found_as_it_stands_is_found_under_its_key(both: tuple[bytes, bytes]) -> None:
    path, raw = both
    standing = standing_path(raw)
    if standing is None:
        return
    for policy in (KEEP_ALL, QueryPolicy("none")):
        settled = canonicalize_parts("a.vn", path, b"", policy).encode()
        if settled == b"a.vn" + standing:  # something may be kept under it
            assert canonicalize_parts("a.vn", raw, b"", policy).encode() == settled


def test_a_path_that_escapes_no_more_than_letters_may_stand_as_it_is() -> None:
    assert (
        standing_path(quote("/tin-tức/đại-hội.html").encode()) == "/tin-tức/đại-hội.html".encode()
    )
    for hidden in (b"", b"tin", b"/a%2Fb", b"/a%3Fb", b"/a%25", b"/a%u1EA1", b"/a%", b"/a=b%41"):
        assert standing_path(hidden) is None
