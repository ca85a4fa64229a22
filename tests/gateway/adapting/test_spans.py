"""Where codes stand in queries, JSON and XML, and that nothing else of a message is touched."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue.units.register import Level
from gateway.adapting.bodies import Kind, spans_in
from gateway.adapting.json_spans import spans_in_json
from gateway.adapting.places import (
    EACH,
    JsonPlace,
    NamePlace,
    Step,
    XmlPlace,
    in_json,
    in_xml,
    names_in,
    read_place,
    read_places,
)
from gateway.adapting.spans import Span, replaced, spans_in_query
from gateway.adapting.xml_spans import spans_in_xml

ATTACKS = Path(__file__).resolve().parents[4] / "shared" / "data" / "security" / "xxe.json"


def marked(raw: bytes, _span: Span) -> bytes:
    return b"<" + raw + b">"


def seen(body: str, kind: Kind, *places: str) -> str:
    data = body.encode()
    return replaced(data, spans_in(data, kind, read_places(places)), marked).decode()


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("maTinh", NamePlace("maTinh")),
        ("ma-tinh tinh", NamePlace("ma-tinh", Level.PROVINCE)),
        ("$.a[*].b", JsonPlace((Step("a"), Step(EACH), Step("b")))),
        ("$..ma xa", JsonPlace((Step("ma", anywhere=True),), Level.COMMUNE)),
        ("$['Mã số'].x".replace("Mã số", "Mã_số"), JsonPlace((Step("Mã_số"), Step("x")))),
        ("/a/b", XmlPlace(("a", "b"), from_root=True)),
        ("//b/@ma huyen", XmlPlace(("b",), False, "ma", Level.DISTRICT)),
    ],
)
def test_a_place_is_read_as_it_is_written(text: str, place: Any) -> None:
    assert read_place(text) == place


@pytest.mark.parametrize(
    "text",
    ["", "$", "$.", "$a", "$.a[0]", "/", "//", "a b", "a=b", "1", "//a/@", "$.a thon", "//a//b"],
)
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"place|level|name"):
        read_place(text)


def test_each_body_is_asked_for_the_places_it_can_have() -> None:
    places = read_places(["a tinh", "$.b", "//c"])
    assert in_json(places) == (JsonPlace((Step("a"),), Level.PROVINCE), JsonPlace((Step("b"),)))
    assert in_xml(places) == (XmlPlace(("c",), from_root=False),)
    assert names_in(places) == (NamePlace("a", Level.PROVINCE),)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("ma=24&x=24", "ma=<24>&x=24"),
        ("x=1&ma=24,15;30", "x=1&ma=<24>,<15>;<30>"),
        ("ma=24%2C15", "ma=<24>%2C<15>"),
        ("m%61=24&&ma=15&", "m%61=<24>&&ma=<15>&"),
        ("MA=24&ma", "MA=24&ma"),
        ("", ""),
    ],
)
def test_parameters_are_found_in_a_query(query: str, found: str) -> None:
    data = query.encode()
    spans = spans_in_query(data, (NamePlace("ma"),))
    assert replaced(data, spans, marked).decode() == found
    assert seen(query, Kind.FORM, "ma") == found


@pytest.mark.parametrize(
    ("body", "places", "found"),
    [
        ('{"ma": "24"}', ["ma"], '{"ma": "<24>"}'),
        ('\ufeff { "a" : [ {"ma":"24"} , {"ma":15.0} ]}', ["$.a[*].ma"], None),
        ('{"a":{"b":[{"ma":"1"}],"ma":"2"}}', ["$..ma"], '{"a":{"b":[{"ma":"<1>"}],"ma":"<2>"}}'),
        ('{"a":{"ma":"1"},"ma":"2"}', ["$.ma"], '{"a":{"ma":"1"},"ma":"<2>"}'),
        ('{"Mã":"1","M\\u00e3":"2"}', ["$.Mã"], '{"Mã":"<1>","M\\u00e3":"<2>"}'),
        ('[["1","2"],["3"]]', ["$[*][*]"], '[["<1>","<2>"],["<3>"]]'),
        ('["1",{"a":[]},{"a":["2"]}]', ["$[*].a[*]"], '["1",{"a":[]},{"a":["<2>"]}]'),
        ('cb({"ma":"24"});', ["ma"], 'cb({"ma":"<24>"});'),
        ('/**/ a.b[0]( {"ma":"24"} )', ["ma"], '/**/ a.b[0]( {"ma":"<24>"} )'),
        ('{"ma":null,"mb":true}', ["ma", "mb"], '{"ma":null,"mb":true}'),
        ('{"ma":-5,"mb":{}}', ["ma", "mb"], '{"ma":-5,"mb":{}}'),
        ('"24"', ["ma"], '"24"'),
        ("{}", ["$..ma"], "{}"),
    ],
)
def test_values_are_found_in_json_and_the_rest_stays(
    body: str, places: list[str], found: str | None
) -> None:
    expected = body.replace('"24"', '"<24>"').replace("15.0", "<15.0>")
    assert seen(body, Kind.JSON, *places) == (expected if found is None else found)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        '{"a":1',
        "x",
        "{'a':1}",
        '{"a":"\\x"}',
        "cb(",
        "cb({)",
        "[" * 900,
        '{"a":1} x',
        "\xff",
    ],
)
def test_what_is_no_json_is_told(body: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - json's own words
        spans_in_json(body.encode("latin-1"), in_json(read_places(["a", "$..a"])))
    with pytest.raises(ValueError):  # noqa: PT011 - json's own words
        spans_in_json('{"a":"1"}'.encode("utf-16"), in_json(read_places(["a"])))


def test_deep_json_ends_with_a_word_and_not_with_the_stack() -> None:
    deep = b'{"a":' * 300 + b"1" + b"}" * 300
    with pytest.raises(ValueError, match="nested too deeply"):
        spans_in_json(deep, in_json(read_places(["$..a"])))
    assert spans_in_json(deep, in_json(read_places(["$.b"]))) == []


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda below: (
        st.lists(below, max_size=4)
        | st.dictionaries(st.sampled_from(["ma", "Mã", "x"]), below, max_size=3)
    ),
    max_leaves=20,
)


@given(VALUES, st.booleans())
def test_every_member_of_a_name_is_found_and_no_other_byte_changes(
    value: Any,
    escaped: bool,  # noqa: FBT001 - hypothesis gives it
) -> None:
    data = json.dumps(value, ensure_ascii=escaped, indent=1).encode()
    spans = spans_in_json(data, in_json(read_places(["$..Mã"])))
    assert replaced(data, spans, lambda raw, _span: raw) == data
    found = [data[span.start : span.end] for span in spans]
    wanted: list[Any] = []

    def gather(one: Any) -> None:
        if isinstance(one, dict):
            for name, below in one.items():
                if name == "Mã" and isinstance(below, str | int | float):
                    wanted.append(below)
                gather(below)
        elif isinstance(one, list):
            for below in one:
                gather(below)

    gather(value)
    texts = [one for one in wanted if isinstance(one, str)]
    read = [
        json.loads(b'"' + raw + b'"')
        for raw, span in zip(found, spans, strict=True)
        if not span.is_bare
    ]
    assert read == texts


@pytest.mark.parametrize(
    ("body", "places", "found"),
    [
        ("<a><Ma>24</Ma></a>", ["//Ma"], "<a><Ma><24></Ma></a>"),
        ("<a><Ma> 24\n</Ma><Ma/></a>", ["//Ma"], "<a><Ma> <24>\n</Ma><Ma/></a>"),
        (
            "<s:a xmlns:s='u'><s:Ma>24</s:Ma></s:a>",
            ["/a/Ma"],
            "<s:a xmlns:s='u'><s:Ma><24></s:Ma></s:a>",
        ),
        ("<a><b><Ma>1</Ma></b><Ma>2</Ma></a>", ["/a/Ma"], "<a><b><Ma>1</Ma></b><Ma><2></Ma></a>"),
        ("<a><b><Ma>1</Ma></b><Ma>2</Ma></a>", ["//b/Ma"], "<a><b><Ma><1></Ma></b><Ma>2</Ma></a>"),
        ("<Xa\n x='>' ma = '24' s:ma=\"15\"/>", ["//Xa/@ma"], None),
        ("<Xa ma='24'><ma>15</ma></Xa>", ["//Xa/@ma"], "<Xa ma='<24>'><ma>15</ma></Xa>"),
        ("<a><Ma>2<!-- x -->4</Ma></a>", ["//Ma"], "<a><Ma><2<!-->|<x>|<-->4></Ma></a>"),
        ("<a>24</a>", ["//b", "/b", "/a/b"], "<a>24</a>"),
    ],
)
def test_values_are_found_in_xml_and_the_rest_stays(
    body: str, places: list[str], found: str | None
) -> None:
    if found is None:
        body, found = body.replace("s:", "s"), "<Xa\n x='>' ma = '<24>' sma=\"15\"/>"
    assert seen(body, Kind.XML, *places) == found.replace("|", " ")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<a>",
        "<a></b>",
        "x",
        "<!DOCTYPE a><a/>",
        '<!DOCTYPE a [<!ENTITY x "24">]><a><Ma>&x;</Ma></a>',
        "<a>&x;</a>",
    ],
)
def test_what_is_no_xml_or_has_a_doctype_is_told(body: str) -> None:
    with pytest.raises(ValueError, match=r"well-formed|document type"):
        spans_in_xml(body.encode(), in_xml(read_places(["//Ma"])))


@pytest.mark.skipif(not ATTACKS.exists(), reason="needs the shared attack data")
def test_published_attacks_open_nothing() -> None:
    places = in_xml(read_places(["//Ma", "//a/@b"]))
    for attack in json.loads(ATTACKS.read_text(encoding="utf-8")):
        text = attack if isinstance(attack, str) else json.dumps(attack)
        if "<!DOCTYPE" in text:
            body = text[text.index("<") :].encode()
            with pytest.raises(ValueError, match=r"well-formed|document type"):
                spans_in_xml(body, places)


def test_a_body_of_blanks_takes_no_longer_than_any_other() -> None:
    body = " " * 1_000_000 + '{"ma": "30"}'
    started = time.process_time()
    assert seen(body, Kind.JSON, "ma") == " " * 1_000_000 + '{"ma": "<30>"}'
    assert time.process_time() - started < 1
