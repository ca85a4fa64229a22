"""All that issue "redirects" measures, in one run: `python -m benchmarks.redirects [--quick]`.

Redirects over HTTP beside their peers, a snapshot of a million decisions, and GOV.UK's redirects
taken in. CPU time is that of whole process trees, in turns, and ratios are medians of pairs.
`--quick` runs everything small, to see that it runs; its figures mean nothing.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.importing import GOVUK, prepare, run_import
from benchmarks.measure import print_line, print_table
from benchmarks.redirects.contest import NGINX, OURS, PEERS, Size, print_outcome, run_contest
from benchmarks.redirects.decisions import MILLION
from benchmarks.redirects.resolving import measure_resolving
from benchmarks.snapshots import SWAPS, measure_million

FULL = Size(decisions=MILLION, asked=200_000, rounds=5, seconds=2)
QUICK = Size(decisions=5_000, asked=2_000, rounds=1, seconds=1)


def measure_contest(folder: Path, size: Size) -> dict[str, float | None]:
    """What a redirect costs beside the peers: hits beside nginx and HAProxy, half beside all."""
    outcome = run_contest(folder, size)
    print_outcome(outcome, size)
    figures = {f"cpu_vs_{peer.name}": outcome.beside(peer.name, peer.loads[0]) for peer in PEERS}
    figures |= {
        f"cpu_vs_{peer.name}_half": outcome.beside(peer.name, "half")
        for peer in PEERS if len(peer.loads) > 1
    }  # fmt: skip
    return figures | {
        "cpu_us_hit": median(outcome.cpu_us[OURS, "hits"]),
        "cpu_us_half": median(outcome.cpu_us[OURS, "half"]),
        "start_s_1m": outcome.start_s[OURS],
        "mb_1m": outcome.memory_mb[OURS],
        "nginx_start_s_1m": outcome.start_s.get(NGINX),
        "nginx_mb_1m": outcome.memory_mb.get(NGINX),
    }


def measure_import(folder: Path) -> float:
    """CPU seconds to take GOV.UK's redirects into an empty catalogue, by the real verb."""
    settings, files = prepare(folder)
    return run_import(settings, files).cpu_s


def main() -> None:
    """Run every part and print the one line, last."""
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing")
    quick = "--quick" in sys.argv[1:]
    size, swaps = (QUICK, 2) if quick else (FULL, SWAPS)
    os.environ.pop("HOPNHAT_DATABASE", None)
    figures: dict[str, float | None] = {"govuk_import_cpu_s": None}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # Apache's worker is another user
        for part in ("contest", "million", "import"):
            (folder / part).mkdir()
        figures |= measure_contest(folder / "contest", size)
        figures |= measure_resolving(folder)
        million = measure_million(folder / "million", count=size.decisions, swaps=swaps)
        print_table(
            f"{size.decisions:,} decisions in a snapshot", ["", ""],
            [[key, f"{value:.4g}"] for key, value in million.items()],
        )  # fmt: skip
        figures |= million
        if quick or not GOVUK.is_dir():
            print("not measured: the import of GOV.UK's redirects", file=sys.stderr)
        else:
            figures["govuk_import_cpu_s"] = measure_import(folder / "import")
    print_line("redirects", figures)


if __name__ == "__main__":
    main()
