"""Measuring fairly on a shared machine: contenders in turns, CPU time, medians, one JSON line."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

_TICKS = os.sysconf("SC_CLK_TCK")


def measure_in_turns(
    contenders: Mapping[str, Callable[[], object]], *, calls: int, rounds: int = 7
) -> dict[str, list[float]]:
    """CPU microseconds a call of each contender, one figure a round, in turns A B A B.

    Each contender makes `calls` calls a round by itself.
    """
    figures: dict[str, list[float]] = {name: [] for name in contenders}
    for name, run in contenders.items():
        run()  # warm caches alike
        assert name in figures
    for _ in range(rounds):
        for name, run in contenders.items():
            started = time.process_time()
            run()
            figures[name].append((time.process_time() - started) / calls * 1e6)
    return figures


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Median of the paired ratios: what a busy moment does to one round it does to both."""
    return median(a / b for a, b in zip(ours, theirs, strict=True))


def cpu_seconds(pid: int) -> float:
    """User and system time of one process and of the children it has waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15]) / _TICKS


def private_mb(pid: int) -> float:
    """Memory that would be freed if the process ended."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    kilobytes = (int(line.split()[1]) for line in lines if line.startswith("Private_"))
    return sum(kilobytes) / 1024


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table for people."""
    table = Table()
    for place, column in enumerate(columns):
        table.add_column(column, justify="right" if place else "left")
    for row in rows:
        table.add_row(*row)
    console = Console(width=110)
    console.print(title, highlight=False)
    console.print(table)


def print_line(bench: str, figures: Mapping[str, float | None]) -> None:
    """Print the one line for programs, last."""
    rounded = {
        name: None if value is None else float(f"{value:.4g}") for name, value in figures.items()
    }
    print(json.dumps({"bench": bench, **rounded}), flush=True)
