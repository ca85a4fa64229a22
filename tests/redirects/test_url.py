import pytest

from redirects.url import Url, UrlError, parse_url


def test_a_url_is_read_as_a_browser_reads_it_and_its_raw_form_is_kept() -> None:
    url = parse_url("HTTP://u:p@Báo.vn:8080\\Tin\\..\\Đảng?q=ệ#top")

    assert url == Url(
        raw="HTTP://u:p@Báo.vn:8080\\Tin\\..\\Đảng?q=ệ#top",
        scheme="http",
        host="xn--bo-mia.vn",
        port=8080,
        path="/%C4%90%E1%BA%A3ng",
        query="q=%E1%BB%87",
        fragment="top",
        credentials=True,
    )
    assert url.origin == "http://xn--bo-mia.vn:8080"
    assert str(url) == "http://xn--bo-mia.vn:8080/%C4%90%E1%BA%A3ng?q=%E1%BB%87"


@pytest.mark.parametrize(
    ("text", "port"), [("http://a.vn/", 80), ("https://a.vn/", 443), ("http://a.vn:81/", 81)]
)
def test_the_port_a_client_connects_to_is_known(text: str, port: int) -> None:
    assert parse_url(text).effective_port == port


def test_a_relative_address_is_read_against_its_page() -> None:
    page = parse_url("https://haiduong.gov.vn/tin-tuc/a.html")

    assert parse_url("../van-ban?id=1", page).href == "https://haiduong.gov.vn/van-ban?id=1"
    assert parse_url("b.html", str(page)).path == "/tin-tuc/b.html"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/duong-dan",
        "http://",
        "http://a b/",
        "mailto:a@b.vn",
        "javascript:alert(1)",
        "ftp://a.vn/",
        "http://a.vn/\ud800",
    ],
)
def test_what_is_no_web_address_is_refused_by_name(text: str) -> None:
    with pytest.raises(UrlError) as caught:
        parse_url(text)

    assert caught.value.text == text
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "host", "port", "rest"),
    [
        ("http://[::1]/a", "[::1]", None, "/a"),
        ("http://[::1]:8080?x=1", "[::1]", 8080, "/"),
        ("http://u@a.vn/@b:c?d@e:f#g?h", "a.vn", None, "/@b:c"),
        ("https://:p@a.vn:443//", "a.vn", None, "//"),
    ],
)
def test_a_serialised_url_comes_apart_at_the_right_places(
    text: str, host: str, port: int | None, rest: str
) -> None:
    url = parse_url(text)

    assert (url.host, url.port, url.path) == (host, port, rest)
    assert url.credentials is ("@" in text.split("/")[2])
