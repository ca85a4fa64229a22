"""What it costs to take in a whole government's redirects: GOV.UK's 322,450 rows, by the real verb.

The files are those of ../shared/data/redirects/govuk-mappings; each of their hosts is a site, and
every host they lead to is allowed. CPU time is that of the process of
`hopnhat redirects import`, on SQLite with every write synced.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import print_line, print_table
from redirects.url import UrlError, parse_url

GOVUK = Path(__file__).resolve().parents[1].parent / "shared/data/redirects/govuk-mappings/csv"


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the verb: CPU seconds, the largest memory in MB, and what it counted."""

    cpu_s: float
    memory_mb: float
    counts: dict[str, object]


def unpack(folder: Path, source: Path = GOVUK) -> list[Path]:
    """Write GOV.UK's tables into `folder`, in the order of their names."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for packed in sorted(source.glob("*.csv.gz")):
        files.append(folder / packed.name.removesuffix(".gz"))
        files[-1].write_bytes(gzip.decompress(packed.read_bytes()))
    return files


def write_settings(folder: Path, files: Iterable[Path]) -> Path:
    """Write settings in which every old host is a site and every target is allowed."""
    old: set[str] = set()
    new: set[str] = set()
    for file in files:
        for row in csv.DictReader(io.StringIO(file.read_text("utf-8"), newline="")):
            old.add(_host(row["Old Url"]))
            new.add(_host(row["New Url"] or ""))
    places = "".join(
        f'[[site]]\nname = "{one.replace(".", "-")}"\ntitle = "{one}"\nhost = "{one}"\n'
        for one in sorted(old - {""})
    )
    portal = 'url = "https://www.gov.uk"\nhosts = ["www.gov.uk"]\n'
    allowed = f"allowed_targets = {json.dumps(sorted(new - {''}))}\n"
    settings = folder / "hopnhat.toml"
    text = f'data = "{folder / "data"}"\n[portal]\n{portal}{allowed}{places}'
    settings.write_text(text, encoding="utf-8")
    return settings


def run_import(settings: Path, files: Iterable[Path], *options: str) -> Run:
    """Run the verb in a process of its own and charge it."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway.cli", "-s", str(settings), "redirects", "import",
             "--json", "--skip-bad-rows", *options, *map(str, files)],
            stdout=output, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"hopnhat redirects import ended with {process.returncode}")
        output.seek(0)
        counts = json.loads(output.read())
    del counts["files"]
    return Run(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, counts)


def _host(address: str) -> str:
    try:
        return parse_url(address).host
    except UrlError:
        return ""


def prepare(folder: Path) -> tuple[Path, list[Path]]:
    """Unpack the tables and make an empty catalogue that knows their hosts: settings, tables."""
    files = unpack(folder / "govuk")
    settings = write_settings(folder, files)
    (folder / "data").mkdir()
    subprocess.run(
        [sys.executable, "-m", "gateway.cli", "-s", str(settings), "migrate"], check=True,
        capture_output=True,
    )  # fmt: skip
    return settings, files


def measure(folder: Path) -> dict[str, Run]:
    """Import everything into an empty catalogue, and once more."""
    settings, files = prepare(folder)
    return {
        "tried (--dry-run)": run_import(settings, files, "--dry-run"),
        "into an empty catalogue": run_import(settings, files),
        "once more": run_import(settings, files),
    }


def main() -> None:
    """Run the verb three times."""
    if not GOVUK.is_dir():
        print(f"not measured: {GOVUK} is not there", file=sys.stderr)
        print_line("importing", {"govuk_import_cpu_s": None})
        return
    with tempfile.TemporaryDirectory() as name:
        runs = measure(Path(name))
    shown = ("new", "same", "conflict", "refused")
    rows = [
        [name, f"{run.cpu_s:.1f}", f"{run.memory_mb:.0f}", *(str(run.counts[one]) for one in shown)]
        for name, run in runs.items()
    ]
    print_table("Importing GOV.UK's 322,450 rows", ["", "CPU s", "MB", *shown], rows)
    first = runs["into an empty catalogue"]
    print_line(
        "importing",
        {"govuk_import_cpu_s": first.cpu_s, "govuk_again_cpu_s": runs["once more"].cpu_s},
    )


if __name__ == "__main__":
    main()
