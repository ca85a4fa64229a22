import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redirects.canonical import canonicalize_parts, split_key
from redirects.patterns import Patterns, expand
from redirects.site import Portal, QueryPolicy
from redirects.targets import TargetError, TargetFault, check_target, is_reference, location
from redirects.url import parse_url

SECURITY = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "security"
PORTAL = Portal(
    url="https://haiphong.gov.vn",
    hosts=("haiphong.gov.vn", "www.haiphong.gov.vn"),
    allowed_targets=frozenset({"dichvucong.gov.vn", "*.ChinhPhu.vn"}),
)
OWN_PAYLOADS = [
    "//evil.vn",
    "///evil.vn",
    "/\\evil.vn",
    "\\\\evil.vn",
    "/\t/evil.vn",
    "/\n/evil.vn",
    " //evil.vn",
    "https:evil.vn",
    "https:/evil.vn",
    "https://evil.vn",
    "http:\\\\evil.vn",
    "https://haiphong.gov.vn@evil.vn/",
    "https://haiphong.gov.vn.evil.vn/",
    "https://haiphong.gov.vn:8443/",
    "https://dichvucong.gov.vn:8443/",
    "https://chinhphu.vn/",
    "https://evilchinhphu.vn/",
    "https://haiphong.gov.vn%2eevil.vn/",
    "https://evil。vn/",
    "https://user:pass@haiphong.gov.vn/",
    "javascript:alert(1)",
    "data:text/html,x",
    "/a\r\nSet-Cookie:x",
    "/\ud800",
    "tin-tuc",
    "",
    "doc:",
    "doc:a b",
    "doc://evil.vn",
    "doc:7\n",
]


def stays(address: str) -> bool:
    """Ask the WHATWG parser where a browser would go."""
    host = parse_url(address).host
    return host in {*PORTAL.hosts, "dichvucong.gov.vn"} or host.endswith(".chinhphu.vn")


def security_lines(name: str) -> list[str]:
    path = SECURITY / name
    if not path.exists():
        pytest.skip("../shared/data is not here")
    text = path.read_text()
    return (
        [row["payload"] for row in json.loads(text)] if name.endswith("json") else text.split("\n")
    )


def arrivals(payload: str) -> list[str]:
    """Every Location a payload can bring about, as a target and as a captured piece."""
    raw = payload.encode(errors="replace")
    bare = canonicalize_parts("haiduong.gov.vn", raw, b"", QueryPolicy())
    address = split_key(bare)[1]
    found = [payload]
    for pattern, target in [
        ("/*", "/:splat"),
        ("/*", ":splat"),
        ("/*", "/b?to=:splat"),
        ("^/?(.*)$", r"\1"),
        ("^/?(.*)$", r"/\1"),
        ("^/?(.*)$", r"https://\1"),
        ("^/?(.*)$", r"https://\1.chinhphu.vn"),
        ("^/?(.*)$", r"https://dichvucong.gov.vn\1"),
    ]:
        patterns = Patterns([("r", pattern)])
        found += [
            expand(target, patterns.captures(number, address))
            for number in patterns.matching(address)
        ]
    return [text for target in found if (text := landed(target)) is not None]


def landed(target: str) -> str | None:
    try:
        return location(target, PORTAL)
    except TargetError:
        return None


@pytest.mark.parametrize(
    ("target", "header"),
    [
        ("/", "https://haiphong.gov.vn/"),
        (
            "/tin-tức/bài 1?q=ệ#mục",
            "https://haiphong.gov.vn/tin-t%E1%BB%A9c/b%C3%A0i%201?q=%E1%BB%87#m%E1%BB%A5c",
        ),
        ("http://www.haiphong.gov.vn/a", "http://www.haiphong.gov.vn/a"),
        ("HTTPS://DichVuCong.gov.vn", "https://dichvucong.gov.vn/"),
        ("https://vanban.chinhphu.vn/?pageid=1", "https://vanban.chinhphu.vn/?pageid=1"),
        ("/https://evil.vn", "https://haiphong.gov.vn/https://evil.vn"),
        ("/%0d%0aSet-Cookie:x", "https://haiphong.gov.vn/%0d%0aSet-Cookie:x"),
    ],
)
def test_a_target_becomes_an_absolute_ascii_location(target: str, header: str) -> None:
    check_target(target, PORTAL)

    assert location(target, PORTAL) == header


def test_a_portal_on_a_port_is_the_same_portal() -> None:
    portal = Portal("http://127.0.0.1:8080", ("127.0.0.1", "haiphong.localhost"))

    assert location("/a", portal) == "http://127.0.0.1:8080/a"
    check_target("http://haiphong.localhost:8080/a", portal)
    with pytest.raises(TargetError):
        check_target("http://127.0.0.1:8081/a", portal)


@pytest.mark.parametrize("target", ["doc:7", "unit:31@2025-07-01", "section:tin-tuc/su-kien"])
def test_a_reference_is_a_target_but_no_location_yet(target: str) -> None:
    check_target(target, PORTAL)

    assert is_reference(target)
    with pytest.raises(TargetError):
        location(target, PORTAL)


@pytest.mark.parametrize("target", OWN_PAYLOADS)
def test_an_editor_cannot_send_visitors_to_a_foreign_host(target: str) -> None:
    with pytest.raises(TargetError) as caught:
        check_target(target, PORTAL)

    assert caught.value.target == target
    assert caught.value.fault in set(TargetFault)
    assert all(stays(arrival) for arrival in arrivals(target.replace("\ud800", "")))


@pytest.mark.parametrize("name", ["open-redirect.json", "crlf.txt"])
def test_no_known_payload_leaves_the_portal_or_breaks_a_header(name: str) -> None:
    payloads = security_lines(name)

    assert len(payloads) >= 17
    for payload in payloads:
        for arrival in arrivals(payload):
            assert stays(arrival), (payload, arrival)
            assert arrival.isascii()
            assert not any(c.isspace() or c < " " for c in arrival)


@given(st.text(st.one_of(st.characters(), st.sampled_from("/\\:@.?#%hptsevil\t\n "))))
def test_whatever_is_accepted_stays(text: str) -> None:
    for target in (text, f"/{text}", f"https://{text}", f"https://haiphong.gov.vn{text}"):
        arrival = landed(target)
        assert arrival is None or stays(arrival)
