from collections.abc import Callable
from dataclasses import replace
from unicodedata import normalize
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from redirects.mapping import CanonicalUrl, Mapping, MappingKind, SplitTarget
from redirects.resolution import (
    Archived,
    Gone,
    Live,
    Moved,
    Proxied,
    Request,
    Resolution,
    Split,
    Successor,
    UnknownHost,
    Unresolved,
)
from redirects.resolver import Resolver
from redirects.route import ApiRoute, Upstream
from redirects.rule import Rule, RulePlace
from redirects.site import Site
from tests.redirects.world import World, lead

Ask = Callable[..., Request]
HOME = "https://haiphong.gov.vn"


@pytest.mark.parametrize(
    ("kind", "method", "status"),
    [
        (MappingKind.MOVED, "GET", 301),
        (MappingKind.MOVED, "HEAD", 301),
        (MappingKind.MOVED, "POST", 308),
        (MappingKind.TEMPORARY, "GET", 302),
        (MappingKind.TEMPORARY, "PUT", 307),
    ],
)
def test_a_redirect_never_loses_a_method_or_a_body(
    world: World, ask: Ask, kind: MappingKind, method: str, status: int
) -> None:
    world.map("haiduong.gov.vn/a", "/b", kind)

    assert lead(world, ask("http://haiduong.gov.vn/a", method)) == Moved(
        "haiduong", world.key("haiduong.gov.vn/a"), f"{HOME}/b", status
    )


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("host", ["haiduong.gov.vn", "WWW.haiduong.gov.vn:8080"])
def test_every_spelling_on_every_alias_finds_its_way(
    world: World, ask: Ask, form: str, host: str
) -> None:
    world.map("haiduong.gov.vn/Tin-Tức/Đại-hội", "doc:7")
    path = quote(normalize(form, "/tin-tức/ĐẠI-hội/"))

    moved = lead(world, ask(f"http://{host}{path}?fbclid=1&utm_source=zalo"))

    assert isinstance(moved, Moved)
    assert moved.location == f"{HOME}/tai-lieu/7"


def test_every_other_kind_is_answered_as_it_was_decided(world: World, ask: Ask) -> None:
    world.map(
        "haiduong.gov.vn/so",
        kind=MappingKind.SPLIT,
        reason="Tách sở",
        targets=[SplitTarget("Sở Tài chính", "unit:31"), SplitTarget("Sở Nội vụ", "/so-noi-vu")],
    )
    world.map("haiduong.gov.vn/cu", kind=MappingKind.GONE, reason="Hết hiệu lực")
    world.map("haiduong.gov.vn/rong", kind=MappingKind.GONE)
    world.map("haiduong.gov.vn/luu", kind=MappingKind.ARCHIVED)
    world.map("haiduong.gov.vn/cho", kind=MappingKind.UNRESOLVED)
    world.map("haiduong.gov.vn/cho-luu", kind=MappingKind.UNRESOLVED)
    world.archive("haiduong.gov.vn/cu", "haiduong.gov.vn/cho-luu", "haiduong.gov.vn/chi-luu")
    resolver = world.open().resolver()

    def answer(path: str) -> Resolution:
        return resolver.resolve(ask(f"http://haiduong.gov.vn{path}"))

    key = world.key
    assert answer("/so") == Split(
        "haiduong",
        key("haiduong.gov.vn/so"),
        (
            Successor("Sở Tài chính", f"{HOME}/don-vi/31"),
            Successor("Sở Nội vụ", f"{HOME}/so-noi-vu"),
        ),
        "Tách sở",
    )
    assert answer("/cu") == Gone(
        "haiduong", key("haiduong.gov.vn/cu"), "Hết hiệu lực", archived=True
    )
    assert answer("/rong") == Gone("haiduong", key("haiduong.gov.vn/rong"), None, archived=False)
    assert answer("/luu") == Archived("haiduong", key("haiduong.gov.vn/luu"))
    assert answer("/cho") == Unresolved("haiduong", key("haiduong.gov.vn/cho"))
    assert answer("/cho-luu") == Archived("haiduong", key("haiduong.gov.vn/cho-luu"))
    assert answer("/chi-luu") == Archived("haiduong", key("haiduong.gov.vn/chi-luu"))
    assert answer("/la") == Unresolved("haiduong", key("haiduong.gov.vn/la"), verbatim=True)


def test_hosts_that_nobody_claims_are_unknown_and_the_portals_own_are_live(
    world: World, ask: Ask
) -> None:
    resolver = world.open().resolver()

    assert resolver.resolve(ask("http://evil.vn/")) == UnknownHost("evil.vn")
    assert resolver.resolve(ask("http://www.haiphong.gov.vn/x")) == Live("www.haiphong.gov.vn")


def test_new_content_wins_over_a_mapping_on_a_shared_host(world: World, ask: Ask) -> None:
    world.map("haiphong.gov.vn/Tin-Tuc/cu", "/b")
    world.map("haiphong.gov.vn/Pages/chi-tiet.aspx?ItemID=12", "doc:7")
    resolver = world.open().resolver()

    assert resolver.resolve(ask("http://haiphong.gov.vn/tin-tuc/cu")) == Live("haiphong.gov.vn")
    assert resolver.resolve(ask("http://haiphong.gov.vn/")) == Live("haiphong.gov.vn")
    moved = resolver.resolve(ask("http://haiphong.gov.vn/pages/CHI-TIET.aspx?x=1&itemid=12"))
    assert isinstance(moved, Moved)
    assert moved.location == f"{HOME}/tai-lieu/7"
    other = resolver.resolve(ask("http://haiphong.gov.vn/Pages/chi-tiet.aspx?ItemID=13"))
    assert isinstance(other, Unresolved)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/bai?page=2", "/bai"),  # no mapping of /bai speaks of page
        ("/bai).", "/bai"),
        ("/bai/,", "/bai"),
        ("/bai?x=1).", "/bai"),
        (".", "/"),
        ("/default.aspx?tabid=36&x=1", "/default.aspx?tabid=36"),
        ("/default.aspx?tabid=36).", "/default.aspx?tabid=36"),
        ("/default.aspx?x=1", "/default.aspx"),
        ("/default.aspx?tabid=99", None),  # another page, not the front page
        ("/default.aspx?tabid=99&x=1", None),
    ],
)
def test_what_was_typed_behind_or_added_to_an_address_is_forgiven(
    world: World, ask: Ask, path: str, found: str | None
) -> None:
    for old in ("/", "/bai", "/default.aspx", "/default.aspx?tabid=36"):
        world.map(f"haiduong.gov.vn{old}", "/moi")

    resolution = lead(world, ask(f"http://haiduong.gov.vn/{path.removeprefix('/')}"))

    if found is None:
        assert isinstance(resolution, Unresolved)
    else:
        assert isinstance(resolution, Moved)
        assert resolution.key == world.key(f"haiduong.gov.vn{found}")


def test_a_copy_under_a_near_spelling_is_better_than_nothing(world: World, ask: Ask) -> None:
    world.archive("haiduong.gov.vn/bai")

    assert lead(world, ask("http://haiduong.gov.vn/bai?page=2")) == Archived(
        "haiduong", world.key("haiduong.gov.vn/bai")
    )


def test_apis_are_passed_on_and_never_redirected(world: World, ask: Ask) -> None:
    every = ApiRoute("every", "haiduong.gov.vn", "/api/*", (Upstream("http://10.0.0.5"),))
    longer = ApiRoute("longer", "haiduong.gov.vn", "/api/v2/*", (Upstream("http://10.0.0.6"),))
    reads = replace(longer, name="reads", path="/api/v2/get", methods=frozenset({"GET"}))
    only = ApiRoute("only", "api.haiduong.gov.vn", "/soap.asmx", (Upstream("http://10.0.0.7"),))
    world.routes = [every, longer, reads, only]
    world.map("haiduong.gov.vn/api/v1", "/b")
    resolver = world.open().resolver()

    def answer(url: str, method: str = "GET") -> Resolution:
        return resolver.resolve(ask(url, method))

    assert answer("http://haiduong.gov.vn/api/v1", "POST") == Proxied(every)
    assert answer("http://www.haiduong.gov.vn/api/v1") == Proxied(every)
    assert answer("http://haiduong.gov.vn/api/v2/x") == Proxied(longer)
    assert answer("http://haiduong.gov.vn/api/v2/get") == Proxied(reads)
    assert answer("http://haiduong.gov.vn/api/v2/get", "POST") == Proxied(longer)
    assert answer("http://api.haiduong.gov.vn/soap.asmx") == Proxied(only)
    assert answer("http://api.haiduong.gov.vn/") == UnknownHost("api.haiduong.gov.vn")
    assert isinstance(answer("http://haiduong.gov.vn/API/v1"), Moved)  # routes see raw paths only


@pytest.mark.parametrize("climb", ["..", "%2e%2E", ".%2e", "a/../..", "..;x", "..%2f", "..\\x"])
def test_a_call_cannot_climb_out_of_its_prefix(world: World, climb: str) -> None:
    world.routes = [ApiRoute("api", "haiduong.gov.vn", "/api/*", (Upstream("http://10.0.0.5"),))]

    resolution = lead(world, Request("haiduong.gov.vn", f"/api/{climb}/admin".encode()))

    assert isinstance(resolution, Unresolved)


def test_an_explanation_shows_every_rung_in_order_and_the_same_answer(
    world: World, ask: Ask
) -> None:
    world.routes = [ApiRoute("api", "haiduong.gov.vn", "/api/*", (Upstream("http://10.0.0.5"),))]
    world.rules = [Rule("tin", "haiduong", "/tin/*", target="/b/:splat")]
    world.map("haiduong.gov.vn/a", "/b")
    resolver = world.open().resolver()

    def steps(url: str) -> list[str]:
        explanation = resolver.explain(ask(url))
        assert explanation.resolution == resolver.resolve(ask(url))
        return [f"{step.rung}: {step.outcome}" for step in explanation.steps]

    assert steps("http://haiduong.gov.vn/tin/x") == [
        "host: site haiduong",
        "api route: no match",
        "live page: none here",
        "rule before: none here",
        "mapping: no match",
        "near mapping: no match",
        f"rule: 301 to {HOME}/b/x, by rule tin",
    ]
    assert steps("http://haiduong.gov.vn/a).")[-1] == (
        f"near mapping: 301 to {HOME}/b, looked up as haiduong.gov.vn/a"
    )
    assert steps("http://haiduong.gov.vn/api/x")[-1] == "api route: passed on by route api"
    assert steps("http://haiphong.gov.vn/tin-tuc") == [
        "host: site haiphong and the new portal",
        "api route: none on this host",
        "live page: served by the new portal on haiphong.gov.vn",
    ]
    assert steps("http://www.haiphong.gov.vn/")[0] == "host: the new portal"
    assert steps("http://haiduong.gov.vn/la")[-1] == (
        "unresolved: nobody has decided haiduong.gov.vn/la"
    )
    assert steps("http://evil.vn/") == ["host: unknown host evil.vn, no site has this host"]


def test_every_outcome_has_words(world: World, ask: Ask) -> None:
    world.map("haiduong.gov.vn/a", kind=MappingKind.GONE, reason="Gỡ")
    world.map("haiduong.gov.vn/b", kind=MappingKind.GONE)
    world.map("haiduong.gov.vn/c", kind=MappingKind.ARCHIVED)
    world.map("haiduong.gov.vn/d", kind=MappingKind.SPLIT, targets=[SplitTarget("Một", "/1")])
    world.routes = [ApiRoute("api", "api.vn", "/x", (Upstream("http://10.0.0.5"),))]
    resolver = world.open().resolver()

    def last(url: str) -> str:
        return resolver.explain(ask(url)).steps[-1].outcome

    assert last("http://haiduong.gov.vn/a") == "gone: Gỡ"
    assert last("http://haiduong.gov.vn/b") == "gone"
    assert last("http://haiduong.gov.vn/c") == "archived copy of haiduong.gov.vn/c"
    assert last("http://haiduong.gov.vn/d") == "split into 1"
    assert last("http://api.vn/y") == "unknown host api.vn, an API's host, other path"
    assert resolver.explain(ask("http://api.vn/y")).steps[0].outcome == "an API's host"


def test_a_site_of_many_names_is_one_site(world: World, ask: Ask) -> None:
    world.sites = (Site("gialoc", "Gia Lộc", "huyengialoc.vn", ("gialoc.vn", "báo.vn")),)
    world.map("http://gialoc.vn/a", "/b")
    resolver = world.open().resolver()

    for host in ("huyengialoc.vn", "gialoc.vn", "xn--bo-mia.vn"):
        assert isinstance(resolver.resolve(ask(f"http://{host}/a")), Moved)


ANY_PATH = st.binary() | st.text(st.sampled_from("/ab.%2eEfF;(?&=)\\'\"+:,đệ"), max_size=20).map(
    str.encode
)


def check_the_quick_way(resolver: Resolver, host: str, path: bytes) -> bool:
    """Ask as the server does, the quicker question first; say whether it was answered."""
    found = resolver.standing_redirect(host, path)
    resolution = resolver.resolve(Request(host, path))
    again = bytes(bytearray(path))  # the same bytes, which nobody has been asked about
    assert resolver.resolve(Request(host, again)) == resolution
    if found is None:
        return False
    site, location, on_trial, since = found
    assert isinstance(resolution, Moved)
    assert (resolution.site, resolution.since) == (site, since)
    assert resolution.location.encode() == location
    assert resolution.status == (302 if on_trial else 301)
    return True


def test_the_quick_way_leaves_everything_else_to_the_ladder(world: World, ask: Ask) -> None:
    for address in ("/tin-tức", "/api/x", "/api", "/tra-cuu/3"):
        world.map(f"haiduong.gov.vn{address}", "/moi")
    world.map("haiduong.gov.vn/thu", "/moi", kind=MappingKind.TEMPORARY)
    world.map("haiduong.gov.vn/bo", kind=MappingKind.GONE)
    world.routes = [
        ApiRoute("api", "haiduong.gov.vn", "/api/:name", (Upstream("http://10.0.0.5"),)),
        ApiRoute("look", "haiduong.gov.vn", "/tra-cuu/*", (Upstream("http://10.0.0.5"),)),
    ]
    resolver = world.open().resolver()
    quick = {
        path: check_the_quick_way(resolver, "haiduong.gov.vn", path)
        for path in (
            b"/tin-t%E1%BB%A9c", b"/tin-t%e1%bb%a9c", b"/thu", b"/api",
            b"/api/x", b"/tra-cuu/3", b"/bo", b"/Thu", b"/thu/", b"/khong-co", b"",
        )
    }  # fmt: skip
    assert [path for path, is_quick in quick.items() if is_quick] == [
        b"/tin-t%E1%BB%A9c", b"/tin-t%e1%bb%a9c", b"/thu", b"/api",
    ]  # fmt: skip
    assert not check_the_quick_way(resolver, "la.vn", b"/thu")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["haiduong.gov.vn", "haiphong.gov.vn:80", "www.haiphong.gov.vn", "api.vn", "x"])
    | st.text(),
    ANY_PATH,
    ANY_PATH,
    st.sampled_from(["GET", "POST", "BREW"]),
)
def test_any_request_is_answered_and_explained_alike(
    world: World, host: str, path: bytes, query: bytes, method: str
) -> None:
    if not world.opened:
        for address in ("/a", "/a/b?a=b", "/", "/b"):
            world.map(f"haiduong.gov.vn{address}", "/moi")
            world.map(f"haiphong.gov.vn{address}", kind=MappingKind.GONE)
        world.archive("haiduong.gov.vn/f", "haiphong.gov.vn/f")
        world.rules = [
            Rule("any", "haiduong", "/:a/:b/*", target="/:b/:a?:splat", place=place)
            for place in (RulePlace.BEFORE, RulePlace.AFTER)
        ]
        world.routes = [ApiRoute("api", "api.vn", "/a*", (Upstream("http://10.0.0.5"),))]
        world.open()
    resolver = world.opened[0].resolver()
    request = Request(host, path, query, method)

    resolution = resolver.resolve(request)

    assert resolver.explain(request).resolution == resolution
    check_the_quick_way(resolver, host, path)
    if isinstance(resolution, Moved):
        assert resolution.location.startswith(f"{HOME}/")
        assert resolution.location.isascii()


@pytest.mark.parametrize(
    ("query", "passed"),
    [("format=feed&type=rss", True), ("type=rss&format=feed", True), ("format=feedx", False)],
)
def test_a_route_may_ask_for_a_parameter(
    world: World, ask: Ask, query: str, *, passed: bool
) -> None:
    world.routes.append(
        ApiRoute(
            "feed",
            "haiduong.gov.vn",
            "/index.php",
            (Upstream("http://10.0.0.5"),),
            query="format=feed",
        )
    )

    resolution = lead(world, ask(f"http://haiduong.gov.vn/index.php?{query}"))

    assert isinstance(resolution, Proxied) is passed


def test_an_address_in_its_very_case_goes_before_the_folded_one(world: World, ask: Ask) -> None:
    world.map("haiduong.gov.vn/tin/abc", "/thuong")
    exact = CanonicalUrl("haiduong.gov.vn/tin/ABC")
    world.mappings.append(
        Mapping(exact, "http://haiduong.gov.vn/tin/ABC", MappingKind.MOVED, "/hoa")
    )
    resolver = world.open().resolver()

    def leads(address: str) -> str:
        found = resolver.resolve(ask(f"http://{address}"))
        return found.location if isinstance(found, Moved) else type(found).__name__

    assert leads("haiduong.gov.vn/tin/abc") == f"{HOME}/thuong"
    assert leads("haiduong.gov.vn/tin/Abc") == f"{HOME}/thuong"
    assert leads("www.haiduong.gov.vn/tin/ABC") == f"{HOME}/hoa"
    assert leads("www.haiduong.gov.vn//tin/%41BC/") == f"{HOME}/hoa"


def test_each_host_of_a_pattern_has_its_own_pages(world: World, ask: Ask) -> None:
    world.sites = (*world.sites, Site("huyen", "Các huyện cũ", "*.haiduong.gov.vn"))
    world.map("kimthanh.haiduong.gov.vn/Tin", "/kim-thanh")
    world.rules.append(Rule("cũ", "huyen", "/chung/*", target="/chung/:splat"))
    resolver = world.open().resolver()

    def outcome(address: str) -> Resolution:
        return resolver.resolve(ask(f"http://{address}"))

    found = outcome("kimthanh.haiduong.gov.vn/tin/")
    assert isinstance(found, Moved)
    assert found.location == f"{HOME}/kim-thanh"
    assert outcome("tuky.haiduong.gov.vn/tin") == Unresolved(
        "huyen", CanonicalUrl("tuky.haiduong.gov.vn/tin")
    )
    ruled = outcome("tuky.haiduong.gov.vn/chung/a")
    assert isinstance(ruled, Moved)
    assert ruled.location == f"{HOME}/chung/a"
    assert isinstance(outcome("haiduong.gov.vn/tin"), Unresolved)  # the province's own site
    assert outcome("a.evil.vn/tin") == UnknownHost("a.evil.vn")
