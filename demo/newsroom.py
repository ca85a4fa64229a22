"""The newsroom: which articles each old portal holds, in the order they were written."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from demo.article import Article
from demo.attachments import files_for
from demo.text import Slots, capitalized, compose, topics

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from demo.places import Region
    from demo.text import Draft, Topic

FREEZE: Final = dt.date(2025, 6, 27)
"""The last day anything was published on the old portals."""

COUNTS: Final[Mapping[str, Mapping[str, int]]] = {
    "haiduong": {
        "tin-tuc": 52, "thong-bao": 10, "van-ban": 18, "thu-tuc": 10, "hoi-dap": 8,
        "quy-hoach": 5, "gioi-thieu": 6, "english": 3,
    },
    "haiphong": {
        "tin-tuc": 36, "thong-bao": 8, "van-ban": 18, "thu-tuc": 10, "hoi-dap": 6,
        "quy-hoach": 4, "gioi-thieu": 6,
    },
    "gialoc": {
        "tin-tuc": 40, "thong-bao": 8, "van-ban": 10, "hoi-dap": 4, "gioi-thieu": 6,
    },
    "bay": {"tin-tuc": 33},
}  # fmt: skip
"""Articles of each kind at scale 1."""

PLACE_ADDED, TURN_ADDED = 3, 6
"""After so many title clashes the place, then a number, is added to the title."""

_fixed_kinds = frozenset({"gioi-thieu", "english"})
_first_year = {"haiduong": 2019, "haiphong": 2019, "gialoc": 2010, "bay": 2019}
_procedure_share = {"haiduong": 0, "haiphong": 1}


@dataclass(slots=True)
class Newsroom:
    """Writes the articles of one region; titles and document numbers are never used twice."""

    region: Region
    seed: int
    scale: int
    titles: set[str]
    numbers: set[tuple[int, str, int]] = field(default_factory=set)

    def articles(self) -> tuple[Article, ...]:
        """All articles of the portal, oldest first, numbered from 101."""
        drafts = [
            (day, kind, draft)
            for kind, count in COUNTS[self.region.name].items()
            for day, draft in self._drafts(
                kind, count if kind in _fixed_kinds else count * self.scale
            )
        ]
        drafts.sort(key=lambda item: (item[0], item[2].title))
        return tuple(
            self._article(ident, day, kind, draft)
            for ident, (day, kind, draft) in enumerate(drafts, 101)
        )

    def _article(self, ident: int, day: dt.date, kind: str, draft: Draft) -> Article:
        return Article(
            ident=ident,
            site=self.region.name,
            kind=kind,
            title=draft.title,
            published=day,
            paragraphs=draft.paragraphs,
            table=draft.table,
            number=draft.number,
            agency=draft.agency,
            files=files_for(ident, kind, draft, self._rng("files", ident)),
        )

    def _rng(self, *key: object) -> random.Random:
        return random.Random("/".join(map(str, (self.seed, self.region.name, *key))))

    def _drafts(self, kind: str, count: int) -> Iterator[tuple[dt.date, Draft]]:
        chosen = self._topics(kind)
        for index in range(count):
            rng = self._rng(kind, index)
            day = self._day(rng)
            fitting = [topic for topic in chosen if topic.get("since", 0) <= day.year]
            topic = chosen[index % len(chosen)]
            if topic not in fitting:
                topic = fitting[index % len(fitting)]
            day = _in_season(day, topic, rng)
            yield day, self._draft(kind, topic, Slots(self.region, day, rng), index // len(chosen))

    def _topics(self, kind: str) -> list[Topic]:
        chosen = [t for t in topics(kind) if self.region.name in t.get("sites", [self.region.name])]
        if kind == "thu-tuc":
            return chosen[_procedure_share[self.region.name] :: 2]
        if kind not in _fixed_kinds:
            self._rng(kind).shuffle(chosen)
        return chosen

    def _day(self, rng: random.Random) -> dt.date:
        start = dt.date(_first_year[self.region.name], 1, 4)
        return start + dt.timedelta(days=rng.randrange((FREEZE - start).days))

    def _draft(self, kind: str, topic: Topic, slots: Slots, turn: int) -> Draft:
        serial = self._serial(topic, slots) if kind == "van-ban" else turn
        for attempt in range(1000):
            draft = compose(kind, topic, slots, serial=serial)
            title = draft.title
            if attempt >= PLACE_ADDED:
                title += f" ({slots['noi']})"
            if attempt >= TURN_ADDED:
                title += f", đợt {attempt - TURN_ADDED + 2}"
            if title not in self.titles:
                self.titles.add(title)
                return _renamed(draft, capitalized(title))
        raise AssertionError(f"no free title for {kind}")

    def _serial(self, topic: Topic, slots: Slots) -> int:
        while True:
            serial = slots.rng.randint(3, self.scale * (62 if topic.get("quy_pham") else 2900))
            key = (slots.day.year, topic["ky_hieu"], serial)
            if key not in self.numbers:
                self.numbers.add(key)
                return serial


def _in_season(day: dt.date, topic: Topic, rng: random.Random) -> dt.date:
    """The day moved to a month in which such things happen, never past the freeze."""
    if "months" not in topic:
        return day
    moved = day.replace(month=rng.choice(topic["months"]), day=min(day.day, 28))
    return moved if moved <= FREEZE else moved.replace(year=moved.year - 1)


def _renamed(draft: Draft, title: str) -> Draft:
    return draft if title == draft.title else type(draft)(
        title, draft.paragraphs, draft.table, draft.number, draft.agency
    )  # fmt: skip
