"""The same journey with the catalogue on PostgreSQL: one setting, nothing else changes."""

from __future__ import annotations

import httpx2 as httpx
import pytest

from tests.engines.databases import Cluster, cluster
from tests.gateway.cli.conftest import Operator, old_portal, operator
from tests.gateway.cli.test_verbs import BRIDGE, accept_all
from tests.journeys.test_main_job import free_ports, running_verb, wait_for

__all__ = ["cluster", "old_portal", "operator"]

pytestmark = pytest.mark.timeout(300)


def test_a_portal_is_crawled_decided_and_served_from_postgresql(
    operator: Operator, cluster: Cluster
) -> None:
    (port,) = free_ports(1)
    cluster.execute("CREATE DATABASE journey")
    text = operator.settings.read_text(encoding="utf-8")
    setting = f'database = "{cluster.url("journey")}"\n[serve]\nport = {port}\n'
    operator.settings.write_text(setting + text, encoding="utf-8")

    assert operator.types("crawl").exit_code == 0
    accept_all(operator)
    assert operator.types("index").exit_code == 0
    assert BRIDGE in operator.types("search", "cau ham rong").stdout
    assert operator.types("verify").exit_code == 0
    address = "http://gialoc.haiduong.gov.vn/tin/1"
    assert "301" in operator.types("resolve", address).stdout

    with running_verb(operator.settings, "serve"):
        wait_for(f"http://127.0.0.1:{port}/healthz/ready")
        answer = httpx.get(
            f"http://127.0.0.1:{port}/tin/1",
            headers={"host": "gialoc.haiduong.gov.vn"},
            trust_env=False,
        )
    assert answer.status_code == 301
    assert answer.headers["location"].startswith("https://haiphong.gov.vn/")
