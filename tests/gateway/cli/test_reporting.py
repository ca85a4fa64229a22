"""`hopnhat api report`: from calls at a real gateway to the operator's table."""

from __future__ import annotations

import csv
import json
import re
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import httpx2 as httpx
import pytest

from catalogue.database import open_database
from catalogue.shadow import OUTCOME, ShadowCount, ShadowCounts, ShadowSpool
from catalogue.usage import Caller, CallerKind, Usage, Use
from gateway.app import create_site
from gateway.passthrough.usage import hash_of
from gateway.settings.whole import load_settings
from redirects.calendar import today_in_vietnam
from tests.gateway.cli.conftest import Operator
from tests.gateway.passthrough.recorder import HELLO, Recorder

ROUTES = """
[[route]]
name = "don-vi"
host = "gialoc.haiduong.gov.vn"
path = "/api/*"
upstream = "{upstream}"
caller_key = "header:X-Api-Key"

[[route]]
name = "cu"
host = "gialoc.haiduong.gov.vn"
path = "/cu/*"
upstream = "{upstream}"
valid_until = 2020-01-01

[[caller]]
name = "ngan-hang"
contact = "Phòng Kỹ thuật, 024 3000 000"
keys = ["{key}"]

[[caller]]
name = "may-chu-nha"
networks = ["127.0.0.0/8"]
"""


@pytest.fixture
def origin(
    operator: Operator,
    serve: Callable[..., str],
    upstream: Callable[..., str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> str:
    """Serve a portal with two routes; calls are handed over quickly."""
    monkeypatch.setattr("gateway.app.USE_SECONDS", 0.05)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "callers.key").write_bytes(b"secret")
    operator.append(
        ROUTES.format(upstream=upstream(Recorder(HELLO)), key=hash_of(b"k1", b"secret"))
    )
    assert operator.types("migrate").exit_code == 0
    return serve(create_site(load_settings(operator.settings)))


def wait_for_calls(spool: Path, wanted: int) -> None:
    """Wait until so many calls were handed over."""
    for _ in range(400):
        lines = [line for path in spool.glob("*.jsonl") for line in path.read_text().splitlines()]
        if sum(json.loads(line)[4] for line in lines) >= wanted:
            return
        threading.Event().wait(0.02)
    raise AssertionError("the calls were not handed over")


def test_calls_at_the_gateway_are_reported_by_caller(
    operator: Operator, origin: str, tmp_path: Path
) -> None:
    host = {"host": "gialoc.haiduong.gov.vn"}
    with httpx.Client(base_url=origin, headers=host, trust_env=False) as client:
        for _ in range(2):
            client.get("/api/a", headers={"x-api-key": "k1", "user-agent": "Java/1.6"})
        client.post("/api/a", headers={"x-api-key": "k2", "user-agent": "curl/8"}, content=b"x")
        client.get("/api/a", headers={"user-agent": "curl/8"})
        assert client.get("/cu/a", headers={"user-agent": "curl/8"}).status_code == 410
    wait_for_calls(tmp_path / "data" / "usage", 5)
    rows = json.loads(operator.types("api", "report", "--json").stdout)
    told = {(row["route"], row["caller"], row["agent"]): row for row in rows}
    unknown = f"key {hash_of(b'k2', b'secret')}"
    assert {key: (row["calls"], row["errors"]) for key, row in told.items()} == {
        ("don-vi", "ngan-hang", "Java"): (2, 0),
        ("don-vi", unknown, "curl"): (1, 0),
        ("don-vi", "may-chu-nha", "curl"): (1, 0),
        ("cu", "may-chu-nha", "curl"): (1, 1),
    }
    bank = told["don-vi", "ngan-hang", "Java"]
    assert bank["contact"] == "Phòng Kỹ thuật, 024 3000 000"
    assert bank["silent_since"] is None
    assert bank["last_on"] == str(today_in_vietnam())


def use(name: str, days: int, *, route: str = "don-vi", calls: int = 1) -> Use:
    day = today_in_vietnam() - timedelta(days=days)
    return Use(route, Caller(CallerKind.NETWORK, name, "curl"), calls, 0, day, day)


@pytest.fixture
def counted(operator: Operator) -> Operator:
    operator.append(ROUTES.format(upstream="http://127.0.0.1:9", key="0" * 16))
    assert operator.types("migrate").exit_code == 0
    database = open_database(load_settings(operator.settings).database_url)
    with database.writing() as connection:
        usage = Usage(connection)
        usage.add(
            [
                use("10.0.0.0/24", 0, calls=5),
                use("10.0.1.0/24", 40),
                use("10.0.2.0/24", 9, route="cu"),
            ]
        )
        others = Caller(CallerKind.OTHER, "", "")
        usage.add([Use("cu", others, 1, 1, today_in_vietnam(), today_in_vietnam())])
    database.close()
    return operator


def test_who_has_fallen_silent_is_told_alone(counted: Operator) -> None:
    result = counted.types("api", "report", "--silent-since", "30", "--csv")
    [row] = csv.DictReader(result.stdout.splitlines())
    since = today_in_vietnam() - timedelta(days=39)
    assert (row["caller"], row["silent_since"]) == ("10.0.1.0/24", str(since))


def test_one_route_is_told_alone(counted: Operator) -> None:
    shown = counted.types("api", "report", "cu").stdout
    assert "10.0.2.0/24" in shown
    assert "(others)" in shown
    assert "10.0.0.0/24" not in shown


def test_a_route_nobody_called_has_no_calls(counted: Operator) -> None:
    assert counted.types("api", "report", "--silent-since", "100").stdout == "no calls\n"


def test_a_route_nobody_knows_is_named(counted: Operator) -> None:
    result = counted.types("api", "report", "khong-co")
    assert result.exit_code == 1
    assert "no route is called 'khong-co'; known: don-vi, cu" in str(result.exception)


@pytest.mark.parametrize(
    "line", ['keys = ["k1"]', 'networks = ["10.0.0.1/8"]', 'networks = ["nowhere"]', 'name = "A b"']
)
def test_a_caller_is_checked_as_settings_are(operator: Operator, line: str) -> None:
    name = "" if line.startswith("name") else 'name = "a"\n'
    operator.append(f"\n[[caller]]\n{name}{line}\n")
    assert operator.types("check").exit_code == 1


SHADOWED = """
[[route]]
name = "don-vi"
host = "gialoc.haiduong.gov.vn"
path = "/api/*"
upstream = "{old}"
shadow = "{new}"
shadow_share = 1.0
shadow_ignore = "rules.toml"
record = true
"""


def one_line(body: bytes) -> Recorder:
    return Recorder(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


def test_a_shadow_is_reported_and_a_recording_replayed(
    operator: Operator,
    serve: Callable[..., str],
    upstream: Callable[..., str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gateway.app.USE_SECONDS", 0.05)
    old, new = upstream(one_line(b'{"x":1,"luc":1}')), upstream(one_line(b'{"x":2,"luc":2}'))
    (tmp_path / "rules.toml").write_text('json = ["$.luc"]')
    operator.append(SHADOWED.format(old=old, new=new))
    assert operator.types("migrate").exit_code == 0
    assert operator.types("api", "report", "--shadow").stdout == "no calls\n"
    origin = serve(create_site(load_settings(operator.settings)))
    for _ in range(2):
        answer = httpx.get(f"{origin}/api/a?x=1", headers={"host": "gialoc.haiduong.gov.vn"})
        assert answer.json() == {"x": 1, "luc": 1}
    told = ""
    for _ in range(100):
        told = operator.types("api", "report", "--shadow", "don-vi").stdout
        if "2 compared" in told:
            break
        threading.Event().wait(0.05)
    today = today_in_vietnam()
    assert told == (
        f"don-vi: 2 compared, 0 the same\n  body $.x: 2 calls, last on {today}, such as /api/a\n"
    )
    record = json.loads(operator.types("api", "report", "--shadow", "--json").stdout)
    assert [(one["route"], one["compared"]) for one in record] == [("don-vi", 2)]
    recording = tmp_path / "data" / "recordings" / "don-vi.jsonl"
    for server, code in ((old, 0), (new, 1)):
        result = operator.types("api", "replay", str(recording), "--old", old, "--new", server)
        assert result.exit_code == code
        assert "1 calls sent" in result.stdout


def test_a_shadow_that_does_not_answer_is_told(operator: Operator) -> None:
    operator.append(SHADOWED.format(old="http://127.0.0.1:9", new="http://127.0.0.1:9"))
    assert operator.types("migrate").exit_code == 0
    spool = ShadowSpool(operator.settings.parent / "data" / "shadow")
    for outcome in ("same", "unanswered", "dropped", "dropped"):
        spool.count("don-vi", OUTCOME, outcome)
    spool.count("don-vi", "header", "vary")
    spool.flush()
    told = operator.types("api", "report", "--shadow").stdout
    assert told.splitlines()[0] == "don-vi: 1 compared, 1 the same, 2 dropped, 1 unanswered"
    assert told.splitlines()[1].startswith("  header vary: 1 calls, last on ")


@pytest.mark.parametrize(
    ("second", "culprit"),
    [
        ('name = "a"', "caller a: a is of caller a too"),
        ('name = "b"\nnetworks = ["10.0.0.0/8"]', "caller b: 10.0.0.0/8 is of caller a too"),
        (f'name = "b"\nkeys = ["{"0" * 16}"]', f"caller b: {'0' * 16} is of caller a too"),
    ],
)
def test_what_two_callers_claim_is_named(operator: Operator, second: str, culprit: str) -> None:
    first = f'name = "a"\nnetworks = ["10.0.0.0/8"]\nkeys = ["{"0" * 16}"]'
    operator.append(f"\n[[caller]]\n{first}\n\n[[caller]]\n{second}\n")
    assert operator.types("migrate").exit_code == 0
    result = operator.types("check")
    assert result.exit_code == 1
    assert culprit in result.stderr


def test_rules_of_a_shadow_are_checked_ahead(operator: Operator) -> None:
    operator.append(SHADOWED.format(old="http://127.0.0.1:9", new="http://127.0.0.1:9"))
    (operator.settings.parent / "rules.toml").write_text('json = ["x"]')
    assert operator.types("migrate").exit_code == 0
    result = operator.types("check")
    assert result.exit_code == 1
    assert "route don-vi" in result.stderr
    assert "not a JSON path: 'x'" in result.stderr


MANUAL = (Path(__file__).resolve().parents[3] / "docs" / "switching.md").read_text(encoding="utf-8")


def test_the_manual_s_report_of_callers_is_told_as_shown(operator: Operator) -> None:
    shown = re.search(r"\$ hopnhat api report don-vi\n((?:.+\n)+?)```", MANUAL)
    caller = re.search(r"```toml\n(\[\[caller\]\].*?)```", MANUAL, re.DOTALL)
    assert shown is not None
    assert caller is not None
    route = 'name = "don-vi"\nhost = "a.test"\npath = "/a"\nupstream = "http://127.0.0.1:9"'
    operator.append(f"\n[[route]]\n{route}\n\n{caller[1]}")
    assert operator.types("migrate").exit_code == 0
    today = today_in_vietnam()
    uses = (
        (CallerKind.KEY, "5f3c8a90b1c2d3e4", "Java", 1204, 3, 0),
        (CallerKind.NETWORK, "198.51.100.0/24", "curl", 17, 0, 41),
        (CallerKind.KEY, "90b1c2d3e45f3c8a", "-", 2, 2, 0),
    )
    database = open_database(load_settings(operator.settings).database_url)
    with database.writing() as connection:
        for kind, name, agent, calls, errors, days in uses:
            day = today - timedelta(days=days)
            who = Caller(kind, name, agent)
            Usage(connection).add([Use("don-vi", who, calls, errors, day, day)])
    database.close()
    told = operator.types("api", "report", "don-vi").stdout
    days_shown = {
        str(today - timedelta(days=days)): shown_day
        for days, shown_day in ((0, "2026-11-24"), (41, "2026-10-14"), (40, "2026-10-15"))
    }
    assert re.sub(r"\d{4}-\d\d-\d\d", lambda day: days_shown[day[0]], told) == shown[1]


def test_the_manual_s_report_of_a_shadow_is_told_as_shown(counted: Operator) -> None:
    shown = re.search(r"\$ hopnhat api report --shadow\n((?:.+\n)+?)```", MANUAL)
    assert shown is not None
    today = today_in_vietnam()
    found = {
        (OUTCOME, "same"): (1187, ""),
        (OUTCOME, "different"): (17, ""),
        (OUTCOME, "unanswered"): (3, ""),
        ("body", "$.DuLieu[*].ID"): (17, "/api/don-vi/24"),
    }
    database = open_database(load_settings(counted.settings).database_url)
    with database.writing() as connection:
        ShadowCounts(connection).add(
            ShadowCount("don-vi", part, place, calls, sample, today)
            for (part, place), (calls, sample) in found.items()
        )
    database.close()
    told = counted.types("api", "report", "--shadow").stdout
    assert told.replace(str(today), "2026-11-24") == shown[1]
    assert counted.types("api", "report", "--shadow", "--csv").exit_code == 2


def test_the_manual_s_settings_are_settings(operator: Operator) -> None:
    blocks = re.findall(r"```toml\n(\[\[(?:route|caller)\]\].*?)```", MANUAL, re.DOTALL)
    assert len(blocks) >= 3
    names = iter(range(100))
    for block in blocks:
        operator.append(
            "\n" + re.sub(r'name = "don-vi"', lambda _: f'name = "api-{next(names)}"', block)
        )
    settings = load_settings(operator.settings)
    assert [one.contact for one in settings.caller] == ["Phòng Kỹ thuật, 024 3000 000"]
    shadows = [route.shadow for route in settings.routes() if route.shadow]
    assert [Path(one.ignore or "").name for one in shadows] == ["rules.toml"]
    assert shadows[0].share == 0.05
