"""What stands around the content: title, breadcrumb, date, document number, agency."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from selectolax.lexbor import LexborHTMLParser

from crawler.extract.blocks import Block, fold
from crawler.extract.content import Content, is_furniture
from crawler.extract.dates import FoundDate, date_in_metadata, first_date, labelled_date
from crawler.extract.template import SiteTemplate

_HEADING_RANK = {"h1": 0, "h2": 1, "h3": 2}
_TITLE_CLASS = re.compile(r"title|tieude|tieu-de|heading|headline|\bhead\b", re.IGNORECASE)
_TITLE_LENGTH = range(4, 400)
_DATE_LINE = 120  # characters; a longer block is text that mentions a date
_DATE_WORDS = 9  # beside the date: "Thứ Hai, … lượt xem, bản in"
_NEAR = 6  # blocks before and after the start of the content that may hold its date
_CRUMBS = (
    "[itemtype*=BreadcrumbList], [class*=breadcrumb], [id*=breadcrumb], [class*=Breadcrumb], "
    "[id*=Breadcrumb], [class*=pathway], [class*=sitemappath], [class*=duongdan], "
    "[aria-label*=readcrumb]"
)
_CRUMB_SEPARATOR = re.compile(r"\s*(?:>|»|›|/|→|::|\|)\s*")
HOME_NAMES = frozenset(("trang chủ", "trang nhất", "home", "trang chu", "trang đầu", "homepage"))
_NUMBER = re.compile(
    r"(?<![\w/])(\d{1,5}[A-Za-z]?/(?:(?:19|20)\d\d/)?[A-ZĐ]{1,12}"
    r"(?:[-.][A-ZĐ&][A-ZĐa-z&0-9]{0,14})*)(?![\w/])"
)
_PROCEDURE_CODE = re.compile(r"(?<!\d)(\d\.\d{6})(?!\d)")
_NUMBER_LABEL = re.compile(
    r"(?:số\s*(?:/|và)?\s*ký\s*hiệu|số\s*hiệu|ký\s*hiệu|mã\s*thủ\s*tục|số)\s*:?\s*", re.IGNORECASE
)
_OWN_NUMBER = re.compile(
    r"^(?:quyết định|nghị quyết|chỉ thị|thông báo|kế hoạch|công văn|tờ trình|báo cáo|hướng dẫn|"
    r"giấy mời|thông tư|nghị định|quy định|công điện|kết luận|chương trình)\s+(?:số\s*:?\s*)?",
    re.IGNORECASE,
)
_AGENCY_LABEL = re.compile(
    r"^(?:cơ quan|đơn vị)\s+(?:ban hành|thực hiện|giải quyết|soạn thảo|phát hành)\s*:?\s*",
    re.IGNORECASE,
)
_AGENCY_HEAD = re.compile(
    r"((?:ỦY BAN NHÂN DÂN|UỶ BAN NHÂN DÂN|HỘI ĐỒNG NHÂN DÂN|UBND|HĐND)"
    r"\s+[A-ZĐÀ-Ỹ][A-ZĐÀ-Ỹ\s]{2,60}?)(?:\s+-|\s*$|:)"
)
_UNIT_WORDS = frozenset(("tỉnh", "thành", "phố", "huyện", "quận", "thị", "xã", "phường", "trấn"))
_AGENCY_LENGTH = range(4, 160)


def title_of(
    declared: Sequence[str],
    blocks: Sequence[Block],
    content: Content | None,
    furniture: frozenset[int],
) -> str:
    """Return the page's own title: a heading that <title> confirms, else the best of the two."""
    headings = [
        block for block in blocks if _is_heading(block) and not is_furniture(block, furniture)
    ]
    for block in headings:
        if any(fold(title) == block.folded for title in declared):
            return block.text
    before = _up_to(headings, blocks, content)
    if before and (_rank(before[0]) == 0 or not declared):
        return before[0].text
    if declared:
        return declared[0]
    if content is not None and content.blocks:
        return _shortened(content.blocks[0].text)
    return ""


def declared_titles(tree: LexborHTMLParser, template: SiteTemplate) -> list[str]:
    """Return what the page's head calls it, without the site's name."""
    titles: list[str] = []
    for selector in ("meta[property='og:title']", "meta[name='title']"):
        node = tree.css_first(selector)
        if node is not None:
            titles.append(node.attributes.get("content") or "")
    node = tree.css_first("title")
    if node is not None:
        titles.append(node.text())
    cleaned = (template.title_of(" ".join(title.split())) for title in titles)
    return [title for title in dict.fromkeys(cleaned) if len(title) in _TITLE_LENGTH]


def _is_heading(block: Block) -> bool:
    if len(block.text) not in _TITLE_LENGTH:
        return False
    tag = block.node.tag or ""
    names = f"{block.node.attributes.get('class') or ''} {block.node.id or ''}"
    return tag in _HEADING_RANK or _TITLE_CLASS.search(names) is not None


def _rank(block: Block) -> int:
    return _HEADING_RANK.get(block.node.tag or "", len(_HEADING_RANK))


def _up_to(headings: list[Block], blocks: Sequence[Block], content: Content | None) -> list[Block]:
    """Return headings no later than the content's first block, the highest rank first."""
    if content is None or not content.blocks:
        return sorted(headings, key=_rank)
    end = blocks.index(content.blocks[0]) + 1
    early = {id(block) for block in blocks[:end]}
    inside = {id(block) for block in content.blocks[:_NEAR]}
    usable = [block for block in headings if id(block) in early or id(block) in inside]
    return sorted(usable, key=_rank)


def _shortened(text: str) -> str:
    return text if len(text) <= 160 else f"{text[:160].rsplit(' ', 1)[0]}…"  # noqa: PLR2004 - a title's length


def breadcrumb_of(tree: LexborHTMLParser, blocks: Sequence[Block]) -> tuple[str, ...]:
    """Return the trail from below the home page, as the page prints it."""
    for node in tree.css(_CRUMBS):
        links = [" ".join(link.text(separator=" ").split()) for link in node.css("a")]
        trail = _trail(links) or _trail(
            _CRUMB_SEPARATOR.split(" ".join(node.text(separator=" ").split()))
        )
        if trail:
            return trail
    for block in blocks:
        parts = _CRUMB_SEPARATOR.split(block.text)
        if len(parts) > 1 and parts[0].strip().lower() in HOME_NAMES:
            return _trail(parts)
    return ()


def _trail(parts: Sequence[str]) -> tuple[str, ...]:
    names = [part.strip(" »›>/|") for part in parts]
    return tuple(name for name in names if name and name.lower() not in HOME_NAMES)


def date_of(
    tree: LexborHTMLParser,
    blocks: Sequence[Block],
    content: Content | None,
    furniture: frozenset[int],
    today: date,
) -> tuple[FoundDate | None, Block | None]:
    """Return the date of publication, and the block that is nothing but its line, if any."""
    declared = date_in_metadata(tree, today)
    near = _near(blocks, content)
    for block in near:
        if len(block.text) <= _DATE_LINE and not is_furniture(block, furniture):
            found = labelled_date(block.text, today) or first_date(block.text, today, rule="line")
            if found is None or _NUMBER.search(block.text):
                continue
            if _is_date_line(block, found):
                return declared or found, block
            if found.rule == "label":
                return declared or found, None
    if declared is not None:
        return declared, None
    text = "\n".join(block.text for block in content.blocks) if content is not None else ""
    return labelled_date(text, today) or _signed_date(text, today), None


def _near(blocks: Sequence[Block], content: Content | None) -> Sequence[Block]:
    if content is None or not content.blocks:
        return blocks
    start = blocks.index(content.blocks[0])
    inside = set(map(id, content.blocks[:_NEAR]))
    before = blocks[max(0, start - _NEAR) : start]
    return [*reversed(before), *(block for block in blocks[start:] if id(block) in inside)]


def _is_date_line(block: Block, found: FoundDate) -> bool:
    words = re.sub(r"[\W\d_]+", " ", block.text.replace(found.raw, " ")).split()
    return len(words) <= _DATE_WORDS and block.node.tag not in ("tr", "td")


def _signed_date(text: str, today: date) -> FoundDate | None:
    """A letter's own date: "Hải Dương, ngày 12 tháng 5 năm 2024" near its head."""
    found = re.search(
        r",\s*(ngày\s+\d{1,2}\s+tháng\s+\d{1,2}\s*,?\s+năm\s+\d{4})", text, re.IGNORECASE
    )
    return first_date(found[1], today, rule="signed") if found else None


def number_of(title: str, blocks: Sequence[Block]) -> str | None:
    """Return the document's own number ("12/2024/QĐ-UBND"), never one that it only mentions."""
    own = _OWN_NUMBER.match(title)
    if own is not None:
        found = _NUMBER.match(title, own.end())
        if found is not None:
            return found[1]
    for place, block in enumerate(blocks):
        label = _NUMBER_LABEL.match(block.text)
        if label is None:
            continue
        rest = block.text[label.end() :] or (
            blocks[place + 1].text if place + 1 < len(blocks) else ""
        )
        found = _NUMBER.match(rest) or _PROCEDURE_CODE.match(rest)
        if found is not None:
            return found[1]
    return None


def agency_of(blocks: Sequence[Block], number: str | None) -> str | None:
    """Return the issuing agency: as a label names it, else as a document's head prints it."""
    for place, block in enumerate(blocks):
        label = _AGENCY_LABEL.match(block.text)
        if label is None:
            continue
        rest = block.text[label.end() :].strip(" :.")
        if not rest and place + 1 < len(blocks):
            rest = blocks[place + 1].text.strip(" :.")
        if len(rest) in _AGENCY_LENGTH:
            return rest
    heads = (block.text for block in blocks[:_NEAR]) if number else ()
    return next(
        (_from_capitals(match[1]) for text in heads if (match := _AGENCY_HEAD.match(text))), None
    )


def _from_capitals(text: str) -> str:
    """Write "ỦY BAN NHÂN DÂN TỈNH HẢI DƯƠNG" as agencies are named: "UBND tỉnh Hải Dương"."""
    words = text.title().split()
    named = " ".join(word.lower() if word.lower() in _UNIT_WORDS else word for word in words)
    for long, short in (("Ủy Ban Nhân Dân", "UBND"), ("Hội Đồng Nhân Dân", "HĐND")):
        named = named.replace(long, short)
    return named
