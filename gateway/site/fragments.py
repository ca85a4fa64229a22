"""Old HTML made safe to show inside a page of ours, with its links led to where things are now."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

import nh3
from markupsafe import Markup
from selectolax.lexbor import LexborHTMLParser, LexborNode

from gateway.site.nesting import shallow
from redirects.resolution import Archived, Gone, Moved, Request
from redirects.resolver import Resolver
from redirects.sites import Sites
from redirects.url import Url, UrlError, parse_url

MAX_DEPTH = 512
_TAGS = (nh3.ALLOWED_TAGS | {"section", "article", "figure", "figcaption"}) - {"form", "input"}


@dataclass(frozen=True, slots=True)
class Guide:
    """Knows where an address written in an old page leads today.

    `base` goes before paths of the portal: "" on its own pages, its origin on those of old hosts.
    """

    resolver: Resolver
    sites: Sites
    portal_url: str
    base: str

    def lead(self, reference: str, base: str) -> tuple[str, bool]:
        """Return where `reference`, found on the page `base`, leads; and whether it is ours."""
        if reference.startswith("#"):
            return reference, True
        if reference.lower().startswith(("mailto:", "tel:")):
            return reference, False
        try:
            url = parse_url(reference, base)
        except UrlError:
            return "", False
        if self.sites.of_host(url.host) is None:
            return url.href, False
        return self._lead_old(url)

    def _lead_old(self, url: Url) -> tuple[str, bool]:
        asked = Request(url.host, url.path.encode(), url.query.encode())
        fragment = f"#{url.fragment}" if url.fragment else ""
        match self.resolver.resolve(asked):
            case Moved(location=location):
                if location.startswith(f"{self.portal_url}/"):
                    location = self.base + location.removeprefix(self.portal_url)
                return location + fragment, True
            case Archived() | Gone(archived=True):
                return self.base + archive_path(url.href), True
            case _:
                return url.href + fragment, False


def archive_path(url: str) -> str:
    """Return the look-up of an old address in the archive."""
    return f"/luu-tru?url={quote(url, safe='')}"


def archived_file_path(url: str) -> str:
    """Return where the archived bytes of an old address are served as they were."""
    return f"/luu-tru/tep?url={quote(url, safe='')}"


def sanitize(html: str) -> str:
    """Return only what prints: no script, no style, no form, no nesting that exhausts a parser."""
    tree = LexborHTMLParser(shallow(html, MAX_DEPTH // 2))  # rows and cells are not counted
    for selector in ("script", "style", "template", "noscript", "iframe", "object", "svg", "math"):
        for node in tree.css(selector):
            node.decompose()
    body = tree.body
    if body is None:
        return ""
    _cut(body)
    return nh3.clean(
        body.inner_html or "",
        tags=_TAGS,
        link_rel=None,
        url_schemes={"http", "https", "mailto", "tel"},
    )


def led(html: str, base: str, guide: Guide) -> Markup:
    """Return a sanitised fragment with each link led to its new place.

    A picture that is not held here becomes a link to where it was: a page of ours never makes a
    visitor's browser call a stranger.
    """
    tree = LexborHTMLParser(f"<body>{html}</body>")
    for link in tree.css("a[href]"):
        _lead_link(link, base, guide)
    for picture in tree.css("img"):
        _lead_picture(picture, base, guide)
    body = tree.body
    return Markup(body.inner_html or "") if body is not None else Markup()  # noqa: S704 - sanitised above


def _lead_link(link: LexborNode, base: str, guide: Guide) -> None:
    target, ours = guide.lead(link.attributes.get("href") or "", base)
    if not target:
        del link.attrs["href"]
        return
    link.attrs["href"] = target
    if not ours:
        link.attrs["rel"] = "noopener nofollow"


def _lead_picture(picture: LexborNode, base: str, guide: Guide) -> None:
    source = picture.attributes.get("src") or ""
    target, ours = guide.lead(source, base)
    if ours and target.startswith(f"{guide.base}/"):
        picture.attrs["src"] = target.replace("/luu-tru?url=", "/luu-tru/tep?url=", 1)
        picture.attrs["loading"] = "lazy"
        if picture.attributes.get("alt") is None:
            picture.attrs["alt"] = ""
        return
    picture.replace_with(picture.attributes.get("alt") or "")


def _cut(body: LexborNode) -> None:
    """Drop what is nested deeper than any page people wrote: parsers recurse, ours must not."""
    stack: list[tuple[LexborNode, int]] = [(body, 0)]
    too_deep: list[LexborNode] = []
    while stack:
        node, depth = stack.pop()
        child = node.child
        while child is not None:
            if depth >= MAX_DEPTH:
                too_deep.append(child)
            else:
                stack.append((child, depth + 1))
            child = child.next
    for node in too_deep:
        node.decompose()
