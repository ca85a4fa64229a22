"""What is known of the systems old portals ran on: which spellings of theirs are one page.

Data, one preset a system, chosen by a site's `cms`. Shapes are matched against canonical paths, so
they are short, linear and never an editor's text. The real addresses behind each are in the tests
and in docs/redirects/keys.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from redirects.site import KeyPolicy, PathPolicy, QueryPolicy


def _ignoring(*names: str) -> QueryPolicy:
    return QueryPolicy("ignored", frozenset(names))


@dataclass(frozen=True, slots=True)
class Shape:
    r"""A long spelling of a page's path and the short one it stands for.

    `hint` is a text every such path contains: quick to rule out. `path` may use the groups of
    `pattern` (\g<slug>); each of `parameters` is a group that becomes a query parameter of that
    name; `pairs` is a group of "/name/value/name/value" that become parameters.
    """

    hint: str
    pattern: re.Pattern[str]
    path: str
    parameters: tuple[str, ...] = ()
    pairs: str | None = None


@dataclass(frozen=True, slots=True)
class PathInQuery:
    """Parameters that together are a path: `?q=node/5` is `/node/5`."""

    parameters: tuple[str, ...]
    path: str


@dataclass(frozen=True, slots=True)
class PageInQuery:
    """A parameter that names the page whatever the path: `_101_INSTANCE_x_urlTitle=slug`.

    `name` is matched against names in lower case; its group `portlet` begins all parameters that
    speak of the same page and say nothing more.
    """

    name: re.Pattern[str]
    path: str
    beside: str


@dataclass(frozen=True, slots=True)
class Preset:
    """One system: its query and index files, policies below paths, and what unifies its pages.

    `numbers` are parameters of which only a leading number counts ("5:tin-moi" is "5").
    """

    query: QueryPolicy = field(default_factory=_ignoring)
    index_files: frozenset[str] = frozenset()
    below: tuple[PathPolicy, ...] = ()
    shapes: tuple[Shape, ...] = ()
    paths_in_query: tuple[PathInQuery, ...] = ()
    page_in_query: PageInQuery | None = None
    numbers: frozenset[str] = frozenset()


def _shape(hint: str, pattern: str, path: str, *parameters: str, pairs: str | None = None) -> Shape:
    return Shape(hint, re.compile(pattern, re.IGNORECASE), path, parameters, pairs)


PRESETS: dict[str, Preset] = {
    # /web/guest/tin-tuc/-/asset_publisher/FRkb/content/slug, ?_101_INSTANCE_FRkb_urlTitle=slug on
    # any page and /-/slug are one article, and the number alone names /-/details/37632/slug.
    # Portlets pass their state in p_p_*.
    "liferay": Preset(
        query=_ignoring(
            *("p_p_*", "p_auth", "p_l_back_url", "*_cur_page", "viewmode", "*_viewmode"),
            *("redirect", "inheritredirect", "*_redirect", "*_backurl"),
        ),
        page_in_query=PageInQuery(
            re.compile(r"(?P<portlet>_\w+_)urltitle", re.IGNORECASE), "/-/{}", "p_p_"
        ),
        shapes=(
            _shape(
                "/-/asset_publisher/",
                r"(?:/[^/]+)*/-/asset_publisher/[^/]+/content/(?P<slug>[^/]+)",
                r"/-/\g<slug>",
            ),
            _shape("/-/details/", r"/-/details/(?P<id>\d+)(?:/[^/]*)?", r"/-/details/\g<id>"),
        ),
    ),
    # ItemID, idTin, thutucID… tell pages apart; the list they were reached from does not.
    "sharepoint": Preset(
        query=_ignoring("cateid", "page", "returnurl", "source", "isdlg", "viewcount"),
        index_files=frozenset(
            {"default.aspx", "pages/default.aspx", "sitepages/home.aspx", "index.aspx"}
        ),
    ),
    # /Tin-tuc/tabid/36/ItemID/9/Default.aspx and /Default.aspx?tabid=36&ItemID=9 are one page.
    "dnn": Preset(
        query=_ignoring("returnurl", "popup", "skinsrc", "containersrc"),
        index_files=frozenset({"default.aspx"}),
        shapes=(
            _shape(
                "/tabid/",
                r"(?:/[^/]+)*?/tabid/(?P<tabid>\d+)(?P<pairs>(?:/[^/]+/[^/]+)*)"
                r"(?:/[^/]+\.aspx)?",
                "/",
                "tabid",
                pairs="pairs",
            ),
        ),
    ),
    # option, view and id make the page; Itemid and catid only say which menu led there.
    "joomla": Preset(
        query=_ignoring("itemid", "catid", "tmpl", "print", "page"),
        index_files=frozenset({"index.php"}),
        numbers=frozenset({"id"}),
    ),
    # /vi/news/<category>/<slug>-58.html: the number is the article, whatever the slug became.
    "nukeviet": Preset(
        query=_ignoring("nvvithemever", "download"),
        index_files=frozenset({"index.php"}),
        paths_in_query=(
            PathInQuery(("language", "nv", "op"), "/{language}/{nv}/{op}"),
            PathInQuery(("language", "nv"), "/{language}/{nv}"),
        ),
        shapes=(
            _shape(
                "-",
                r"/(?P<language>[a-z]{2})/(?P<nv>[^/]+)/(?:[^/]+/)*[^/]*?-(?P<id>\d+)(?:\.html)?",
                r"/\g<language>/\g<nv>/-\g<id>.html",
            ),
        ),
    ),
    "drupal": Preset(
        index_files=frozenset({"index.php"}),
        paths_in_query=(PathInQuery(("q",), "/{q}"),),
        shapes=(_shape("/index.php/", r"/index\.php/(?P<rest>.+)", r"/\g<rest>"),),
    ),
    # The state behind !ut/p/ is base64, where case counts; behind a friendly path it only says
    # how the page was reached, and alone it is all there is.
    "websphere": Preset(
        below=(
            PathPolicy("/wps/portal/!ut", KeyPolicy(_ignoring("1dmy"), "exact")),
            PathPolicy("/wps/myportal/!ut", KeyPolicy(_ignoring("1dmy"), "exact")),
        ),
        shapes=(
            _shape(
                "/!ut/p/",
                r"(?P<page>/wps/(?:my)?portal(?:/(?!!ut/)[^/]+)+)/!ut/p/.*",
                r"\g<page>",
            ),
        ),
    ),
    # dDocName names the content; _afrLoop and its like are noise on every site.
    "webcenter": Preset(
        query=_ignoring("wc.contexturl", "_afrwindow*", "_afrfs", "_afrmt", "_rid")
    ),
    "typo3": Preset(query=_ignoring("chash", "no_cache"), index_files=frozenset({"index.php"})),
}
"""Presets by the name settings use."""
