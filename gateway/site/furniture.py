"""An old page without its furniture: who opens a copy came for what it says, not for its menus.

Only what the page itself marks as furniture goes (HTML 4.3.4, ARIA landmarks); the original can be
had beside it.
"""

from __future__ import annotations

from selectolax.lexbor import LexborHTMLParser

_FURNITURE = "nav, [role=navigation], [role=menubar], [role=banner], [role=contentinfo]"
_BETWEEN = " -–|»:•"


def without_furniture(html: str) -> str:
    """Return a page without menus, banner and footer; as it is where nothing would be left."""
    page = LexborHTMLParser(html)
    for node in page.css(_FURNITURE):
        node.decompose()
    body = page.body
    return html if body is None or not body.text(strip=True) else page.html or html


def own_title(title: str, portal: str) -> str:
    """Return a page's title without the name of its portal behind or before it."""
    folded, name = title.casefold(), portal.casefold()
    if folded.endswith(name):
        title = title[: len(title) - len(portal)]
    elif folded.startswith(name):
        title = title[len(portal) :]
    return title.strip(_BETWEEN)
