"""What a key costs, beside canonicalisers that do less: CPU a URL, and keys for one address."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from statistics import median
from unicodedata import normalize
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import ada_url

from benchmarks.measure import measure_in_turns, print_line, print_table, ratio
from redirects.canonical import canonicalize, canonicalize_parts
from redirects.site import QueryPolicy

_ADDRESSES = 4_000
_POLICY = QueryPolicy("ignored")


def spellings(number: int) -> list[str]:
    """One Vietnamese address as it is found in the wild."""
    path = f"/tin-tức/đại-hội-đảng-bộ-xã-gia-lộc-{number}.html"
    nfc, nfd = normalize("NFC", path), normalize("NFD", path)
    host = "http://haiduong.gov.vn"
    query = "?itemid=12&utm_source=zalo"
    return [
        host + path + query
        for path in (quote(nfc), quote(nfc).lower(), quote(nfd), nfc, nfd, nfc.title())
    ]


def standard_library(url: str) -> str:
    """The few lines most programs make do with."""
    parts = urlsplit(url)
    path = quote(unquote(parts.path))
    return urlunsplit(("http", (parts.hostname or "").lower(), path, parts.query, ""))


def peers() -> dict[str, Callable[[str], str]]:
    """Canonicalisers at hand; w3lib and yarl only where they are installed."""
    found: dict[str, Callable[[str], str]] = {
        "ada-url normalize_url": ada_url.normalize_url,
        "urllib by hand": standard_library,
    }
    try:
        found["w3lib canonicalize_url"] = importlib.import_module("w3lib.url").canonicalize_url
    except ImportError:
        print("w3lib is not installed: left out", file=sys.stderr)
    try:
        yarl = importlib.import_module("yarl")
        found["yarl URL"] = lambda url: str(yarl.URL(url))
    except ImportError:
        print("yarl is not installed: left out", file=sys.stderr)
    return found


def main() -> None:
    """Run all contenders in turns."""
    urls = [url for number in range(_ADDRESSES // 6) for url in spellings(number)]
    parts = [(p.netloc, p.path.encode(), p.query.encode()) for p in map(urlsplit, urls)]
    ours: dict[str, Callable[[], object]] = {
        "hopnhat, a text": lambda: [canonicalize(url, _POLICY) for url in urls],
        "hopnhat, a request": lambda: [canonicalize_parts(*part, _POLICY) for part in parts],
    }
    contenders: dict[str, Callable[[], object]] = dict(ours)
    keys = {name: len({canonicalize(url, _POLICY) for url in spellings(1)}) for name in ours}
    for name, peer in peers().items():
        contenders[name] = lambda peer=peer: [peer(url) for url in urls]
        keys[name] = len({peer(url) for url in spellings(1)})
    figures = measure_in_turns(contenders, calls=len(urls))
    text = figures["hopnhat, a text"]
    print_table(
        "Canonical form: Vietnamese addresses in six spellings",
        ["", "CPU µs a URL", "× hopnhat, a text", "keys for one address"],
        [
            [name, f"{median(values):.2f}", f"{ratio(values, text):.2f}", str(keys[name])]
            for name, values in figures.items()
        ],
    )
    w3lib = figures.get("w3lib canonicalize_url")
    print_line(
        "canonical",
        {
            "cpu_us_text": median(text),
            "cpu_us_request": median(figures["hopnhat, a request"]),
            "cpu_vs_ada": ratio(text, figures["ada-url normalize_url"]),
            "cpu_vs_urllib": ratio(text, figures["urllib by hand"]),
            "cpu_vs_w3lib": ratio(text, w3lib) if w3lib else None,
            "keys": max(keys["hopnhat, a text"], keys["hopnhat, a request"]),
        },
    )


if __name__ == "__main__":
    main()
