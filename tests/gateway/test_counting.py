"""Counted misses: a flood is said once, and again only when it comes back."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from catalogue.misses import MissSpool
from gateway.counting import Counting
from redirects.mapping import CanonicalUrl


def test_a_flood_of_addresses_is_logged_once_in_a_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalogue.misses.MOST_ADDRESSES", 2)
    misses = MissSpool(tmp_path, today=lambda: date(2026, 11, 24))
    counting = Counting(misses, "misses.dropped")
    logged: list[int] = []
    for flood in (5, 5, 0, 4):
        for number in range(flood):
            misses.count("haiduong", CanonicalUrl(f"a.test/{number}"), "http://a.test/")
        with capture_logs() as events:
            counting.hand_over()
        logged.append(len(events))
        assert all(event["event"] == "misses.dropped" for event in events)
    assert logged == [1, 0, 0, 1]
    assert misses.dropped == 3 + 3 + 2
