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
