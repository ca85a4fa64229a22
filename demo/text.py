"""Composes Vietnamese text from the topics in demo/prose, for a place and a day.

A topic's sentences carry slots: {noi} a place, {thon} a village, {nn} the agency for farming,
{so:120-900} a number, {le:0.8-6.4} a decimal, {truoc:3} and {sau:30} a date before or after, and
so on. A capital first letter ({Noi}) starts a sentence.
"""

from __future__ import annotations

import datetime as dt
import functools
import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

from demo.places import PRODUCTS, VILLAGES

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

    from demo.places import Region

Topic = dict[str, Any]

SCHOOL_STARTS = 7
"""From this month on, texts speak of the coming school year."""

LAW_CITED_SHARE = 0.6
CHOSEN, GENERAL = 4, 3
"""How many paragraphs of its topic and how many general ones make up a piece of news."""

_quarters = ("quý I", "quý II", "quý III", "quý IV")


@functools.cache
def topics(kind: str) -> tuple[Topic, ...]:
    """The topics of one kind of page, as written in demo/prose/KIND.toml."""
    return tuple(_prose(kind)["topic"])


@functools.cache
def _prose(name: str) -> dict[str, Any]:
    source = resources.files("demo").joinpath("prose", f"{name}.toml")
    return tomllib.loads(source.read_text(encoding="utf-8"))


def in_date_form(day: dt.date) -> str:
    """dd/mm/yyyy, the only date form these portals print."""
    return day.strftime("%d/%m/%Y")


def _school_year(day: dt.date) -> str:
    start = day.year if day.month >= SCHOOL_STARTS else day.year - 1
    return f"{start} - {start + 1}"


def capitalized(text: str) -> str:
    """The text with its first letter upper-case and the rest untouched."""
    return text[:1].upper() + text[1:]


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A slot whose value is drawn anew by its format spec each time it is printed."""

    draw: Callable[[str], str]

    def __format__(self, spec: str) -> str:
        return self.draw(spec)


class Slots(dict[str, object]):
    """The slots of one article: names stay the same throughout, numbers are drawn each time."""

    def __init__(self, region: Region, day: dt.date, rng: random.Random) -> None:
        place, other = rng.sample(region.places, 2)
        self.day, self.rng = day, rng
        self.drawn: dict[str, str] | None = None
        super().__init__(
            noi=place,
            noi2=other,
            thon=rng.choice(VILLAGES),
            san_pham=rng.choice(PRODUCTS),
            tinh=region.unit,
            tinh_en=region.english,
            ma_vung=region.phone,
            ubnd=region.committee,
            hdnd=region.council,
            ngay=in_date_form(day),
            thang=str(day.month),
            nam=str(day.year),
            nam_truoc=str(day.year - 1),
            nam_hoc=_school_year(day),
            quy=_quarters[(day.month - 1) // 3],
            so=_Drawn(self._integer),
            le=_Drawn(self._decimal),
            truoc=_Drawn(lambda spec: in_date_form(day - dt.timedelta(days=int(spec)))),
            sau=_Drawn(lambda spec: in_date_form(day + dt.timedelta(days=int(spec)))),
            **region.agencies(day),
        )

    def __missing__(self, key: str) -> object:
        if key[:1].isupper():
            return capitalized(str(self[key[0].lower() + key[1:]]))
        raise KeyError(key)

    def fill(self, pattern: str) -> str:
        """The pattern with every slot filled, its first letter upper-case."""
        return capitalized(pattern.format_map(self))

    def fill_alike(self, *patterns: str) -> tuple[str, ...]:
        """Patterns filled so that a number of the same spec is the same number in all."""
        self.drawn = {}
        filled = tuple(self.fill(pattern) for pattern in patterns)
        self.drawn = None
        return filled

    def _integer(self, spec: str) -> str:
        low, high = (int(part) for part in spec.split("-"))
        number = f"{self.rng.randint(low, high):,}".replace(",", ".")
        return number if self.drawn is None else self.drawn.setdefault(spec, number)

    def _decimal(self, spec: str) -> str:
        low, high = (float(part) for part in spec.split("-"))
        return f"{self.rng.uniform(low, high):.1f}".replace(".", ",")


@dataclass(frozen=True, slots=True)
class Draft:
    """A composed text that still lacks its place in a portal."""

    title: str
    paragraphs: tuple[str, ...]
    table: tuple[tuple[str, ...], ...] = ()
    number: str | None = None
    agency: str | None = None


def compose(kind: str, topic: Topic, slots: Slots, *, serial: int) -> Draft:
    """Writes one page of a kind about a topic. `serial` numbers documents and procedures apart."""
    match kind:
        case "van-ban":
            return _document(topic, slots, serial)
        case "thu-tuc":
            return _procedure(topic, slots, serial)
        case "hoi-dap":
            return _question(topic, slots)
        case _:
            return _story(kind, topic, slots)


def _story(kind: str, topic: Topic, slots: Slots) -> Draft:
    rng = slots.rng
    chosen = rng.randrange(len(topic["titles"]))
    title, lead = slots.fill_alike(topic["titles"][chosen], topic["leads"][_lead(topic, chosen)])
    body = _some(topic["body"], rng, keep=CHOSEN)
    if kind == "tin-tuc":
        body += _general("paragraphs", rng, GENERAL)
    elif kind in ("thong-bao", "quy-hoach"):
        body += _general("notices", rng, GENERAL)
    table = _table(topic["table"], slots) if "table" in topic else ()
    return Draft(title, (lead, *(slots.fill(line) for line in body)), table)


def _lead(topic: Topic, title: int) -> int:
    """Which lead belongs to a title: the one the topic names, else any may follow any."""
    order: list[int] = topic.get("lead_of_title", [])
    return order[title] if order else title % len(topic["leads"])


def _general(pool: str, rng: random.Random, count: int) -> list[str]:
    lines: list[str] = rng.sample(_prose("chung")[pool], count)
    return lines


def _question(topic: Topic, slots: Slots) -> Draft:
    answer, *more = (slots.fill(line) for line in topic["dap"])
    asked = slots.fill(topic["hoi"])
    closing = [slots.fill(line) for line in _general("replies", slots.rng, 2)]
    return Draft(
        slots.fill(slots.rng.choice(topic["titles"])),
        (f"Câu hỏi: {asked}", f"Trả lời: {answer}", *more, *closing),
        agency=str(slots["ubnd"]),
    )


def _some(lines: Sequence[str], rng: random.Random, *, keep: int) -> list[str]:
    kept = sorted(rng.sample(range(len(lines)), min(keep, len(lines))))
    return [lines[index] for index in kept]


def _document(topic: Topic, slots: Slots, serial: int) -> Draft:
    year, code = slots.day.year, topic["ky_hieu"]
    number = f"{serial}/{year}/{code}" if topic.get("quy_pham") else f"{serial}/{code}"
    subject = slots.rng.choice(topic["subjects"]).format_map(slots)
    council = code.endswith("HĐND")
    agency = str(slots["hdnd" if council else "ubnd"])
    body = "Hội đồng nhân dân" if council else "Ủy ban nhân dân"
    lines = [*topic["provisions"], *_general("provisions", slots.rng, 2)]
    provisions = [slots.fill(line) for line in lines]
    if topic["loai"] in ("Quyết định", "Nghị quyết"):
        provisions = [f"Điều {n}. {line}" for n, line in enumerate(provisions, 1)]
        provisions.append(f"Điều {len(provisions) + 1}. {_entry_into_force(slots)}")
    paragraphs = (
        *_grounds(topic, slots),
        f"{body.upper()} {str(slots['tinh']).upper()} - {topic['loai'].upper()}:",
        *provisions,
        f"TM. {body.upper()} - CHỦ TỊCH (đã ký).",
    )
    title = f"{topic['loai']} số {number} {subject}"
    return Draft(title, paragraphs, number=number, agency=agency)


def _entry_into_force(slots: Slots) -> str:
    return slots.fill(slots.rng.choice(_prose("chung")["entry_into_force"]))


def _grounds(topic: Topic, slots: Slots) -> tuple[str, ...]:
    if slots.day < dt.date(2016, 1, 1):
        law = "Căn cứ Luật Tổ chức Hội đồng nhân dân và Ủy ban nhân dân ngày 26 tháng 11 năm 2003;"
    elif slots.day < dt.date(2025, 3, 1):
        law = "Căn cứ Luật Tổ chức chính quyền địa phương ngày 19 tháng 6 năm 2015;"
    else:
        law = "Căn cứ Luật Tổ chức chính quyền địa phương ngày 19 tháng 02 năm 2025;"
    petition = slots.fill("{so:12-480}/TTr ngày {truoc:9}")
    asked = f"Xét đề nghị của {slots[topic['xet']]} tại Tờ trình số {petition}."
    return (law, asked) if "quy_pham" in topic or slots.rng.random() < LAW_CITED_SHARE else (asked,)


def _procedure(topic: Topic, slots: Slots, serial: int) -> Draft:
    place = slots.rng.choice(("Trung tâm phục vụ hành chính công", "Bộ phận một cửa cấp xã"))
    table = (
        ("Mã thủ tục", topic["ma"]),
        ("Lĩnh vực", topic["linh_vuc"]),
        ("Nơi tiếp nhận", f"{place}, {slots['tinh']}"),
        ("Thành phần hồ sơ", "; ".join(topic["ho_so"])),
        ("Thời hạn giải quyết", topic["thoi_han"]),
        ("Phí, lệ phí", topic["phi"]),
    )
    note = slots.fill(_prose("chung")["procedure_note"])
    title = topic["ten"] if serial == 0 else f"{topic['ten']} - lần công bố thứ {serial + 1}"
    return Draft(
        title, (topic["mo_ta"], note), table, number=topic["ma"], agency=str(slots["ubnd"])
    )


def _table(name: str, slots: Slots) -> tuple[tuple[str, ...], ...]:
    rows = _prose("chung")["tables"][name]
    return tuple(tuple(slots.fill(cell) for cell in row) for row in rows)
