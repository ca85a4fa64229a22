"""Reading pages: ours (charset, template, content, metadata, sanitised HTML) beside plain peers.

bs4 with lxml only joins all text of a page; trafilatura, where it is installed, looks for the
content. Pages are the demo's articles, so that what was read can be held against the truth; the
181 articles of ../shared/data/crawl/article-extraction give a second figure where they are there.
"""

from __future__ import annotations

import gzip
import importlib
import json
import re
import tarfile
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import fmean, median
from urllib.parse import urlsplit

from bs4 import BeautifulSoup

from benchmarks.measure import measure_in_turns, print_line, print_table, ratio
from crawler.extract.page import Page
from crawler.extract.reading import read_page, sample_page
from crawler.extract.template import SiteTemplate, learn
from demo.truth import Truth
from demo.web import Request
from demo.world import World, build_world

AEB = Path(__file__).resolve().parents[1].parent / "shared/data/crawl/article-extraction/aeb.tar.gz"
LARGEST = 200_000  # bytes; the one huge price table would be half the bench


@dataclass(frozen=True, slots=True)
class Sample:
    """One page as it was served, and what is known about it."""

    url: str
    content_type: str
    payload: bytes
    truth: Truth


def demo_samples(world: World) -> list[Sample]:
    samples = []
    portals = {portal.site.name: portal for portal in world.portals}
    for truth in world.truths:
        if truth.expected != "document":
            continue
        parts = urlsplit(truth.url)
        request = Request("GET", parts.hostname or "", parts.path, parts.query)
        reply = portals[truth.site].answer(request)
        content_type = {name.lower(): value for name, value in reply.headers}.get(
            "content-type", ""
        )
        if reply.status == 200 and len(reply.body) <= LARGEST and "html" in content_type:
            samples.append(Sample(truth.url, content_type, reply.body, truth))
    return samples


def templates_of(samples: list[Sample]) -> dict[str, SiteTemplate]:
    names = {sample.truth.site for sample in samples}
    return {
        name: learn(
            sample_page(each.payload, each.content_type, each.url)
            for each in samples
            if each.truth.site == name
        )
        for name in names
    }


def ours(samples: list[Sample], templates: dict[str, SiteTemplate]) -> list[Page]:
    today = datetime.now(UTC).date()
    return [
        read_page(
            each.payload,
            each.content_type,
            each.url,
            template=templates[each.truth.site],
            is_page=bool,
            today=today,
        )
        for each in samples
    ]


def with_bs4(samples: list[Sample]) -> None:
    for each in samples:
        BeautifulSoup(each.payload, "lxml").get_text(" ")


def trafilatura() -> Callable[[bytes], str] | None:
    try:
        module = importlib.import_module("trafilatura")
    except ModuleNotFoundError:
        return None
    extract: Callable[[bytes], str] = module.extract
    return extract


def words(text: str) -> list[str]:
    return unicodedata.normalize("NFC", text).split()


def overlap(wanted: str, found: str) -> tuple[float, float]:
    """Recall and precision over words, each counted as often as it stands."""
    one, two = Counter(words(wanted)), Counter(words(found))
    same = (one & two).total()
    return same / max(1, one.total()), same / max(1, two.total())


def shingles(text: str) -> Counter[tuple[str, ...]]:
    tokens = re.findall(r"\w+", text)
    return Counter(tuple(tokens[start : start + 4]) for start in range(max(1, len(tokens) - 3)))


def aeb_f1() -> float | None:
    """The benchmark's own measure: F1 of mean precision and recall over 4-word shingles."""
    if not AEB.exists():
        return None
    precisions, recalls = [], []
    with tarfile.open(AEB) as tarball:
        files = {member.name: member for member in tarball if member.isfile()}
        gold = json.load(tarball.extractfile(files["ground-truth.json"]))  # type: ignore[arg-type]  # it is a file
        for name, entry in gold.items():
            packed = tarball.extractfile(files[f"html/{name}.html.gz"])
            assert packed is not None
            page = read_page(
                gzip.decompress(packed.read()),
                "text/html; charset=utf-8",
                entry.get("url", "http://a.example/"),
                template=SiteTemplate(),
                is_page=bool,
                today=date(2026, 1, 1),
            )
            wanted, found = shingles(entry["articleBody"]), shingles(f"{page.title} {page.text}")
            same = (wanted & found).total()
            precisions.append(same / max(1, found.total()))
            recalls.append(same / max(1, wanted.total()))
    precision, recall = fmean(precisions), fmean(recalls)
    print(f"article-extraction-benchmark: precision {precision:.3f}, recall {recall:.3f}")
    return 2 * precision * recall / (precision + recall)


def main() -> None:
    samples = demo_samples(build_world())
    templates = templates_of(samples)
    contenders: dict[str, Callable[[], object]] = {
        "ours, all of it": lambda: ours(samples, templates),
        "bs4 + lxml, get_text": lambda: with_bs4(samples),
    }
    peer = trafilatura()
    if peer is not None:
        contenders["trafilatura"] = lambda: [peer(each.payload) for each in samples]
    figures = measure_in_turns(contenders, calls=len(samples), rounds=3)
    pages = ours(samples, templates)
    quality = [
        overlap(each.truth.text, page.text) for each, page in zip(samples, pages, strict=True)
    ]
    recall, precision = fmean(one for one, _ in quality), fmean(two for _, two in quality)
    dates = fmean(
        page.date is not None and page.date.day == each.truth.published
        for each, page in zip(samples, pages, strict=True)
    )
    rows = [
        (name, f"{median(values) / 1000:.2f}", f"{1e6 / median(values):,.0f}")
        for name, values in figures.items()
    ]
    print_table(
        f"Reading {len(samples)} pages of the demo", ("", "CPU ms a page", "pages a CPU s"), rows
    )
    print(f"recall {recall:.3f}, precision {precision:.3f}, dates right {dates:.3f}")
    print_line(
        "extract",
        {
            "pages": len(samples),
            "pages_per_cpu_s": 1e6 / median(figures["ours, all of it"]),
            "cpu_vs_bs4_lxml": ratio(figures["ours, all of it"], figures["bs4 + lxml, get_text"]),
            "cpu_vs_trafilatura": ratio(figures["ours, all of it"], figures["trafilatura"])
            if peer
            else None,
            "recall": recall,
            "precision": precision,
            "dates_right": dates,
            "aeb_f1": aeb_f1(),
        },
    )


if __name__ == "__main__":
    main()
