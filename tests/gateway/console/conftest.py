"""Fixtures of the console: a furnished office, copied for every test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.gateway.console.office import Office, furnish, office_settings, open_office


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("office") / "data"
    furnish(office_settings(data))
    return data


@pytest.fixture
def office(furnished: Path, tmp_path: Path) -> Iterator[Office]:
    with open_office(furnished, tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def client(office: Office) -> TestClient:
    return office.client()
