"""Measuring fairly on a shared machine: contenders in turns, CPU time, medians, one JSON line."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
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


def tree_of(pid: int) -> list[int]:
    """A process and everything it started that still runs, however deep."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except FileNotFoundError:  # ended between the listing and the reading
            continue
        children.setdefault(parent, []).append(int(stat.parent.name))
    tree = [pid]
    for one in tree:
        tree += children.get(one, [])
    return tree


def tree_cpu_seconds(pid: int) -> float:
    """User and system time of a process and of all it started."""
    return sum(map(cpu_seconds, tree_of(pid)))


def tree_pss_mb(pid: int) -> float:
    """Memory of a process and of all it started, shared pages counted by their share."""
    texts = [Path(f"/proc/{one}/smaps_rollup").read_text() for one in tree_of(pid)]
    lines = [line for text in texts for line in text.splitlines() if line.startswith("Pss:")]
    return sum(int(line.split()[1]) for line in lines) / 1024


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def private_mb(pid: int) -> float:
    """Memory that would be freed if the process ended."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    kilobytes = (int(line.split()[1]) for line in lines if line.startswith("Private_"))
    return sum(kilobytes) / 1024


def write_requests(folder: Path, name: str, requests: Iterable[str]) -> Path:
    """Write what wrk is to send, in turns and from the start again; gives its script."""
    listing, script = folder / f"{name}.requests", folder / f"{name}.lua"
    listing.write_text("".join(json.dumps(request) + "\n" for request in requests))
    script.write_text(
        f"""local requests, at = {{}}, 0
for line in io.lines({json.dumps(str(listing))}) do
  requests[#requests + 1] = loadstring("return " .. line)()
end
function request()
  at = at % #requests + 1
  return requests[at]
end
"""
    )
    return script


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
