"""Recorded calls can be replayed, and say nothing of who made them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.passthrough.recording import Recordings, recorded
from gateway.replaying.call import RecordedCall
from gateway.replaying.recordings import Recording as Recorded
from redirects.route import ApiRoute, Recording, Upstream

ROUTE = ApiRoute(
    "don-vi",
    "old.test",
    "/api/*",
    (Upstream("http://10.0.0.5"),),
    recording=Recording(frozenset({"groupid"})),
    caller_key="query:ApiKey",
)


def scope(target: str = "/api/a", method: str = "GET", **headers: str) -> dict[str, Any]:
    path, _, query = target.partition("?")
    pairs = {"host": "old.test", **headers}
    return {
        "method": method,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [
            (name.replace("_", "-").encode(), value.encode()) for name, value in pairs.items()
        ],
    }


@pytest.mark.parametrize(
    ("call", "target", "headers"),
    [
        (scope("/api/a%2Fb?x=1"), b"/api/a%2Fb?x=1", ()),
        (scope("/api/a?apikey=k&x=1"), b"/api/a?x=1", ()),
        (scope("/api/a?ApiKey=k"), b"/api/a?", ()),
        (
            scope(accept="*/*", groupid="20182", cookie="a=1", authorization="Basic eA=="),
            b"/api/a",
            (("accept", "*/*"), ("groupid", "20182")),
        ),
        (scope(x_api_key="k", user_agent="Phone", x_forwarded_for="1.2.3.4"), b"/api/a", ()),
    ],
)
def test_nothing_that_tells_who_called_is_recorded(
    call: dict[str, Any], target: bytes, headers: tuple[tuple[str, str], ...]
) -> None:
    assert recorded(ROUTE, call) == RecordedCall("", "GET", "old.test", target, headers)


@pytest.mark.parametrize(
    "target",
    [
        "/api/000.00.19.H47-260105-0001",
        "/api/tra-cuu?doccode=x",
        "/api/cong-dan/001085012345",
        "/api/" + "a" * 9_000,
    ],
)
def test_a_call_that_names_a_citizen_s_file_is_not_recorded(target: str) -> None:
    assert recorded(ROUTE, scope(target)) is None


def test_a_call_is_recorded_as_the_server_was_asked_it() -> None:
    call = recorded(replace(ROUTE, host_header="noi-bo.test"), scope())
    assert call is not None
    assert call.host == "noi-bo.test"


def test_a_route_for_citizens_files_is_not_recorded() -> None:
    assert recorded(replace(ROUTE, dossier="ma"), scope("/api/x")) is None


def test_only_safe_calls_of_a_route_that_asks_for_it_are_written(tmp_path: Path) -> None:
    recordings = Recordings(tmp_path / "recordings")
    recordings.flush()
    assert not (tmp_path / "recordings").exists()
    recordings.add(ROUTE, scope("/api/1"), 200)
    recordings.add(ROUTE, scope("/api/2", "HEAD"), 404)
    recordings.add(ROUTE, scope("/api/3", "POST"), 200)
    recordings.add(ROUTE, scope("/api/4"), 502)
    recordings.add(ROUTE, scope("/api/000.00.19.H47-260105-0001"), 200)
    recordings.add(replace(ROUTE, recording=None), scope("/api/5"), 200)
    recordings.add(replace(ROUTE, name="van-ban"), scope("/api/6"), 200)
    recordings.flush()
    recordings.add(ROUTE, scope("/api/7"), 200)
    recordings.flush()
    path = tmp_path / "recordings" / "don-vi.jsonl"
    assert [(call.method, call.target) for call in Recorded(path)] == [
        ("GET", b"/api/1"),
        ("HEAD", b"/api/2"),
        ("GET", b"/api/7"),
    ]
    assert [call.target for call in Recorded(path.with_name("van-ban.jsonl"))] == [b"/api/6"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_recording_stays_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.passthrough.recording.LARGEST_FILE", 500)
    recordings = Recordings(tmp_path)
    for number in range(50):
        recordings.add(ROUTE, scope(f"/api/{number}"), 200)
        recordings.flush()
    sizes = {path.name: path.stat().st_size for path in tmp_path.glob("*.jsonl")}
    assert set(sizes) == {"don-vi.jsonl", "don-vi.1.jsonl"}
    assert max(sizes.values()) <= 500
    assert list(Recorded(tmp_path / "don-vi.jsonl"))[-1].target == b"/api/49"


def test_a_flood_is_recorded_in_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.passthrough.recording.MOST_WAITING", 2)
    recordings = Recordings(tmp_path)
    for number in range(5):
        recordings.add(ROUTE, scope(f"/api/{number}"), 200)
    recordings.flush()
    assert recordings.dropped == 3
    assert len(list(Recorded(tmp_path / "don-vi.jsonl"))) == 2


def test_what_is_asked_again_is_recorded_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.passthrough.recording.MOST_KNOWN", 2)
    recordings = Recordings(tmp_path)
    for target in ("/api/a", "/api/a", "/api/b", "/api/a", "/api/c", "/api/a"):
        recordings.add(ROUTE, scope(target), 200)
        recordings.flush()
    recordings.add(replace(ROUTE, name="van-ban"), scope("/api/a"), 200)
    recordings.flush()
    targets = [call.target.decode() for call in Recorded(tmp_path / "don-vi.jsonl")]
    assert targets == ["/api/a", "/api/b", "/api/c", "/api/a"]  # the memory began anew with c
    assert (tmp_path / "van-ban.jsonl").exists()
