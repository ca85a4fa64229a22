"""What an import would do: rows judged by each other, and by what stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from catalogue.intake import Judgement, Row, Verdict, judge, part_by_case
from catalogue.mappings import MappingSource, MappingState, StoredMapping
from redirects.mapping import CanonicalUrl, Mapping, MappingKind
from redirects.rule import Rule
from tests.catalogue.worlds import NOW, a_mapping


def row(line: int, path: str, target: str) -> Row:
    return Row("a.csv", line, "haiduong", a_mapping(path, target))


def stored(
    path: str, target: str, state: MappingState = "active", source: MappingSource = "editor"
) -> StoredMapping:
    return StoredMapping(1, "haiduong", a_mapping(path, target), state, source, None, NOW)


def judged(
    rows: Iterable[Row], standing: Iterable[StoredMapping] = (), *, overwrite: bool = False
) -> Judgement:
    known: dict[CanonicalUrl, StoredMapping] = {one.mapping.key: one for one in standing}
    return judge(rows, [], standing=known, standing_rules=[], overwrite=overwrite)


def test_of_two_rows_that_disagree_the_first_stands_and_the_second_is_named() -> None:
    found = judged([row(2, "/a", "/x"), row(3, "/a", "/y"), row(4, "/a", "/x")], overwrite=True)

    assert found.counts == {Verdict.NEW: 1, Verdict.CONFLICT: 1, Verdict.SAME: 1}
    assert [mapping.target for _, mapping in found.taken] == ["/x"]
    (conflict,) = found.conflicts
    assert conflict.earlier is not None
    assert (conflict.row.line, conflict.earlier.line, conflict.taken) == (3, 2, False)


def test_what_an_editor_decided_is_kept_unless_it_is_to_be_overwritten() -> None:
    for source in ("editor", "crawl"):
        for overwrite in (False, True):
            standing = [stored("/a", "/x", source=source)]  # type: ignore[arg-type]  # both are sources
            found = judged([row(2, "/a", "/y")], standing, overwrite=overwrite)
            assert found.counts == {Verdict.CONFLICT: 1}
            assert [one.taken for one in found.conflicts] == [overwrite]
            assert len(found.taken) == overwrite


def test_what_nobody_decided_is_replaced() -> None:
    standing = [
        stored("/a", "/x", source="import"),
        stored("/b", "/x", state="suggested", source="crawl"),
        stored("/c", "/x", state="refused", source="crawl"),
    ]
    found = judged([row(1, "/a", "/y"), row(2, "/b", "/x"), row(3, "/c", "/y")], standing)

    assert (found.counts, found.conflicts) == ({Verdict.CHANGED: 3}, [])
    assert len(found.taken) == 3


def test_what_stands_already_is_not_written_again_however_it_is_spelled() -> None:
    same = row(1, "/a", "/x")
    spelled = replace(same, mapping=replace(same.mapping, raw="http://haiduong.gov.vn/A/"))

    found = judged([spelled], [stored("/a", "/x")])

    assert (found.counts, found.taken) == ({Verdict.SAME: 1}, [])


def test_rules_of_one_name_are_judged_the_same_way() -> None:
    stands = [Rule("/x/*", "haiduong", "/x/*", target="/y"), Rule("/z", "haiduong", "/z")]
    rules = [
        Rule("/x/*", "haiduong", "/x/*", target="/w", order=3),
        Rule("/z", "haiduong", "/z", order=4),
        Rule("/x/*", "haiphong", "/x/*", target="/w"),
        Rule("/x/*", "haiphong", "/x/*", MappingKind.TEMPORARY, target="/w"),
    ]

    def judged_rules(*, overwrite: bool) -> Judgement:
        return judge([], rules, standing={}, standing_rules=stands, overwrite=overwrite)

    kept, taken = judged_rules(overwrite=False), judged_rules(overwrite=True)

    assert kept.rule_counts == {Verdict.CONFLICT: 2, Verdict.SAME: 1, Verdict.NEW: 1}
    assert [(rule.site, rule.target) for rule in kept.rules] == [("haiphong", "/w")]
    assert [(rule.site, rule.kind.value) for rule in taken.rules] == [
        ("haiduong", "moved"),
        ("haiphong", "moved"),
    ]
    assert [one.taken for one in taken.rule_conflicts] == [True, False]


def test_a_mapping_is_compared_whole() -> None:
    gone = Mapping(a_mapping("/a", "/x").key, "/a", MappingKind.GONE, reason="Đã gỡ")
    rows = [Row("a", 1, "haiduong", gone), Row("a", 2, "haiduong", replace(gone, reason=None))]

    assert judged(rows).counts == {Verdict.NEW: 1, Verdict.CONFLICT: 1}


def in_case(line: int, path: str, target: str) -> Row:
    mapping = replace(a_mapping(path.lower(), target), raw=f"http://haiduong.gov.vn{path}")
    return Row("a.csv", line, "haiduong", mapping)


def parted(rows: list[Row], standing: Iterable[StoredMapping] = ()) -> list[str]:
    known = {one.mapping.key: one for one in standing}
    found = part_by_case(rows, known, lambda raw: CanonicalUrl(raw.removeprefix("http://")))
    return [one.mapping.key.removeprefix("haiduong.gov.vn") for one in found]


def test_rows_that_differ_in_case_and_in_where_they_lead_are_two_addresses() -> None:
    assert parted([in_case(2, "/Tin", "/x"), in_case(3, "/TIN", "/y")]) == ["/tin", "/TIN"]
    assert parted([in_case(2, "/TIN", "/y"), in_case(3, "/tin", "/x")]) == ["/TIN", "/tin"]
    assert parted([in_case(2, "/Tin", "/x"), in_case(3, "/TIN", "/x")]) == ["/tin", "/tin"]
    assert parted([in_case(2, "/Tin", "/x"), in_case(3, "/Tin", "/y")]) == ["/tin", "/tin"]
    standing = replace(stored("/tin", "/x"), mapping=in_case(1, "/tin", "/x").mapping)
    assert parted([in_case(2, "/TIN", "/y")], [standing]) == ["/TIN"]
