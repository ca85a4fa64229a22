"""Every answer of an API that is to end says so, from when, until when and what comes next."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import unquote

import httpx2 as httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.passthrough.transition import Transitions, display_string, transition_fields
from gateway.settings.whole import SettingsError, load_settings
from redirects.route import ApiRoute, Transition, Upstream
from tests.gateway.passthrough.recorder import HELLO, Gateway, Recorder

TODAY = date(2026, 11, 24)
ROUTE = ApiRoute("don-vi", "old.test", "/api/*", (Upstream("http://10.0.0.5"),))
WHOLE = Transition(
    deprecated=date(2026, 12, 1),
    sunset=date(2027, 7, 1),
    page="https://haiphong.gov.vn/api",
    notice="Dùng /api/v1",
)
NEXT = "https://haiphong.gov.vn/api/v1/don-vi"


@pytest.mark.parametrize(
    ("route", "told"),
    [
        (ROUTE, []),
        (replace(ROUTE, transition=Transition()), []),
        (replace(ROUTE, successor=NEXT), [f'link: <{NEXT}>; rel="successor-version"']),
        (
            replace(ROUTE, transition=Transition(deprecated=date(2025, 7, 1))),
            ["deprecation: @1751302800"],
        ),
        (
            replace(ROUTE, valid_until=date(2027, 6, 30)),
            ["sunset: Wed, 30 Jun 2027 17:00:00 GMT"],
        ),
        (
            replace(ROUTE, transition=WHOLE, successor=NEXT, valid_until=date(2027, 12, 31)),
            [
                "deprecation: @1796058000",
                "sunset: Wed, 30 Jun 2027 17:00:00 GMT",
                f'link: <{NEXT}>; rel="successor-version"',
                'link: <https://haiphong.gov.vn/api>; rel="deprecation"',
                'link: <https://haiphong.gov.vn/api>; rel="sunset"',
                'transition-notice: %"D%c3%b9ng /api/v1"',
            ],
        ),
        (
            replace(ROUTE, transition=Transition(notice="a", notice_from=TODAY)),
            ['transition-notice: %"a"'],
        ),
        (replace(ROUTE, transition=Transition(notice="a", notice_from=date(2026, 11, 25))), []),
    ],
)
def test_a_route_tells_what_its_settings_say(route: ApiRoute, told: list[str]) -> None:
    fields = transition_fields(route, TODAY)
    assert [f"{name.decode()}: {value.decode()}" for name, value in fields] == told


def test_days_are_days_in_vietnam() -> None:
    fields = dict(transition_fields(replace(ROUTE, transition=WHOLE), TODAY))
    begin = datetime.fromtimestamp(int(fields[b"deprecation"][1:]), UTC)
    assert begin == datetime(2026, 11, 30, 17, tzinfo=UTC)
    assert parsedate_to_datetime(fields[b"sunset"].decode()) == datetime(
        2027, 6, 30, 17, tzinfo=UTC
    )


@given(st.text())
def test_a_notice_in_any_words_is_one_field_that_reads_back(text: str) -> None:
    written = display_string(text).decode("ascii")
    assert re.fullmatch(r'%"(?:[ !#$&-~]|%[0-9a-f]{2})*"', written)
    assert unquote(written[2:-1]) == text


def test_a_notice_begins_on_its_day() -> None:
    today = TODAY
    transitions = Transitions(lambda: today)
    route = replace(ROUTE, transition=Transition(notice="a", notice_from=date(2026, 11, 25)))
    assert transitions.fields(route) == ()
    today = date(2026, 11, 25)
    assert len(transitions.fields(route)) == 1
    changed = replace(route, transition=None)
    assert transitions.fields(changed) == ()


def test_every_answer_says_it_also_where_the_server_fails(
    upstream: Callable[..., str], gateway: Gateway
) -> None:
    recorder = Recorder(
        b"HTTP/1.1 200 OK\r\nDeprecation: @1\r\nLink: </a>; rel=up\r\nContent-Length: 0\r\n\r\n"
    )
    answers = [
        httpx.get(f"{gateway(origin, transition=WHOLE)}/a")
        for origin in (upstream(recorder), "http://127.0.0.1:1")
    ]
    assert [answer.status_code for answer in answers] == [200, 502]
    for answer in answers:
        assert answer.headers.get_list("deprecation") == ["@1796058000"]
        assert answer.headers["sunset"] == "Wed, 30 Jun 2027 17:00:00 GMT"
    assert "</a>; rel=up" in answers[0].headers.get_list("link")


def test_a_route_that_stays_says_nothing(upstream: Callable[..., str], gateway: Gateway) -> None:
    answer = httpx.get(f"{gateway(upstream(Recorder(HELLO)))}/a")
    assert not {"deprecation", "sunset", "link", "transition-notice"} & set(answer.headers)


@pytest.mark.parametrize(
    ("lines", "culprit"),
    [
        ("deprecated = 2027-01-02\nsunset = 2027-01-01", "sunset is before deprecated"),
        ('page = "haiphong.gov.vn"', "page"),
        ('page = "https://a.test/>; rel=next"', "page"),
        ("notices = 1", 'did you mean "notice"'),
    ],
)
def test_a_plan_that_cannot_be_is_refused(tmp_path: Path, lines: str, culprit: str) -> None:
    path = tmp_path / "hopnhat.toml"
    head = '[[route]]\nname = "a"\nhost = "a.test"\npath = "/a"\nupstream = "http://a.test"\n'
    path.write_text(f"{head}[route.transition]\n{lines}\n")
    with pytest.raises(SettingsError, match=re.escape(culprit)):
        load_settings(path)


def test_settings_become_what_is_told(tmp_path: Path) -> None:
    path = tmp_path / "hopnhat.toml"
    path.write_text(
        f"""[[route]]
name = "don-vi"
host = "old.test"
path = "/api/*"
upstream = "http://10.0.0.5"
successor = "{NEXT}"

[route.transition]
deprecated = 2026-12-01
sunset = 2027-07-01
page = "https://haiphong.gov.vn/api"
notice = "Dùng /api/v1"
""",
        encoding="utf-8",
    )
    (route,) = load_settings(path).routes()
    assert route == replace(ROUTE, transition=WHOLE, successor=NEXT)


def test_the_manual_s_example_is_told_as_shown(tmp_path: Path) -> None:
    manual = (Path(__file__).resolve().parents[3] / "docs" / "switching.md").read_text(
        encoding="utf-8"
    )
    settings = re.search(
        r"```toml\n(\[\[route\]\](?:(?!```).)*\[route.transition\].*?)```", manual, re.DOTALL
    )
    shown = re.search(r"```http\n(Deprecation.*?)```", manual, re.DOTALL)
    assert settings is not None
    assert shown is not None
    path = tmp_path / "hopnhat.toml"
    path.write_text(settings[1], encoding="utf-8")
    (route,) = load_settings(path).routes()
    fields = transition_fields(route, date(2026, 12, 1))
    assert [f"{name.decode().title()}: {value.decode()}" for name, value in fields] == shown[
        1
    ].splitlines()
    assert b"transition-notice" not in dict(transition_fields(route, date(2026, 11, 30)))
