"""Callers in the console: who calls what, who fell silent, and what a shadow found."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from selectolax.lexbor import LexborHTMLParser
from starlette.testclient import TestClient

from catalogue.shadow import OUTCOME, ShadowCount, ShadowCounts, ShadowSpool
from catalogue.usage import Caller, CallerKind, Usage, UsageSpool, Use
from gateway.console.application import console_application
from gateway.settings.callers import CallerSettings
from gateway.settings.routes import RouteSettings
from tests.gateway.console.office import NOW, Clock, Office

TODAY = date(2025, 7, 1)  # of the office's clock
ROUTES = (
    RouteSettings(
        name="don-vi",
        host="www.haiduong.gov.vn",
        path="/api/*",
        upstream="http://127.0.0.1:9",
        contact="Sở Nội vụ",
    ),
    RouteSettings(
        name="van-ban", host="haiphong.gov.vn", path="/vb/*", upstream="http://127.0.0.1:9"
    ),
)
BANK = CallerSettings(name="ngan-hang", contact="024 3000 000", keys=("5f3c8a90b1c2d3e4",))


@pytest.fixture
def client(office: Office) -> TestClient:
    office.settings = office.settings.model_copy(update={"route": ROUTES, "caller": (BANK,)})
    return office.client()


def use(kind: CallerKind, name: str, days: int, calls: int = 1) -> Use:
    day = TODAY - timedelta(days=days)
    return Use("don-vi", Caller(kind, name, "curl"), calls, 0, day, day)


def cells(page: str) -> list[list[str]]:
    for label in LexborHTMLParser(page).css("table.rows td .only-narrow"):
        page = page.replace(label.html or "", "")
    rows = LexborHTMLParser(page).css("table.rows tbody tr")
    return [[cell.text(strip=True) for cell in row.css("td")] for row in rows]


def test_callers_are_shown_by_route_with_whom_to_tell(office: Office, client: TestClient) -> None:
    with office.database.writing() as connection:
        Usage(connection).add(
            [
                use(CallerKind.KEY, BANK.keys[0], 0, calls=1200),
                use(CallerKind.NETWORK, "203.0.113.0/24", 40),
            ]
        )
    page = client.get("/nguoi-goi").text
    assert cells(page) == [
        ["ngan-hang", "curl", "1.200", "0", "1/7/2025", "", "024 3000 000"],
        ["203.0.113.0/24", "curl", "1", "0", "22/5/2025", "23/5/2025", ""],
    ]
    assert "Chưa có lượt gọi nào." in page  # of the other route
    assert "/nguoi-goi" in client.get("/").text
    silent = client.get("/nguoi-goi?im-lang=30").text
    assert [row[0] for row in cells(silent)] == ["203.0.113.0/24"]


def test_only_the_busiest_callers_are_shown(
    office: Office, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.console.callers.MOST_SHOWN", 2)
    with office.database.writing() as connection:
        Usage(connection).add(use(CallerKind.KEY, str(n), 0, calls=n + 1) for n in range(4))
    page = client.get("/nguoi-goi").text
    assert [row[0] for row in cells(page)] == ["key 3", "key 2"]
    assert "hopnhat api report" in page


def test_what_a_shadow_found_is_shown(office: Office, client: TestClient) -> None:
    with office.database.writing() as connection:
        ShadowCounts(connection).add(
            [
                ShadowCount("don-vi", OUTCOME, "same", 90, "", TODAY),
                ShadowCount("don-vi", OUTCOME, "different", 10, "", TODAY),
                ShadowCount("don-vi", OUTCOME, "unanswered", 3, "", TODAY),
                ShadowCount("don-vi", "body", "$.<x>", 10, "/api/a", TODAY),
                ShadowCount("don-vi", "body", "$.long-ago", 1, "", TODAY - timedelta(days=40)),
            ]
        )
    page = client.get("/nguoi-goi?lang=en").text
    assert "90 of 100 calls were answered alike." in page
    assert "did not answer 3 calls" in page
    assert "body <code>$.&lt;x&gt;</code>" in page
    assert "long-ago" not in page


def test_counted_calls_arrive_by_the_console_s_upkeep(office: Office) -> None:
    settings = office.settings.model_copy(update={"route": ROUTES})
    calls = UsageSpool(settings.usage_directory, today=lambda: TODAY)
    calls.count("don-vi", Caller(CallerKind.NETWORK, "203.0.113.0/24", "curl"), is_error=True)
    calls.flush()
    found = ShadowSpool(settings.shadow_directory, today=lambda: TODAY)
    found.count("don-vi", OUTCOME, "same")
    found.flush()
    app = console_application(settings, database=office.database, clock=Clock(NOW))
    with TestClient(app):
        pass  # a round of upkeep is done before it stops
    with office.database.reading() as connection:
        assert [one.errors for one in Usage(connection).listing()] == [1]
        assert [one.calls for one in ShadowCounts(connection).since(TODAY)] == [1]


def test_a_console_without_apis_says_so(office: Office) -> None:
    page = office.client().get("/nguoi-goi").text
    assert "Chưa có API nào được giữ lại." in page
    assert not re.search(r"<table", page)
