"""Keys by a site's own rules: presets of old systems, policies below a path, case, index files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redirects.keys import keeps_case, key_maker
from redirects.mapping import CanonicalUrl
from redirects.presets import PRESETS
from redirects.site import KeyPolicy, PathPolicy, QueryPolicy, Site

HOST = "cu.gov.vn"


def site_of(cms: str | None, **more: object) -> Site:
    preset = PRESETS[cms] if cms else None
    values: dict[str, object] = {"cms": cms}
    if preset:
        values |= {"query": preset.query, "index_files": preset.index_files, "below": preset.below}
    return Site("cu", "Cũ", HOST, **(values | more))  # type: ignore[arg-type]  # named as Site has them


def key(site: Site, address: str, host: str = HOST) -> str:
    path, _, query = address.partition("?")
    return key_maker(site).key(host, path.encode(), query.encode()).removeprefix(host)


@pytest.mark.parametrize(
    ("cms", "address", "expected"),
    [
        # Liferay / VNPT Portal
        ("liferay", "/-/-ak-lak-cong-bo-ieu-chinh-quy-hoach", "/-/-ak-lak-cong-bo-ieu-chinh-quy-hoach"),
        ("liferay", "/web/guest/news/-/asset_publisher/FRkblAs8yr3H/content/khu-cong-nghiep-hoa-phu", "/-/khu-cong-nghiep-hoa-phu"),
        ("liferay", "/-/asset_publisher/FRkb/content/Tin%20moi?redirect=%2Fweb%2Fguest", "/-/tin%20moi"),
        ("liferay", "/web/guest/tin?p_p_id=101_INSTANCE_K3x9&p_p_state=maximized&_101_INSTANCE_K3x9_urlTitle=khoi-cong&_101_INSTANCE_K3x9_type=content", "/-/khoi-cong"),
        ("liferay", "/tin?p_p_id=com_liferay_asset_publisher_web_portlet_AssetPublisherPortlet_INSTANCE_x&_com_liferay_asset_publisher_web_portlet_AssetPublisherPortlet_INSTANCE_x_urlTitle=a%2Fb&doccode=1", "/-/a%2Fb?doccode=1"),
        ("liferay", "/tin?_101_INSTANCE_K3x9_urlTitle=&p_p_id=101_INSTANCE_K3x9", "/tin?_101_instance_k3x9_urltitle"),
        ("liferay", "/-/details/37632/chap-thuan-au-tu-du-an", "/-/details/37632"),
        ("liferay", "/-/details/37632?viewMode=print", "/-/details/37632"),
        ("liferay", "/web/guest/thoi-su?p_p_id=CmsView_WAR_x_INSTANCE_8sMB&p_p_lifecycle=0&p_p_state=normal", "/web/guest/thoi-su"),
        ("liferay", "/web/guest/thoi-su?p_p_id=X&_X_articleId=7&_X_redirect=%2Fa", "/web/guest/thoi-su?_x_articleid=7"),
        ("liferay", "/web/guest/thong-bao", "/web/guest/thong-bao"),
        # SharePoint and other ASP.NET
        ("sharepoint", "/Pages/chi-tiet.aspx?url=%2Ftin%2F5", "/pages/chi-tiet.aspx?url=/tin/5"),
        ("sharepoint", "/Pages/chitiettin.aspx?idTin=185&idcm=9&Page=2", "/pages/chitiettin.aspx?idcm=9&idtin=185"),
        ("sharepoint", "/Pages/Default.aspx", "/"),
        ("sharepoint", "/Tin/Pages/default.aspx?ItemID=4&CateID=3", "/tin?itemid=4"),
        ("sharepoint", "/TTHCView.aspx?thutucID=3312&ReturnUrl=%2F", "/tthcview.aspx?thutucid=3312"),
        ("sharepoint", "/sphere/baria/vungtau/page/trang-chu.cpx", "/sphere/baria/vungtau/page/trang-chu.cpx"),
        # DNN
        ("dnn", "/Default.aspx?tabid=1101", "/?tabid=1101"),
        ("dnn", "/tabid/36/default.aspx", "/?tabid=36"),
        ("dnn", "/Tin-tuc/tabid/36/Default.aspx", "/?tabid=36"),
        ("dnn", "/Tin-tuc/tabid/36/ctl/Details/ItemID/9/Default.aspx", "/?ctl=details&itemid=9&tabid=36"),
        ("dnn", "/Default.aspx?ItemID=9&tabid=36&ctl=Details", "/?ctl=details&itemid=9&tabid=36"),
        ("dnn", "/default.aspx?pid=2&cid=2&p=17", "/?cid=2&p=17&pid=2"),
        # Joomla
        ("joomla", "/index.php?option=com_content&view=article&id=2400:tin-moi&catid=5:tin&Itemid=9", "/?id=2400&option=com_content&view=article"),
        ("joomla", "/index.php?option=com_content&task=view&id=2400", "/?id=2400&option=com_content&task=view"),
        ("joomla", "/index.php?option=com_x&format=raw&coquan=150945", "/?coquan=150945&format=raw&option=com_x"),
        # NukeViet
        ("nukeviet", "/vi/news/cai-canh-hanh-chinh/thong-bao-so-58.html", "/vi/news/-58.html"),
        ("nukeviet", "/vi/news/khac/ten-moi-58.html", "/vi/news/-58.html"),
        ("nukeviet", "/index.php?language=vi&nv=laws&op=detail/quyet-dinh-211&download=1", "/vi/laws/-211.html"),
        ("nukeviet", "/index.php?language=vi&nv=download&op=down&filename=a.doc", "/vi/download/down?filename=a.doc"),
        ("nukeviet", "/vi/news/", "/vi/news"),
        ("nukeviet", "/uploads/news/2023_09/img_697_0.png", "/uploads/news/2023_09/img_697_0.png"),
        # Drupal
        ("drupal", "/node/10489", "/node/10489"),
        ("drupal", "/?q=node/10489", "/node/10489"),
        ("drupal", "/index.php?q=node/10489&page=2", "/node/10489?page=2"),
        ("drupal", "/index.php/node/10489", "/node/10489"),
        # WebSphere: the state's case counts, and behind a friendly path it says nothing
        ("websphere", "/wps/portal/!ut/p/z1/tZNNb9swDIb_SuGDj4Io", "/wps/portal/!ut/p/z1/tZNNb9swDIb_SuGDj4Io"),
        ("websphere", "/wps/portal/Home/tin-tuc/!ut/p/z1/tZNN/?1dmy&urile=wcm%3apath%3a/x", "/wps/portal/home/tin-tuc?1dmy&urile=wcm:path:/x"),
        ("websphere", "/wps/portal/", "/wps/portal"),
        # WebCenter
        ("webcenter", "/webcenter/portal/thanhtra/chi-tiet-tin?dDocName=PORTAL570365&_afrLoop=3&_adf.ctrl-state=x", "/webcenter/portal/thanhtra/chi-tiet-tin?ddocname=portal570365"),
        ("webcenter", "/hdtttt;jsessionid=fdqYz-..!993639228!-1111593773?_afrLoop=1", "/hdtttt"),
        # TYPO3
        ("typo3", "/index.php?id=540&tx_ttnews[tt_news]=120&cHash=ab12", "/?id=540&tx_ttnews[tt_news]=120"),
    ],
)  # fmt: skip
def test_a_system_has_one_key_for_a_page(cms: str, address: str, expected: str) -> None:
    assert key(site_of(cms), address) == expected


SEGMENTS = st.sampled_from(
    [
        "-", "asset_publisher", "content", "details", "37", "web", "guest", "tabid", "36", "ctl",
        "Default.aspx", "index.php", "vi", "news", "tin-58.html", "a-1", "wps", "portal", "!ut",
        "p", "Tức", "%2F", "..",
    ]
)  # fmt: skip
QUERIES = st.sampled_from(
    [
        "",
        "q=node/5",
        "q=/a/../b",
        "tabid=3&ItemID=4",
        "language=vi&nv=news&op=x-5",
        "id=5:a&catid=2",
        "_101_INSTANCE_a_urlTitle=%C4%91%2Fb&_101_INSTANCE_a_id=2&p_p_id=1",
    ]
)


@given(st.sampled_from(sorted(PRESETS)), st.lists(SEGMENTS, max_size=8), QUERIES)
def test_a_key_of_a_preset_is_its_own_key(cms: str, segments: list[str], query: str) -> None:
    site = site_of(cms)
    once = key(site, "/" + "/".join(segments) + ("?" + query if query else ""))
    assert key(site, once) == once


@given(st.sampled_from([None, *sorted(PRESETS)]), st.binary(), st.binary())
def test_no_bytes_are_too_bad_for_a_key(cms: str | None, path: bytes, query: bytes) -> None:
    maker = key_maker(site_of(cms))
    made = maker.key(HOST, path, query), maker.exact_key(HOST, path, query)
    assert all(one.startswith(f"{HOST}/") for one in made)


def test_a_policy_below_a_path_counts_there_alone() -> None:
    site = site_of(
        None,
        query=QueryPolicy("none"),
        below=(
            PathPolicy("/Văn-bản", KeyPolicy(QueryPolicy("significant", frozenset({"id"})))),
            PathPolicy("/văn-bản/ảnh", KeyPolicy(QueryPolicy("ignored"), "exact")),
        ),
    )
    assert key(site, "/tin?id=5") == "/tin"
    assert key(site, "/V%C4%83n-b%E1%BA%A3n?id=5&page=2") == "/văn-bản?id=5"
    assert key(site, "/văn-bản/mới?id=5") == "/văn-bản/mới?id=5"
    assert key(site, "/văn-bản-khác?id=5") == "/văn-bản-khác"
    assert key(site, "/văn-bản/ảnh/A.PNG?x=B") == "/văn-bản/ảnh/A.PNG?x=B"


def test_index_files_mean_their_folder() -> None:
    site = site_of(None, index_files=frozenset({"index.html", "trang-chu.cpx"}))
    assert key(site, "/a/INDEX.html?x=1") == "/a?x=1"
    assert key(site, "/index.html") == "/"
    assert key(site, "/page/trang-chu.cpx") == "/page"
    assert key(site, "/my-index.html") == "/my-index.html"


def test_case_is_kept_where_it_tells_pages_apart() -> None:
    exact = site_of(None, case="exact")
    assert key(exact, "/Tin/;JSESSIONID=1/%C4%90?Id=A&UTM_source=x") == "/Tin/Đ?Id=A"
    assert key(exact, "/(S(abc))/Tin") == "/Tin"
    maker = key_maker(site_of(None))
    found = maker.exact_key(HOST, b"/Tin%2FA", b"")
    assert found == f"{HOST}/Tin%2FA"
    assert keeps_case(found)
    assert not keeps_case(CanonicalUrl(f"{HOST}/tin%2Fa"))
    assert maker.may_differ_in_case(b"/Tin", b"")
    assert not maker.may_differ_in_case(b"/tin-tuc/5.html", b"id=5")


def test_every_preset_ignores_names_in_lower_case() -> None:
    for preset in PRESETS.values():
        assert all(name == name.lower() for name in preset.query.names | preset.index_files)
