"""Comparing XML: by canonical form, whatever its prefixes, order of attributes or layout.

Bodies come from servers nobody vouches for: nothing outside them is fetched, and a document that
declares entities, or hides in a rare charset that it might, is not read at all.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

from gateway.comparing.reply import Difference, Part, place_below, shortened
from gateway.comparing.rules import RulesError

_CHARSET = re.compile(rb"""<\?xml[^>]{0,100}?encoding\s{0,9}=\s{0,9}["']([\w.:-]{1,40})["']""")
_PLAIN_CHARSET = re.compile(
    rb"(?:utf-?8|us-ascii|iso-8859-\d{1,2}|windows-125\d|tcvn)", re.IGNORECASE
)
_CROWDED = etree.XPath("boolean(//*[count(@*) > 500])")
_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"


class NotXmlError(ValueError):
    """A body that is no XML, or none that is safe to read."""


class _Pair(NamedTuple):
    place: str
    old: etree._Element
    new: etree._Element


def read_xml(body: bytes) -> etree._Element:
    """Read a body. Raises NotXmlError."""
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")
    charset = _CHARSET.match(start)
    if not start.startswith(b"<") or b"<!ENTITY" in body:
        raise NotXmlError("not XML, or with entities of its own")
    if charset is not None and not _PLAIN_CHARSET.fullmatch(charset[1]):
        raise NotXmlError("not in a charset that shows its entities")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True
    )
    try:
        root = etree.fromstring(start, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise NotXmlError("not XML") from error
    if next(root.iter(etree.Entity), None) is not None:
        raise NotXmlError("it names entities that nobody here knows")
    if _CROWDED(root):  # lxml takes time in the square of their number
        raise NotXmlError("an element with more attributes than anybody reads")
    return root


def xml_differences(
    old: etree._Element, new: etree._Element, ignored: tuple[etree.XPath, ...]
) -> Iterator[Difference]:
    """Give the places where two documents differ; what `ignored` points at is cut out of both.

    Raises RulesError for an XPath that cannot be used.
    """
    for xpath in ignored:
        _cut(old, xpath)
        _cut(new, xpath)
    if old.tag != new.tag:
        yield _difference("/", str(old.tag), str(new.tag))
        return
    waiting = [_Pair(place_below("", f"/{_local(old)}"), old, new)]
    while waiting:
        pair = waiting.pop()
        yield from _own_differences(pair)
        found, below = _children(pair)
        yield from found
        waiting += reversed(below)


def _cut(root: etree._Element, xpath: etree.XPath) -> None:
    try:
        found = xpath(root)
    except etree.XPathError as error:  # some say only where they are tried what they lack
        raise RulesError(f"XPath {xpath.path!r}: {error}") from error
    for each in found if isinstance(found, list) else ():
        if etree.iselement(each):
            _cut_element(each)
        elif (parent := getattr(each, "getparent", lambda: None)()) is not None:
            if each.is_attribute:
                parent.attrib.pop(each.attrname, None)
            elif each.is_tail:
                parent.tail = None
            else:
                parent.text = None


def _cut_element(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is None:  # the root cannot go, all it says can
        element.clear()
        return
    before = element.getprevious()
    if element.tail and before is not None:
        before.tail = (before.tail or "") + element.tail
    elif element.tail:
        parent.text = (parent.text or "") + element.tail
    parent.remove(element)


def _own_differences(pair: _Pair) -> Iterator[Difference]:
    olds, news = _attributes(pair.old), _attributes(pair.new)
    for name in dict.fromkeys((*olds, *news)):
        if olds.get(name) != news.get(name):
            place = place_below(pair.place, f"/@{name.rpartition('}')[2]}")
            yield _difference(place, olds.get(name), news.get(name))
    if _texts_of(pair.old, pair.new) != _texts_of(pair.new, pair.old):
        yield _difference(pair.place, _text(pair.old), _text(pair.new))


def _attributes(element: etree._Element) -> dict[str, str]:
    named = {str(name): str(value) for name, value in element.attrib.items()}
    if _TYPE in named:  # its value is a name with a prefix
        prefix, colon, local = named[_TYPE].strip().rpartition(":")
        space = element.nsmap.get(prefix if colon else None, "")
        named[_TYPE] = f"{{{space}}}{local}"
    return named


def _texts_of(element: etree._Element, other: etree._Element) -> list[str]:
    """Return the texts between an element's children; where these differ, all in one."""
    return _texts(element) if len(element) == len(other) else [_text(element)]


def _texts(element: etree._Element) -> list[str]:
    """Return an element's own texts; between elements white space is only layout."""
    if len(element) == 0:
        return [element.text or ""]
    return [(text or "").strip() for text in (element.text, *(child.tail for child in element))]


def _text(element: etree._Element) -> str:
    return " ".join(filter(None, _texts(element)))


def _children(pair: _Pair) -> tuple[list[Difference], list[_Pair]]:
    """Pair the first child of a name with the first, the second with the second, and so on."""
    olds, news = _numbered(pair.old), _numbered(pair.new)
    many = {tag for tag, number in (*olds, *news) if number > 1}
    found, below = [], []
    for key in dict.fromkeys((*olds, *news)):
        tag, number = key
        name = tag.rpartition("}")[2]
        place = place_below(pair.place, f"/{name}[{number}]" if tag in many else f"/{name}")
        old, new = olds.get(key), news.get(key)
        if old is not None and new is not None:
            below.append(_Pair(place, old, new))
        else:
            found.append(_difference(place, _shown(old), _shown(new)))
    if not found and list(olds) != list(news):
        found.append(_difference(f"{pair.place}/*", _order(olds), _order(news)))
    return found, below


def _numbered(element: etree._Element) -> dict[tuple[str, int], etree._Element]:
    seen: Counter[str] = Counter()
    numbered = {}
    for child in element:
        tag = _tag(child)
        seen[tag] += 1
        numbered[tag, seen[tag]] = child
    return numbered


def _order(numbered: dict[tuple[str, int], Any]) -> str:
    return shortened(" ".join(tag.rpartition("}")[2] for tag, _ in numbered))


def _tag(element: etree._Element) -> str:
    return element.tag if isinstance(element.tag, str) else f"?{element.target}"


def _local(element: etree._Element) -> str:
    return _tag(element).rpartition("}")[2]


def _shown(element: etree._Element | None) -> str | None:
    if element is None:
        return None
    return shortened(f"<{_local(element)}> {_text(element)}".rstrip())


def _difference(place: str, old: str | None, new: str | None) -> Difference:
    return Difference(
        Part.BODY,
        place,
        None if old is None else shortened(old),
        None if new is None else shortened(new),
    )
