"""Plants the old web's hazards among the articles, each labelled in the truth."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from demo import oddities
from demo.attachments import refreshed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from demo.article import Article

Articles = dict[str, list["Article"]]

SHARES: Final[Mapping[tuple[str, str], float]] = {
    ("haiduong", "broken-link"): 0.05,
    ("haiphong", "broken-link"): 0.05,
    ("gialoc", "broken-link"): 0.04,
    ("haiduong", "orphan"): 0.03,
    ("haiphong", "orphan"): 0.008,
    ("gialoc", "orphan"): 0.008,
    ("haiduong", "nfd-text"): 0.06,
}
"""What share of a site's pages carries a label; of each there is at least one."""

COPIES_PER_HUNDRED: Final = 6
SAME_TITLE: Final = "Thông báo lịch tiếp công dân định kỳ"

CITY_HEADER: Final = (
    "(haiphong.gov.vn) - Theo Cổng thông tin điện tử tỉnh Hải Dương, đơn vị chủ trì đã gửi"
    " thông cáo báo chí đến các cơ quan báo chí khu vực đồng bằng sông Hồng."
)
"""What the city's editors put above the province's press releases."""


def plant(written: Mapping[str, Sequence[Article]], seed: int) -> Articles:
    """The articles of each site with hazards planted, the same ones for the same seed."""
    rng = random.Random(f"{seed}/hazards")
    articles: Articles = {site: list(rows) for site, rows in written.items()}
    for (site, label), share in SHARES.items():
        fits = _of_joomla_news if (site, label) == ("gialoc", "broken-link") else _any
        _label(articles[site], label, max(1, round(share * len(articles[site]))), rng, fits)
    _plant_in_province(articles["haiduong"])
    _share_numbers(articles["haiduong"], articles["haiphong"])
    _label(articles["haiphong"], "slow", 1, rng, lambda a: a.kind == "tin-tuc")
    _label(articles["gialoc"], "hidden-spam", 1, rng, _of_joomla_news)
    _copy_press_releases(articles, rng)
    _append(articles["haiduong"], oddities.long_price_table(rng))
    _append(articles["gialoc"], oddities.list_of_persons(rng), oddities.spam_page())
    return articles


def _label(
    rows: list[Article],
    label: str,
    count: int,
    rng: random.Random,
    fits: Callable[[Article], bool],
) -> None:
    fitting = [index for index, article in enumerate(rows) if fits(article)]
    for index in rng.sample(fitting, min(count, len(fitting))):
        rows[index] = _with(rows[index], label)


def _with(article: Article, label: str) -> Article:
    return replace(article, hazards=article.hazards | {label})


def _any(_: Article) -> bool:
    return True


def _of_joomla_news(article: Article) -> bool:
    return article.kind == "tin-tuc" and article.published.year > oddities.JOOMLA_ERA


def _plant_in_province(rows: list[Article]) -> None:
    """Three pages of one title, one page with a marked path, odd files."""
    notices = [index for index, article in enumerate(rows) if article.kind == "thong-bao"]
    for index in notices[:3]:
        rows[index] = replace(_with(rows[index], "same-title"), title=SAME_TITLE)
    about = next(i for i, a in enumerate(rows) if a.kind == "gioi-thieu" and not a.table)
    rows[about] = replace(_with(rows[about], "marked-path"), hazards=frozenset({"marked-path"}))
    offering = [i for i, a in enumerate(rows) if a.kind == "van-ban" and a.files]
    rows[offering[0]] = oddities.with_twin_file(rows[offering[0]])
    rows[offering[1]] = oddities.with_empty_file(rows[offering[1]])


def _share_numbers(province: list[Article], city: list[Article]) -> None:
    """Gives documents of the city the numbers of the province's: 15/2023/QĐ-UBND exists twice."""
    by_code = defaultdict(list)
    for article in province:
        if article.number and article.number.count("/") == oddities.NORMATIVE_SLASHES:
            by_code[article.number.rsplit("/", 1)[1]].append(article)
    for index in [i for i, a in enumerate(city) if a.kind == "van-ban"]:
        article = city[index]
        number = article.number or ""
        twins = by_code[number.rsplit("/", 1)[-1]]
        if number.count("/") != oddities.NORMATIVE_SLASHES or not twins:
            continue
        twin = min(twins, key=lambda t: abs(t.published - article.published))
        twins.remove(twin)
        renumbered = replace(
            _with(article, "same-number"),
            number=twin.number,
            title=article.title.replace(number, twin.number or ""),
            published=twin.published,
        )
        city[index] = replace(renumbered, files=refreshed(renumbered, number))
        place = province.index(twin)
        province[place] = _with(twin, "same-number")


def _copy_press_releases(articles: Articles, rng: random.Random) -> None:
    """Press releases of the province, as they were on the district's site and on the city's."""
    news = [
        a for a in articles["haiduong"]
        if a.kind == "tin-tuc" and a.published.year > oddities.JOOMLA_ERA and not a.hazards
    ]  # fmt: skip
    count = max(2, len(articles["haiduong"]) * COPIES_PER_HUNDRED // 100)
    chosen = rng.sample(news, min(len(news), 2 * count))
    for article in chosen[:count]:
        _append(articles["gialoc"], _copy(article, "gialoc", "exact-duplicate", article.paragraphs))
    for article in chosen[count:]:
        paragraphs = (CITY_HEADER, *article.paragraphs)
        _append(articles["haiphong"], _copy(article, "haiphong", "near-duplicate", paragraphs))


def _copy(article: Article, site: str, label: str, paragraphs: tuple[str, ...]) -> Article:
    return replace(
        article, site=site, paragraphs=paragraphs, files=(), hazards=frozenset({label})
    )  # fmt: skip


def _append(rows: list[Article], *articles: Article) -> None:
    for article in articles:
        rows.append(replace(article, ident=max(a.ident for a in rows) + 1))
