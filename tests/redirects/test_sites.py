import pytest

from redirects.site import QueryPolicy, Site
from redirects.sites import SiteError, Sites
from redirects.url import parse_url

HAIDUONG = Site("haiduong", "Hải Dương", "haiduong.gov.vn", ("www.haiduong.gov.vn", "báo.vn"))
GIALOC = Site("gialoc", "Gia Lộc", "gialoc.haiduong.gov.vn", query=QueryPolicy("none"))


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("haiduong.gov.vn", "haiduong"),
        ("WWW.Haiduong.gov.vn.:8080", "haiduong"),
        ("xn--bo-mia.vn", "haiduong"),
        ("gialoc.haiduong.gov.vn", "gialoc"),
        ("www.gialoc.haiduong.gov.vn", None),
        ("evil.vn", None),
    ],
)
def test_a_host_belongs_to_the_site_that_lists_it(host: str, name: str | None) -> None:
    site = Sites([HAIDUONG, GIALOC]).of_host(host)

    assert (site.name if site else None) == name


def test_an_alias_gives_the_key_of_the_main_host() -> None:
    sites = Sites([HAIDUONG, GIALOC])

    assert sites.key(HAIDUONG, b"/Tin/", b"b=1&a=2") == "haiduong.gov.vn/tin?a=2&b=1"
    assert sites.key_of("www.haiduong.gov.vn/Tin") == (HAIDUONG, "haiduong.gov.vn/tin")
    assert sites.key_of("https://gialoc.haiduong.gov.vn/?x=1") == (
        GIALOC,
        "gialoc.haiduong.gov.vn/",
    )
    assert sites.key_of_url(parse_url("http://evil.vn/")) is None
    assert sites.key_of("not an address") is None


def test_sites_are_found_by_name_and_in_order() -> None:
    sites = Sites([HAIDUONG, GIALOC])

    assert sites.named("gialoc") is GIALOC
    assert sites.named("kim-thanh") is None
    assert list(sites) == [HAIDUONG, GIALOC]
    assert len(sites) == 2


@pytest.mark.parametrize(
    ("other", "culprit"),
    [
        (Site("gialoc", "Gia Lộc", "WWW.haiduong.gov.vn."), "'www.haiduong.gov.vn'"),
        (Site("haiduong", "Hải Dương", "khac.gov.vn"), "'haiduong'"),
    ],
)
def test_two_sites_cannot_claim_one_host_or_name(other: Site, culprit: str) -> None:
    with pytest.raises(SiteError, match=culprit):
        Sites([HAIDUONG, other])


DISTRICTS = Site("huyen", "Các huyện cũ", "*.haiduong.gov.vn")
OLD_NAMES = Site("tinh", "Tỉnh", "tinh.gov.vn", ("*.tinh.gov.vn",))


@pytest.mark.parametrize(
    ("address", "name", "key"),
    [
        ("http://kimthanh.haiduong.gov.vn/Tin", "huyen", "kimthanh.haiduong.gov.vn/tin"),
        ("http://a.b.haiduong.gov.vn:8080/Tin", "huyen", "a.b.haiduong.gov.vn/tin"),
        ("http://gialoc.haiduong.gov.vn/Tin?x=1", "gialoc", "gialoc.haiduong.gov.vn/tin"),
        ("http://www.haiduong.gov.vn/tin", "haiduong", "haiduong.gov.vn/tin"),
        ("http://so.tinh.gov.vn/Tin", "tinh", "tinh.gov.vn/tin"),
    ],
)
def test_a_pattern_of_hosts_is_a_site_behind_those_that_are_named(
    address: str, name: str, key: str
) -> None:
    found = Sites([DISTRICTS, OLD_NAMES, HAIDUONG, GIALOC]).key_of(address)
    assert found is not None
    assert (found[0].name, found[1]) == (name, key)


def test_a_pattern_covers_names_below_and_no_others() -> None:
    sites = Sites([DISTRICTS])
    assert sites.of_host("haiduong.gov.vn") is None
    assert sites.of_host("xhaiduong.gov.vn") is None
    assert sites.of_host("a." * 60 + "haiduong.gov.vn") is None
    longer = Site("kimthanh", "Kim Thành", "*.kimthanh.haiduong.gov.vn")
    found = Sites([DISTRICTS, longer]).of_host("xa.kimthanh.haiduong.gov.vn")
    assert found is longer


def test_an_address_that_is_nobodys_has_no_exact_key() -> None:
    sites = Sites([HAIDUONG])
    assert sites.exact_key_of("www.haiduong.gov.vn/Tin") == "haiduong.gov.vn/Tin"
    assert sites.exact_key_of("http://evil.vn/Tin") is None
    assert sites.exact_key_of("http://[/") is None
