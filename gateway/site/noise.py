"""Addresses that nobody reads: what a page fetches for itself, and what scanners try on any host.

They are looked up like all others, so a mapping of one still leads somewhere; only the miss is
answered short.
"""

from __future__ import annotations

import re

FETCHED: tuple[str, ...] = (
    ".css", ".js", ".map", ".png", ".jpg", ".jpeg", ".gif", ".webp", ".ico", ".svg",
    ".woff", ".woff2", ".ttf", ".eot", ".mp3", ".mp4", ".swf", ".axd", ".xml", ".txt",
)  # fmt: skip
"""How an address ends that a page fetches for itself."""

SCANNED: tuple[str, ...] = (
    "/.env", "/.git", "/.svn", "/.hg/", "/.aws", "/.ssh", "/.vscode", "/.ds_store", "/.ht",
    "/wp-login", "/wp-admin", "/wp-includes/", "/wp-json", "/wp-config", "/xmlrpc.php",
    "/phpmyadmin", "/phpinfo", "/cgi-bin/", "/vendor/phpunit", "/_ignition", "/actuator/",
    "/boaform", "/hnap1", "/solr/admin", "/manager/html", "/.well-known/acme-challenge/",
)  # fmt: skip
"""What a path holds that only scanners ask for; not `/wp-content/`, where old files may lie."""

_SCANNED = re.compile("|".join(re.escape(piece) for piece in SCANNED))
_FRONT_PAGES = ("/index.php", "/default.php", "/home.php")


def is_noise(path: str, query: bytes) -> bool:
    """Say whether a lower-case path is noise.

    A script without a question, `/alfa.php`, is a scanner's; `/news.php?id=5` was a portal's page.
    """
    if path.endswith(FETCHED) or _SCANNED.search(path):
        return True
    return path.endswith(".php") and not query and not path.endswith(_FRONT_PAGES)
