"""Places: where in a call or an answer the code of a unit stands, as settings write it.

A name is a parameter of the query, a capture of the path, a field of a form or a member of a JSON
object: `maTinh`. `$.DuLieu[*].MaXa` and `$..MaXa` are places in JSON (a part of RFC 9535),
`/Tinh/Ma`, `//Xa/Ma` and `//Xa/@ma` places in XML, by local names. A level behind a place
(`maTinh tinh`) tells what a number without its noughts is a code of.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from catalogue.units.register import Level

EACH = "*"
"""A step of a JSON place into every element of an array; no member's name is taken for it."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]*")
_JSON_STEP = re.compile(r"(\.{1,2})([^.\[\]\s'*]+)|\[(\*)\]|\['([^']+)'\]")
_XML_PATH = re.compile(r"(//?)([^\s/@]+(?:/[^\s/@]+)*)(?:/@([^\s/@]+))?")


@dataclass(frozen=True, slots=True)
class Step:
    """One step into JSON: a member's name or EACH; `anywhere` below, or right here."""

    name: str
    anywhere: bool = False


@dataclass(frozen=True, slots=True)
class NamePlace:
    """A parameter, capture, field or member."""

    name: str
    level: Level | None = None


@dataclass(frozen=True, slots=True)
class JsonPlace:
    """A place in a JSON body."""

    steps: tuple[Step, ...]
    level: Level | None = None


@dataclass(frozen=True, slots=True)
class XmlPlace:
    """A place in an XML body: the local names that lead there, from the root or from anywhere."""

    names: tuple[str, ...]
    from_root: bool
    attribute: str | None = None
    level: Level | None = None


Place = NamePlace | JsonPlace | XmlPlace


def read_place(text: str) -> Place:
    """Read a place as settings write it. Raises ValueError saying what it should be."""
    where, _, told = text.strip().partition(" ")
    level = Level(told) if told in set(Level) else None
    if told and level is None:
        raise ValueError(f"{told!r} is no level: tinh, huyen or xa")
    if where.startswith("$"):
        return JsonPlace(_steps(where[1:]), level)
    if where.startswith("/"):
        found = _XML_PATH.fullmatch(where)
        if found is None:
            raise ValueError(f"{where!r} is no place in XML: //Xa/Ma or //Xa/@ma")
        return XmlPlace(tuple(found[2].split("/")), found[1] == "/", found[3], level)
    if _NAME.fullmatch(where) is None:
        raise ValueError(f"{where!r} is no name of a parameter, nor begins with $ or /")
    return NamePlace(where, level)


def read_places(texts: Iterable[str]) -> tuple[Place, ...]:
    """Read several."""
    return tuple(map(read_place, texts))


def in_json(places: Iterable[Place]) -> tuple[JsonPlace, ...]:
    """Return the places of a JSON body: those in JSON, and names as members of its object."""
    found = []
    for place in places:
        match place:
            case JsonPlace():
                found.append(place)
            case NamePlace(name, level):
                found.append(JsonPlace((Step(name),), level))
            case XmlPlace():
                pass
    return tuple(found)


def in_xml(places: Iterable[Place]) -> tuple[XmlPlace, ...]:
    """Return the places of an XML body."""
    return tuple(place for place in places if isinstance(place, XmlPlace))


def names_in(places: Iterable[Place]) -> tuple[NamePlace, ...]:
    """Return the places that are names."""
    return tuple(place for place in places if isinstance(place, NamePlace))


def _steps(text: str) -> tuple[Step, ...]:
    steps = []
    end = 0
    while end < len(text):
        found = _JSON_STEP.match(text, end)
        if found is None:
            raise ValueError(f"${text!r} is no place in JSON: $.DuLieu[*].MaXa or $..MaXa")
        if found[3]:
            steps.append(Step(EACH))
        else:
            steps.append(Step(found[2] or found[4], anywhere=found[1] == ".."))
        end = found.end()
    if not steps:
        raise ValueError("$ alone is no place in JSON: $.DuLieu[*].MaXa or $..MaXa")
    return tuple(steps)
