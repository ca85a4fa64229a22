from time import process_time

import pytest

from redirects.patterns import PatternError, Patterns, compile_pattern, expand, sample_captures


@pytest.mark.parametrize(
    ("pattern", "address", "captures"),
    [
        ("/tin-tuc", "/tin-tuc", {}),
        ("/tin-tuc", "/tin-tuc?page=2", {}),
        ("/tin-tuc", "/tin-tuc/a", None),
        ("/tin-tuc/*", "/tin-tuc", {"splat": ""}),
        ("/tin-tuc/*", "/tin-tuc/a/b?x=1", {"splat": "a/b"}),
        ("/tin-tuc/*", "/tin-tuc-cu", None),
        ("/*", "/", {"splat": ""}),
        ("/*", "/a", {"splat": "a"}),
        ("/a*", "/abc", {"splat": "bc"}),
        ("/*/b/*", "/x/y/b/c", {"splat": "x/y", "splat2": "c"}),
        ("/tin/:slug", "/tin/bai-1", {"slug": "bai-1"}),
        ("/tin/:slug", "/tin/a/b", None),
        ("/tin/:slug", "/tin", None),
        ("/news/:slug-:id.html", "/news/bai-hay-58.html", {"slug": "bai-hay", "id": "58"}),
        ("/Tin-T%E1%BB%A9c/", "/tin-tức", {}),
        ("/tin-tức/a(b)", "/tin-tức/a(b)", {}),
        ("/chi-tiet.aspx?ItemID=:id", "/chi-tiet.aspx?itemid=12", {"id": "12"}),
        ("/chi-tiet.aspx?ItemID=:id", "/chi-tiet.aspx", None),
        ("/a?b=:b&a=:a", "/a?a=1&b=2", {"b": "2", "a": "1"}),
        ("/a/*?*", "/a/b?c=d&e=f", {"splat": "b", "splat2": "c=d&e=f"}),
        (r"^/tin/(\d+)-(.*)$", "/tin/12-bai", {"1": "12", "2": "bai"}),
        (r"^/TIN/(?P<id>\d+)", "/tin/12/x", {"id": "12", "1": "12"}),
        (r"^/tin(/x)?$", "/tin", {"1": ""}),
        ("^/tin-tức/", "/tin-tức/a", {}),
    ],
)
def test_a_pattern_takes_this_from_an_address(
    pattern: str, address: str, captures: dict[str, str] | None
) -> None:
    patterns = Patterns([("rule", pattern)])

    if captures is None:
        assert patterns.matching(address) == []
    else:
        assert patterns.matching(address) == [0]
        found = patterns.captures(0, address)
        assert {name: found[name] for name in captures} == captures


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("", "starts with neither"),
        ("tin-tuc", "starts with neither"),
        ("^/(a", "not understood"),
        ("^/a(?=b)", "not understood"),
        ("/:a/:a", "one name twice"),
        ("/" + "a" * 2_000, "longer than"),
    ],
)
def test_a_pattern_that_cannot_be_used_names_its_rule(pattern: str, reason: str) -> None:
    with pytest.raises(PatternError, match=f"rule 'tin cũ'.*{reason}") as caught:
        compile_pattern("tin cũ", pattern)

    assert (caught.value.name, caught.value.pattern[:40]) == ("tin cũ", pattern[:40])


@pytest.mark.parametrize(
    ("target", "expanded"),
    [
        ("/b/:splat", "/b/x y&z"),
        (r"/b/\1/:id", "/b/x y&z/7"),
        ("/tim?q=:splat&id=:id", "/tim?q=x y%26z&id=7"),
        ("https://a.vn:8080/:other", "https://a.vn:8080/:other"),
        (r"/b/\9", r"/b/\9"),
    ],
)
def test_captures_take_their_places_in_a_target(target: str, expanded: str) -> None:
    assert expand(target, {"splat": "x y&z", "1": "x y&z", "id": "7"}) == expanded


def test_every_capture_of_a_pattern_can_be_tried_out() -> None:
    assert sample_captures("r", "/:a/*") == {"1": "x", "2": "x", "a": "x", "splat": "x"}
    assert sample_captures("r", "^/a") == {}


def test_no_patterns_match_nothing() -> None:
    assert Patterns([]).matching("/a") == []
    assert len(Patterns([("a", "/a")])) == 1


def test_the_first_of_many_patterns_is_first() -> None:
    patterns = Patterns((f"rule {i}", f"/muc-{i % 500}/*") for i in range(1_000))

    assert patterns.matching("/muc-7/x") == [7, 507]


def test_a_hostile_pattern_ends() -> None:
    """Python's own `re` would take longer than the world lasts."""
    patterns = Patterns([("hostile", "^/(a+)+$"), ("worse", "^/(.*a){20}$")])

    assert patterns.matching("/" + "a" * 10_000 + "!") == []


def test_five_thousand_patterns_of_the_worst_sort_cost_linear_time() -> None:
    patterns = Patterns((f"rule {n}", f"^/muc-{n}/(a+)+b$") for n in range(5_000))

    def seconds(length: int) -> float:
        began = process_time()
        assert patterns.matching("/muc-4999/" + "a" * length) == []
        return process_time() - began

    seconds(100)  # the automaton is built as it is used
    assert patterns.matching("/muc-4999/aab") == [4_999]
    assert min(seconds(100_000) for _ in range(3)) < 100 * max(
        min(seconds(10_000) for _ in range(3)), 1e-4
    )


def test_patterns_that_need_too_much_memory_together_are_refused_by_name() -> None:
    many = [(f"r{n}", f"^/abc{n}/(a|b)*x{{1,50}}$") for n in range(200)]
    with pytest.raises(PatternError, match=r"'r199'.* and the 200 others need more than 20000"):
        Patterns(many, memory=20_000)
    assert Patterns(many).matching("/abc7/abx") == [7]
