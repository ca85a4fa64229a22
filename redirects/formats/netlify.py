"""Mappings as a `_redirects` file, which Netlify and Cloudflare Pages read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from redirects.compiling import Locate
from redirects.finding import Finding
from redirects.formats.answers import GONE, NOT_PASSED, Answer, Export, answers_of, not_said
from redirects.mapping import Mapping
from redirects.site import Portal, Site

FILE = "_redirects"


def write_netlify(
    mappings: Iterable[Mapping], *, portal: Portal, sites: Iterable[Site], locate: Locate
) -> Export:
    """Write a line for each host name and spelling; withdrawn addresses have no words here."""
    told = answers_of(mappings, portal=portal, sites=sites, locate=locate)
    # Such a host passes queries on by itself.
    findings = [one for one in told.findings if one.code != NOT_PASSED]
    lines: list[str] = []
    # The first line that fits counts, so those that ask for a query come first.
    for answer in sorted(told.answers, key=lambda answer: "?" not in answer.key):
        if answer.status == GONE:
            findings.append(not_said("địa chỉ đã gỡ bỏ (410)", answer.key))
            continue
        sources = list(_sources(answer))
        if not sources:
            findings.append(not_said("tham số không có giá trị hoặc lặp lại", answer.key))
        elif "?" not in answer.key and not answer.any_query:
            findings.append(_wider(answer))
        names = [name for name, main in told.hosts.items() if main == answer.host]
        target = "://".join(map(_bare, answer.location.split("://", 1)))
        lines += [
            f"https://{name}{one} {target} {answer.status}" for name in names for one in sources
        ]
    return Export({FILE: "".join(f"{line}\n" for line in lines).encode()}, tuple(findings))


def _sources(answer: Answer) -> Iterator[str]:
    for text in answer.spellings:
        path, question, query = text.partition("?")
        parameters = [piece.partition("=") for piece in query.split("&")] if question else []
        names = {name for name, _, _ in parameters}
        if len(names) == len(parameters) and all(name and value for name, _, value in parameters):
            pairs = (f"{_bare(name)}={_bare(value)}" for name, _, value in parameters)
            yield " ".join((_bare(path), *pairs))


def _bare(text: str) -> str:
    """Escape what would be a placeholder or a splat."""
    return text.replace(":", "%3A").replace("*", "%2A")


def _wider(answer: Answer) -> Finding:
    message = "Máy chủ này áp dụng dòng này cho mọi tham số, rộng hơn quyết định."
    return Finding("warning", "wider-than-decided", message, answer.key)
