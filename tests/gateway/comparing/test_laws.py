"""Laws of comparing: no answer breaks it, nothing differs from itself, both sides see the same."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.comparing.compare import compare
from gateway.comparing.headers import _READERS
from gateway.comparing.json_paths import JsonPathError, read_json_path
from gateway.comparing.reply import Difference, Reply, whole_reply
from gateway.comparing.rules import Ignored, Rules

RULES = Ignored(
    Rules(
        headers=("x-a",),
        json_paths=("$..a", "$[0]"),
        json_unordered=("$..b",),
        xpath=("//a", "//@b", "//text()[1]", "count(//a)", "/a/b/following-sibling::text()"),
        text=("[ab]+",),
    )
)
NAMES = st.sampled_from([*_READERS, "etag", "x-a", "x-b", "content-length", "server"])
HEADERS = st.lists(st.tuples(NAMES, st.text("abAB;=, \"/:%'1", max_size=12)), max_size=4).map(tuple)
BODIES = st.one_of(
    st.binary(max_size=40),
    st.text('{}[]":,0123e.-truefalsn \\u', max_size=40).map(str.encode),
    st.text("<>/ab=\"' !?-[]&;:xmlns", max_size=60).map(str.encode),
    st.text("nhan(){};* /1", max_size=20).map(str.encode),
    st.lists(
        st.sampled_from(["<a>", "</a>", "<b/>", "<a b='1'>", "x", " ", "<?p?>", "<!--c-->"])
    ).map(lambda pieces: f"<r>{''.join(pieces)}</r>".encode()),
)
REPLIES = st.builds(whole_reply, st.sampled_from([200, 404]), HEADERS, BODIES)


def turned(found: tuple[Difference, ...]) -> set[Difference]:
    return {Difference(one.part, one.place, one.new, one.old) for one in found}


@given(REPLIES)
def test_nothing_differs_from_itself(reply: Reply) -> None:
    again = whole_reply(reply.status, reply.headers, reply.body)
    assert compare(reply, again, Ignored()) == ()
    assert compare(reply, again, RULES, method="HEAD") == ()


@given(REPLIES, REPLIES)
def test_both_sides_see_the_same_differences(one: Reply, other: Reply) -> None:
    assert set(compare(one, other, Ignored())) == turned(compare(other, one, Ignored()))


@given(REPLIES, REPLIES)
def test_ignore_rules_find_nothing_new(one: Reply, other: Reply) -> None:
    """What is cut out may move its neighbours, but makes no difference where there was none."""
    if not compare(one, other, Ignored()):
        assert compare(one, other, RULES) == ()


@given(st.text("$.[]*'\"ab01- ", max_size=20))
def test_any_text_is_a_json_path_or_refused(text: str) -> None:
    with contextlib.suppress(JsonPathError):
        assert read_json_path(f"${text}")


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 50_000 + b"]" * 50_000,
        b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
        b'{"b": [' + b"[" * 900 + b"1" + b"]" * 900 + b"]}",
        b"<a>" * 50_000 + b"</a>" * 50_000,
        b"<r " + b" ".join(b"b%d='1'" % n for n in range(20_000)) + b"/>",
        b"<r>" + b"<b/>" * 20_000 + b"</r>",
        b"[" + b",".join([b"1"] * 100_000) + b"]",
        b"[1e999999999, -1e-999999999, " + b"9" * 100_000 + b"]",
        b"(" * 100_000 + b")" * 100_000,
        b"a(" + b" " * 100_000 + b");" + b" " * 100_000 + b";",
        b"<?xml" + b" " * 100_000 + b"encoding=",
    ],
    ids=[
        "lists",
        "members",
        "nested",
        "elements",
        "attributes",
        "children",
        "items",
        "numbers",
        "brackets",
        "blanks",
        "declaration",
    ],
)
def test_hostile_bodies_are_compared_in_passing(body: bytes) -> None:
    changed = body.replace(b"1", b"2", 1) + b" "
    compare(whole_reply(200, (), body), whole_reply(200, (), changed), RULES)
