from __future__ import annotations

import pytest
from selectolax.lexbor import LexborHTMLParser

from crawler.plan import CrawlPlan
from crawler.scope import Excluded, Foreign, InScope, Trapped, Verdict, judge
from crawler.traps import BUDGET, VIEW_BUDGET, TrapBudget, family_of, own_lines, template_of
from redirects.site import Site

SITE = Site("hd", "Hải Dương", "www.haiduong.gov.vn", aliases=("haiduong.gov.vn",))
PLAN = CrawlPlan(SITE, ("http://www.haiduong.gov.vn/",), exclude=("/noi-bo/*",))
HOST = "http://www.haiduong.gov.vn"


@pytest.mark.parametrize(
    ("url", "verdict"),
    [
        (f"{HOST}/", InScope()),
        ("https://haiduong.gov.vn/-/tin-tuc", InScope()),
        (f"{HOST}/web/guest/tin-tuc/-/asset_publisher/K3x9/content/ten-bai", InScope()),
        (f"{HOST}/tabid/36/ctl/Details/mid/478/ItemID/12/default.aspx", InScope()),
        (f"{HOST}/2024/05/05/bai-viet", InScope()),
        (f"{HOST}/vi/tin-tuc", InScope()),
        (f"{HOST}/tin.html/vi", InScope()),
        ("http://ngoai.example/", Foreign()),
        ("mailto:a@haiduong.gov.vn", Foreign()),
        (f"{HOST}/noi-bo/x", Excluded("exclude /noi-bo/*")),
        (f"{HOST}/c/portal/login?p_l_id=1", Excluded("sign-in")),
        (f"{HOST}/theme/main.css?v=1", Excluded("asset")),
        (f"{HOST}/a/a/a/", Trapped("repeated segment")),
        (f"{HOST}/tin/bai/tin/bai", Trapped("repeated segment")),
        (f"{HOST}/x/y/x/z/x", Trapped("repeated segment")),
        (f"{HOST}/tin/vi/en", Trapped("language chain")),
        (f"{HOST}/tin.html/en/vi.html", Trapped("language chain")),
        (f"{HOST}/tin?ReturnUrl=%2Fa", Trapped("return address")),
        (f"{HOST}/tin?_58_redirect=%2Fweb", Trapped("return address")),
        (f"{HOST}/tin?id=4&print=1", Trapped("print view")),
        (f"{HOST}/tin?a=1&a=2&a=3", Trapped("repeated parameter")),
        (f"{HOST}/" + "x" * 1001, Trapped("long url")),
        (f"{HOST}/" + "/".join(f"m{i}" for i in range(30)), Trapped("deep path")),
        (f"{HOST}/?" + "&".join(f"p{i}=1" for i in range(30)), Trapped("many parameters")),
    ],
)
def test_every_address_has_one_verdict_with_its_rule(url: str, verdict: Verdict) -> None:
    assert judge(url, PLAN) == verdict


def test_an_include_list_shuts_everything_else_out() -> None:
    plan = CrawlPlan(SITE, (), include=("/van-ban*",))
    assert judge(f"{HOST}/van-ban?id=4", plan) == InScope()
    assert judge(f"{HOST}/tin-tuc", plan) == Excluded("include")


def test_depth_is_bounded() -> None:
    assert judge(f"{HOST}/sau", PLAN, depth=51) == Excluded("max depth")


@pytest.mark.parametrize(
    ("url", "template"),
    [
        (f"{HOST}/-/ten-bai-viet-dai", "/-/*"),
        (f"{HOST}/lich?thang=5&nam=2024", "/lich?nam&thang"),
        (f"{HOST}/lich?nam=2024&Thang=7", "/lich?nam&thang"),
        (f"{HOST}/news/tin-58.html", "/news/*.html"),
        (f"{HOST}/login/login0011.html", "/login/*.html"),
        (f"{HOST}/tin-tuc", "/tin-tuc"),
    ],
)
def test_addresses_of_one_family_have_one_template(url: str, template: str) -> None:
    assert template_of(url) == template


def test_a_template_is_parked_after_its_budget_and_with_it_its_addresses() -> None:
    budget = TrapBudget()
    used = [budget.count(f"{HOST}/ds?trang={n}", lines("same"), None) for n in range(BUDGET + 1)]
    assert used[-1] == "/ds?trang"
    assert budget.is_parked(f"{HOST}/ds?trang=999") == "/ds?trang"
    assert budget.is_parked(f"{HOST}/-/bai-viet-moi") is None


@pytest.mark.parametrize(
    "view", ["lich?thang={n}", "bai-viet/{n}/en", "tin?sap-xep=ngay&p={n}", "lich/2025/{n}"]
)
def test_views_of_known_pages_are_given_less(view: str) -> None:
    budget = TrapBudget()
    urls = [f"{HOST}/{view.format(n=n)}" for n in range(10, 10 + VIEW_BUDGET + 1)]
    assert [budget.count(url, lines("same"), None) for url in urls][-1] is not None


def test_new_text_on_a_page_credits_the_list_that_led_there() -> None:
    budget = TrapBudget()
    budget.count(f"{HOST}/ds?page=0", lines("list"), None)
    for n in range(1, 3 * BUDGET):
        assert budget.count(f"{HOST}/ds?page={n}", lines("list"), None) is None
        budget.count(f"{HOST}/-/bai-so-{n}", lines(f"text {n}"), f"{HOST}/ds?page={n}")


def test_facets_in_every_combination_share_a_wider_budget() -> None:
    budget = TrapBudget()
    parked = [
        budget.count(f"{HOST}/loc?{'x' * (n % 30)}=1", lines("same"), None) for n in range(60)
    ]
    assert family_of("/loc?x") in parked


def test_what_a_page_says_ignores_links_and_numbers() -> None:
    own = "Sở Tài chính vừa có thông báo về việc kê khai giá cước vận tải trên địa bàn năm"
    one = LexborHTMLParser(f"<body><a href=/1>Trang 1</a><p>{own} 2023</p></body>")
    two = LexborHTMLParser(f"<body><a href=/2>Trang hai</a><p>{own} 2024</p></body>")
    other = LexborHTMLParser(f"<body><p>{own} khác</p></body>")
    assert own_lines(one) == own_lines(two) != own_lines(other)


def lines(*texts: str) -> frozenset[int]:
    return frozenset(map(hash, texts))
