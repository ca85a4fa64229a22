"""Metrics: what an operator watches through the night of the switch, by outcome and site."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client import Counter as PrometheusCounter
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Scope

LOOPBACK = frozenset({"127.0.0.1", "::1"})
_LATENCIES = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """The counters of one application, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = _Requests()
        self.registry.register(self._requests)
        self._passthrough = Histogram(
            "hopnhat_passthrough_seconds",
            "Seconds until the upstream's last byte, by route and class of status.",
            ["route", "status"],
            buckets=_LATENCIES,
            registry=self.registry,
        )
        self._broken_off = Gauge(
            "hopnhat_upstream_broken_off",
            "1 for an upstream that is not asked for now, since its last calls failed.",
            ["upstream"],
            registry=self.registry,
        )
        self._upgraded = Gauge(
            "hopnhat_upgraded_connections",
            "Connections open now that left HTTP for another protocol, by route.",
            ["route"],
            registry=self.registry,
        )
        self._shadow = PrometheusCounter(
            "hopnhat_shadow_calls",
            "Calls in shadow mode, by route and by what became of them.",
            ["route", "outcome"],
            registry=self.registry,
        )
        self._latencies: dict[tuple[str, int], Histogram] = {}

    def count(self, outcome: str, site: str = "") -> None:
        """Count one request. `site` is a configured name, never what a stranger typed."""
        self._requests.visits[outcome, site] += 1

    def passed_on(self, route: str, status: int, seconds: float) -> None:
        """Count one passed-on call and how long it took."""
        pair = (route, status // 100)
        child = self._latencies.get(pair)
        if child is None:
            child = self._latencies[pair] = self._passthrough.labels(route, f"{pair[1]}xx")
        child.observe(seconds)

    def breaker_turned(self, upstream: str, *, is_open: bool) -> None:
        """Note that calls to an upstream are broken off, or made again."""
        self._broken_off.labels(upstream).set(is_open)

    def upgraded(self, route: str, more: int) -> None:
        """Count connections that left HTTP: one `more`, or one less."""
        self._upgraded.labels(route).inc(more)

    def shadowed(self, route: str, outcome: str) -> None:
        """Count what became of a call in shadow mode."""
        self._shadow.labels(route, outcome).inc()

    def page(self, request: Request) -> Response:
        """Answer `/metrics`, but only to somebody on this machine."""
        if not from_this_machine(request.scope):
            return PlainTextResponse("forbidden\n", 403)
        return Response(generate_latest(self.registry), media_type=CONTENT_TYPE_LATEST)


class _Requests(Collector):
    """Counts on the event loop alone, without a lock, a tenth of the price of one."""

    def __init__(self) -> None:
        self.visits: Counter[tuple[str, str]] = Counter()

    def collect(self) -> Iterator[CounterMetricFamily]:
        """Say what was counted, in Prometheus' terms."""
        family = CounterMetricFamily(
            "hopnhat_requests",
            "Requests by outcome and by the site that was asked.",
            labels=["outcome", "site"],
        )
        for labels, visits in tuple(self.visits.items()):
            family.add_metric(labels, visits)
        yield family


def from_this_machine(scope: Scope) -> bool:
    """Say whether a request came straight over loopback, not through a front server."""
    client = scope.get("client")
    forwarded = any(name in _FORWARDED for name, _ in scope["headers"])
    return client is not None and client[0] in LOOPBACK and not forwarded


_FORWARDED = frozenset({b"forwarded", b"via", b"x-forwarded-for", b"x-real-ip"})
