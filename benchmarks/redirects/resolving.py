"""What a resolve costs in the process, without any HTTP."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from benchmarks.measure import measure_in_turns, print_table
from benchmarks.redirects.decisions import HOST, PORTAL, SITE, asked_half, asked_hits, mappings
from redirects.resolution import Moved, Request, Unresolved
from redirects.resolver import Resolver
from redirects.snapshot import compile_snapshot, open_snapshot

_DECISIONS = 100_000
_ASKED = 20_000


def measure_resolving(folder: Path) -> dict[str, float]:
    """CPU microseconds a resolve of 100,000 decisions, hit and miss."""
    report = compile_snapshot(
        folder / "bench.snapshot",
        portal=PORTAL,
        sites=[SITE],
        mappings=mappings(_DECISIONS),
        rules=[],
        routes=[],
        archived=[],
        locate=lambda _: None,
        revision=1,
    )
    snapshot = open_snapshot(report.path)
    resolver = snapshot.resolver()
    hits = [Request(HOST, path.encode()) for path in asked_hits(_DECISIONS, _ASKED)]
    half = asked_half(_DECISIONS, 2 * _ASKED, total=_DECISIONS)
    misses = [Request(HOST, path.encode()) for path in half[1::2]]
    assert all(isinstance(resolver.resolve(request), Moved) for request in hits)
    assert all(isinstance(resolver.resolve(request), Unresolved) for request in misses)
    figures = measure_in_turns(
        {"hit": resolve_all(resolver, hits), "miss": resolve_all(resolver, misses)}, calls=_ASKED
    )
    snapshot.close()
    medians = {f"resolve_us_{name}": median(spent) for name, spent in figures.items()}
    print_table(
        f"Resolving in the process: {_DECISIONS:,} decisions",
        ["", "CPU µs"],
        [[name, f"{spent:.2f}"] for name, spent in medians.items()],
    )
    return medians


def resolve_all(resolver: Resolver, requests: Sequence[Request]) -> Callable[[], object]:
    """A contender that resolves them all."""
    return lambda: [resolver.resolve(request) for request in requests]
