"""Two servers' answers: what a caller would notice is told, what it would not is not."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.comparing.compare import MOST_DIFFERENCES, compare
from gateway.comparing.json_paths import JsonPathError, PathsWalk, read_json_path
from gateway.comparing.reply import Difference, Part, whole_reply
from gateway.comparing.rules import Ignored, Rules, RulesError, read_rules

JSON = (("Content-Type", "application/json"),)
EVIL = b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'
BOMB = b'<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;">]><a x="&c;"/>'


def told(old: bytes, new: bytes, **rules: Any) -> list[tuple[str, str | None, str | None]]:
    found = compare(
        whole_reply(200, JSON, old), whole_reply(200, JSON, new), Ignored(Rules(**rules))
    )
    return [(one.place, one.old, one.new) for one in found]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('{"a": 1, "b": [2]}', '{ "b":[2],"a":1 }'),
        ("1", "1.0"),
        ("100", "1e2"),
        ("0.1", "1E-1"),
        ("-0", "0"),
        ('"đ"', '"\\u0111"'),
        ("12345678901234567890123", "12345678901234567890123.0"),
        ("nhan({})", "/**/nhan( { } );"),
        ("<a x='1' y='2'/>", '<?xml version="1.0"?>\n<a y="2" x="1"></a>'),
        ('<a xmlns="urn:x"><b/></a>', '<p:a xmlns:p="urn:x">\n  <p:b/>\n</p:a>'),
        ("<a><![CDATA[x]]></a>", "<a>x<!-- c --></a>"),
        (
            '<a xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns:s="urn:s" i:type="s:t"/>',
            '<a xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns="" xmlns:z="urn:s" i:type="z:t"/>',
        ),
    ],
)
def test_what_says_the_same_is_the_same(old: str, new: str) -> None:
    assert told(old.encode(), new.encode()) == []


@pytest.mark.parametrize(
    ("old", "new", "place", "before", "after"),
    [
        ('{"a": {"b": 1}}', '{"a": {"b": 2}}', "$.a.b", "1", "2"),
        ('{"a": 1}', "{}", "$.a", "1", None),
        ("{}", '{"a b": []}', "$['a b']", None, "[…] of 0 items"),
        ("[1, 2]", "[1]", "$", "2 items", "1 items"),
        ("[true]", "[1]", "$[0]", "true", "1"),
        ('{"a": null}', '{"a": 0}', "$.a", "null", "0"),
        ('{"a": "1"}', '{"a": 1}', "$.a", '"1"', "1"),
        ("a({})", "b({})", "callback", "a", "b"),
        ("{}", "a({})", "callback", None, "a"),
        ("[0.1]", "[0.10000000000000000001]", "$[0]", "0.1", "0.10000000000000000001"),
        ("<a><b>1</b></a>", "<a><b>2</b></a>", "/a/b", "1", "2"),
        ("<a><b/><b>x</b></a>", "<a><b/></a>", "/a/b[2]", "<b> x", None),
        ("<a><b/><c/></a>", "<a><c/><b/></a>", "/a/*", "b c", "c b"),
        ('<a i="1"/>', "<a/>", "/a/@i", "1", None),
        ('<a xmlns="urn:x"/>', '<a xmlns="urn:y"/>', "/", "{urn:x}a", "{urn:y}a"),
        ("<a>x<b/>y</a>", "<a>x<b/>z</a>", "/a", "x y", "x z"),
        ("<a>x<b/>y</a>", "<a>x y<b/></a>", "/a", "x y", "x y"),
        ("<a>x<b/>y<b/></a>", "<a>x y<b/></a>", "/a/b[2]", "<b>", None),
        ("<a> </a>", "<a/>", "/a", " ", ""),
        ("<a><?p 1?></a>", "<a><?p 2?></a>", "/a/?p", "1", "2"),
    ],
)
def test_a_difference_names_its_place(
    old: str, new: str, place: str, before: str | None, after: str | None
) -> None:
    assert told(old.encode(), new.encode()) == [(place, before, after)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"{broken", b"{broken!"),
        (b'{"a": 1, "a": 2}', b'{"a": 2}'),
        (b"[NaN]", b"[ NaN ]"),
        (b"[" * 100_000, b"[" * 100_001),
        (b"<a>", b"<b>"),
        (EVIL, EVIL + b" "),
        (BOMB, BOMB + b" "),
        (
            b'<?xml version="1.0" encoding="utf-7"?><a/>',
            b'<?xml version="1.0" encoding="utf-7"?><b/>',
        ),
        (b"<!DOCTYPE a SYSTEM 'x.dtd'><a>&nbsp;</a>", b"<!DOCTYPE a SYSTEM 'x.dtd'><a>&nbsp; </a>"),
        (b"\xff\xfe", b"\xff\xfd"),
        (b"plain", b"plain "),
    ],
)
def test_what_cannot_be_read_safely_is_compared_by_its_bytes(old: bytes, new: bytes) -> None:
    [(place, before, after)] = told(old, new)
    assert place == "bytes"
    assert before is not None
    assert after is not None
    assert before.startswith(f"{len(old)} bytes, at ")
    assert after.startswith(f"{len(new)} bytes, at ")
    assert "root:" not in before


@pytest.mark.parametrize(
    ("rules", "old", "new"),
    [
        ({"json_paths": ("$.time",)}, '{"time": 1}', '{"time": {"x": 2}}'),
        ({"json_paths": ("$.time",)}, '{"time": 1}', "{}"),
        ({"json_paths": ("$..id",)}, '[{"id": 1, "b": [{"id": 2}]}]', '[{"b": [{"id": 3}]}]'),
        ({"json_paths": ("$.rows[*].at",)}, '{"rows": [{"at": 1}]}', '{"rows": [{"at": 2}]}'),
        ({"json_paths": ("$[1]",)}, "[1, 2]", "[1, 3]"),
        (
            {"json_unordered": ("$.a",)},
            '{"a": [1, [2, 3], {"b": 4}]}',
            '{"a": [{"b": 4.0}, 1, [2, 3]]}',
        ),
        ({"json_unordered": ("$..x",)}, '{"x": [{"x": [1, 2]}, 3]}', '{"x": [3, {"x": [2, 1]}]}'),
        (
            {"json_unordered": ("$.a",), "json_paths": ("$.a[*].t", "$.a[*].u[0]")},
            '{"a": [{"t": 1, "n": 1}, {"t": 2, "n": 2, "u": [1]}]}',
            '{"a": [{"t": 3, "n": 2, "u": [2]}, {"n": 1}]}',
        ),
        ({"json_paths": ("$['a.b'].*",)}, '{"a.b": {"x": 1}}', '{"a.b": {"y": 1}}'),
        ({"xpath": ("//at",)}, "<a><at>1</at>x</a>", "<a>x<at>2</at></a>"),
        ({"xpath": ("//at",)}, "<a>x<b/><at>1</at>y</a>", "<a>x<b/>y</a>"),
        ({"xpath": ("//@id",)}, '<a id="1"/>', "<a/>"),
        ({"xpath": ("/a/text()",)}, "<a>1</a>", "<a>2</a>"),
        ({"xpath": ("/a/b/following-sibling::text()",)}, "<a><b/>1</a>", "<a><b/>2</a>"),
        ({"xpath": ("/a",)}, "<a>1</a>", "<a>2</a>"),
        (
            {"xpath": ("//t:x",), "namespaces": {"t": "urn:x"}},
            '<a><x xmlns="urn:x">1</x></a>',
            '<a><x xmlns="urn:x">2</x></a>',
        ),
        ({"text": (r"lúc \d+:\d+",)}, "Cập nhật lúc 10:15.", "Cập nhật lúc 9:07."),
    ],
)
def test_an_ignored_place_may_say_anything(rules: dict[str, Any], old: str, new: str) -> None:
    assert told(old.encode(), new.encode(), **rules) == []
    assert told(old.encode(), new.encode()) != []


def test_a_number_that_nobody_calls_json_is_text() -> None:
    found = compare(whole_reply(200, (), b"1"), whole_reply(200, (), b"1.0"), Ignored())
    assert [one.place for one in found] == ["bytes"]
    same = compare(whole_reply(200, (), b" [1]"), whole_reply(200, (), b"[1.0]"), Ignored())
    assert same == ()


def test_of_a_list_without_order_only_what_has_no_partner_is_told() -> None:
    old, new = b'[{"n": 1}, {"n": 2}, {"n": 3}]', b'[{"n": 3}, {"n": 5}, {"n": 1}]'
    assert told(old, new) != []
    assert told(old, new, json_unordered=("$.x",)) == told(old, new)
    old, new = b'{"x": [1, 2, 2, 3]}', b'{"x": [3, 2, 1, 9, 8]}'
    assert told(old, new, json_unordered=("$.x",)) == [
        ("$.x", "4 items", "5 items"),
        ("$.x[2]", "2", "9"),
    ]
    assert told(b"[true]", b"[1]", json_unordered=("$[0]",)) == [("$[0]", "true", "1")]


def test_ignoring_one_place_hides_no_other() -> None:
    found = told(b'{"a": {"t": 1}, "t": 1}', b'{"a": {"t": 2}, "t": 2}', json_paths=("$.a.t",))
    assert [place for place, _, _ in found] == ["$.t"]


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("Date", "Mon, 01 Jan 2024 00:00:00 GMT", "Tue, 02 Jan 2024 00:00:00 GMT"),
        ("Server", "Microsoft-IIS/6.0", "nginx"),
        ("ETag", '"a"', 'W/"b"'),
        ("Content-Type", "application/json; charset=utf-8", 'application/JSON;charset="UTF-8"'),
        ("Vary", "Origin, Accept", "accept,origin"),
        ("Set-Cookie", "SID=1; Path=/; Max-Age=60", "SID=2; path=/; Max-Age=61"),
        ("Location", "http://old.test:81/moi", "http://new.test/moi"),
        ("WWW-Authenticate", 'Digest realm="a", nonce="1"', 'Digest realm="a", nonce="2"'),
        ("Content-Length", "10", "11"),
    ],
)
def test_headers_may_differ_where_no_caller_can_tell(name: str, old: str, new: str) -> None:
    before = whole_reply(200, ((name, old),), b"", "http://old.test:81")
    after = whole_reply(200, ((name, new),), b"", "http://new.test")
    assert compare(before, after, Ignored()) == ()


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("Content-Type", "text/xml; charset=utf-8", "text/xml"),
        ("Set-Cookie", "SID=1; HttpOnly", "SID=1"),
        ("Set-Cookie", "SID=1; Path=/a", "SID=1; Path=/A"),
        ("Location", "http://old.test:81/moi", "http://new.test/khac"),
        ("Cache-Control", "no-store", "max-age=60"),
        ("Access-Control-Allow-Origin", "*", "http://a.test"),
        ("X-Total", "1", "2"),
    ],
)
def test_headers_that_callers_act_on_are_told(name: str, old: str, new: str) -> None:
    before = whole_reply(200, ((name, old),), b"", "http://old.test:81")
    after = whole_reply(200, ((name, new),), b"", "http://new.test")
    shown = (text.replace("SID=1", "SID=…") for text in (old, new))
    assert compare(before, after, Ignored()) == (Difference(Part.HEADER, name.lower(), *shown),)


def test_a_header_on_one_side_is_told_unless_it_is_ignored() -> None:
    before, after = whole_reply(200, (("X-A", "1"),), b""), whole_reply(200, (), b"")
    assert [one.new for one in compare(before, after, Ignored())] == [None]
    assert compare(before, after, Ignored(Rules(headers=("x-a",)))) == ()


def test_a_header_whose_value_is_ignored_must_still_be_there() -> None:
    ignored = Ignored(Rules(header_values=("X-A",)))
    one, other = (whole_reply(200, (("X-A", value),), b"") for value in "12")
    assert compare(one, other, ignored) == ()
    assert compare(one, whole_reply(200, (), b""), ignored) != ()


def test_head_is_told_the_length_it_would_get() -> None:
    one, other = (whole_reply(200, (("content-length", value),), b"") for value in "12")
    assert [each.place for each in compare(one, other, Ignored(), method="HEAD")] == [
        "content-length"
    ]


def test_where_the_status_differs_that_alone_is_told() -> None:
    found = compare(whole_reply(200, JSON, b"{}"), whole_reply(500, (), b"oops"), Ignored())
    assert found == (Difference(Part.STATUS, "status", "200", "500"),)


def test_a_list_that_differs_everywhere_is_told_shortly() -> None:
    old, new = json.dumps([0] * 1000).encode(), json.dumps([1] * 1000).encode()
    assert len(told(old, new)) == MOST_DIFFERENCES


def test_a_place_is_never_as_long_as_a_name_in_a_body() -> None:
    name = "a" * 200_000
    old, new = (json.dumps({name: [1] * 2_000 + [last]}).encode() for last in (1, 2))
    assert told(old, new) == [("$…[2000]", "1", "2")]
    assert max(len(place) for place, _, _ in told(b'{"%s": 1}' % name.encode(), b"{}")) < 200
    deep = "a" * 150
    old, new = (f"<a><{deep}><{deep}>{text}</{deep}></{deep}></a>".encode() for text in "12")
    assert told(old, new) == [(f"/a/{deep}…", "1", "2")]


def test_a_processing_instruction_has_a_name() -> None:
    assert told(b"<a><?in mau?></a>", b"<a/>") == [("/a/?in", "<?in> mau", None)]


def test_a_rule_that_turns_out_to_be_unusable_is_named() -> None:
    with pytest.raises(RulesError, match=r"//b\[khong\(\)\].*Unregistered function"):
        told(b"<a><b>1</b></a>", b"<a><b>2</b></a>", xpath=("//b[khong()]",))


@pytest.mark.parametrize(
    "text", ["", "a", "$", "$.", "$.a.", "$[", "$[-1]", "$[?@.a]", "$.a b", "x.a"]
)
def test_what_is_no_json_path_is_refused(text: str) -> None:
    with pytest.raises(JsonPathError):
        read_json_path(text)


@pytest.mark.parametrize(
    ("text", "culprit"),
    [
        ("headers = 1", "headers"),
        ("header = []", "header"),
        ('json = ["a"]', "'a'"),
        ('xpath = ["//["]', "'//['"),
        ('xpath = ["//khong:Co"]', "Undefined namespace prefix"),
        ('xpath = ["//a"]\n[namespaces]\n"" = "urn:x"', "empty namespace prefix"),
        ('text = ["("]', "'('"),
        ("not toml", "cannot be read"),
    ],
)
def test_rules_that_cannot_be_used_name_their_culprit(
    tmp_path: Path, text: str, culprit: str
) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(text)
    with pytest.raises(RulesError, match=r"rules\.toml") as caught:
        read_rules(path)
    assert culprit in str(caught.value)


def test_a_missing_file_of_rules_is_named(tmp_path: Path) -> None:
    with pytest.raises(RulesError, match="nowhere"):
        read_rules(tmp_path / "nowhere.toml")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.decimals(-9, 9, places=2),
    lambda below: (
        st.lists(below, max_size=4) | st.dictionaries(st.text(max_size=4), below, max_size=4)
    ),
    max_leaves=20,
)


def written(value: Any, *, turned: bool) -> str:
    """Write JSON; `turned` in another layout, members in the other order, numbers longer."""
    match value:
        case dict():
            pairs = reversed(value.items()) if turned else value.items()
            members = [f"{json.dumps(k)}: {written(v, turned=turned)}" for k, v in pairs]
            return "{" + ", ".join(members) + "}"
        case list():
            return "[" + ",\n".join(written(each, turned=turned) for each in value) + "]"
        case bool() | None | str():
            return json.dumps(value, ensure_ascii=turned)
        case _:
            return f"{Decimal(value)}" + ("e0" if turned else "")


@given(VALUES)
def test_layout_never_makes_a_difference(value: Any) -> None:
    assert told(written(value, turned=False).encode(), written(value, turned=True).encode()) == []


@given(VALUES, VALUES)
def test_comparing_is_the_same_from_both_sides(one: Any, other: Any) -> None:
    first, second = (written(each, turned=False).encode() for each in (one, other))
    there, back = told(first, second), told(second, first)
    assert {(place, new, old) for place, old, new in there} == set(back)


STEPS = st.lists(st.sampled_from(["a", "b", 0, 1]), max_size=6)


@given(STEPS, STEPS)
def test_a_path_leads_to_its_place_and_no_other(
    one: list[str | int], other: list[str | int]
) -> None:
    if not one:
        return
    text = "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in one)
    walk = PathsWalk((read_json_path(text),))
    states = walk.start
    for step in other:
        states = walk.step(states, step)
    assert walk.is_at_end(states) == (one == other)


ELEMENTS = st.recursive(
    st.tuples(
        st.sampled_from("abc"),
        st.dictionaries(st.sampled_from("xyz"), st.sampled_from("12")),
        st.just([]),
    ),
    lambda below: st.tuples(
        st.sampled_from("abc"),
        st.dictionaries(st.sampled_from("xyz"), st.sampled_from("12")),
        st.lists(below, min_size=1, max_size=3),
    ),
    max_leaves=10,
)


def as_xml(element: Any, *, turned: bool) -> str:
    name, attributes, children = element
    pairs = reversed(attributes.items()) if turned else attributes.items()
    written = "".join(f' {key}="{value}"' for key, value in pairs)
    prefix, space = ("p:", ' xmlns:p="urn:n"') if turned else ("", ' xmlns="urn:n"')
    inside = ("\n  " if turned and children else "").join(
        ["", *(as_xml(child, turned=turned) for child in children)]
    )
    return f"<{prefix}{name}{space}{written}>{inside}</{prefix}{name}>"


@given(ELEMENTS)
def test_prefixes_and_layout_never_make_a_difference(element: Any) -> None:
    assert told(as_xml(element, turned=False).encode(), as_xml(element, turned=True).encode()) == []


@given(ELEMENTS, ELEMENTS)
def test_different_elements_are_always_told(one: Any, other: Any) -> None:
    found = told(as_xml(one, turned=False).encode(), as_xml(other, turned=False).encode())
    assert bool(found) == (one != other)
