"""Fixtures of the journeys: real servers on loopback and a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browsing import browser
from tests.gateway.conftest import blank_catalogue, listen, serve, talk_raw, town, upstream
from tests.redirects.conftest import world

__all__ = [
    "artefacts",
    "blank_catalogue",
    "browser",
    "listen",
    "serve",
    "talk_raw",
    "town",
    "upstream",
    "world",
]


@pytest.fixture(scope="session")
def artefacts() -> Path:
    """Where screenshots are left for whoever wants to look."""
    folder = Path(__file__).resolve().parents[2] / "test-artefacts"
    folder.mkdir(exist_ok=True)
    return folder
