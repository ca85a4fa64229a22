"""Rules in the console: judged field by field, kept, switched off, deleted, and taken back."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest
from starlette.testclient import TestClient

from catalogue.rules import Rules
from gateway.console.rule_form import RuleDraft, draft_of, judge_rule
from gateway.publishing import ground_of
from redirects.mapping import MappingKind
from redirects.rule import Example, Rule
from redirects.sites import Sites
from tests.gateway.console.office import Office

GOOD = RuleDraft(name="tin-cu", site="haiduong", pattern="/tin/:id.aspx", target="/tai-lieu/:id")
FORM = {
    "ten": "tin-cu", "cong": "haiduong", "mau": "/tin/:id.aspx", "loai": "moved",
    "dich": "/tai-lieu/:id", "cho": "pattern", "thu-tu": "10", "dung": "1", "truy-van": "pass",
    "them": "nguon=cu", "tu": "2025-07-01", "phu-trach": "Văn phòng",
    "vi-du": "/tin/5.aspx -> /tai-lieu/5?nguon=cu\n/x -> -",
}  # fmt: skip


def rules(office: Office) -> list[Rule]:
    with office.database.reading() as connection:
        return Rules(connection).all()


@pytest.mark.parametrize(
    ("draft", "fields"),
    [
        (GOOD, set()),
        (replace(GOOD, name=""), {"ten"}),
        (replace(GOOD, name="x" * 65), {"ten"}),
        (replace(GOOD, site="la"), {"cong"}),
        (replace(GOOD, pattern="tin"), {"mau"}),
        (replace(GOOD, pattern="^/(a"), {"mau"}),
        (replace(GOOD, target="https://ke-xau.example/:id"), {"dich"}),
        (replace(GOOD, target="//ke-xau.example"), {"dich"}),
        (replace(GOOD, target="same:/khac/:id"), set()),
        (replace(GOOD, target="same:khac"), {"dich"}),
        (replace(GOOD, order="-1"), {"thu-tu"}),
        (replace(GOOD, valid_from="2025-02-30", valid_until="x", review_on="?"), {"tu", "den", "xem-lai"}),
        (replace(GOOD, kind=MappingKind.GONE), {"ly-do"}),
        (replace(GOOD, kind=MappingKind.KEEP), {"loai"}),
        (replace(GOOD, examples="/tin/5.aspx -> /khac"), {"vi-du"}),
        (replace(GOOD, examples="/a -> -\n" * 51), {"vi-du"}),
    ],
)  # fmt: skip
def test_a_rule_is_judged_field_by_field(
    office: Office, draft: RuleDraft, fields: set[str]
) -> None:
    sites = Sites(office.settings.sites())
    judgement = judge_rule(draft, sites, ground_of(office.settings).portal)
    assert set(judgement.problems) == fields
    assert (judgement.rule is None) == bool(fields)


def test_a_rule_is_written_in_its_form_as_it_is(office: Office) -> None:
    rule = Rule(
        "tin", "haiduong", "/tin/*", target="/x", owner="VP", query="pass", add="a=1",
        valid_from=date(2025, 7, 1), is_enabled=False, examples=(Example("/tin", "/x?a=1"),),
    )  # fmt: skip
    sites = Sites(office.settings.sites())
    assert judge_rule(draft_of(rule), sites, ground_of(office.settings).portal).rule == rule


def test_a_rule_is_kept_changed_deleted_and_each_can_be_taken_back(
    office: Office, client: TestClient
) -> None:
    saved = client.post("/quy-tac/sua", data=FORM, follow_redirects=False)
    assert saved.status_code == 303
    (kept,) = rules(office)
    assert (kept.query, kept.add, kept.owner) == ("pass", "nguon=cu", "Văn phòng")
    assert kept.valid_from == date(2025, 7, 1)
    page = client.get(saved.headers["location"]).text
    assert "/tin/:id.aspx" in page
    assert "Đã sửa quy tắc" in page
    form = client.get("/quy-tac/sua?cong=haiduong&ten=tin-cu").text
    assert "/tin/5.aspx -&gt; /tai-lieu/5?nguon=cu" in form

    off = client.post("/quy-tac/sua", data={**FORM, "dung": "0"}, follow_redirects=False)
    assert [one.is_enabled for one in rules(office)] == [False]
    assert "Đang tắt" in client.get("/quy-tac").text
    undo(client, off.headers["location"])
    assert [one.is_enabled for one in rules(office)] == [True]

    gone = client.post(
        "/quy-tac/bo", data={"cong": "haiduong", "ten": "tin-cu"}, follow_redirects=False
    )
    assert rules(office) == []
    undo(client, gone.headers["location"])
    assert rules(office) == [kept]
    assert client.get("/quy-tac/sua?cong=haiduong&ten=khac").status_code == 404


def undo(client: TestClient, address: str) -> None:
    (batch,) = re.findall(r"lo=([0-9a-f]+)", address)
    client.post("/hoan-tac", data={"lo": batch})


def test_a_rule_that_fails_its_own_example_says_which_and_what_came_out(
    office: Office, client: TestClient
) -> None:
    answer = client.post("/quy-tac/sua", data={**FORM, "vi-du": "/tin/5.aspx -> /khac"})
    assert answer.status_code == 422
    assert "/tin/5.aspx → /tai-lieu/5?nguon=cu" in answer.text
    assert rules(office) == []
