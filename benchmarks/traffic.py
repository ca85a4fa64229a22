"""What reading access logs costs: memory at 100 MB and at 2 GB of log, and lines a CPU second.

Another size in MB may be named, `make bench NAME="traffic 10000"`: the size of the log unpacked,
it lies there as gzip. Both verbs that read logs are measured, `traffic import` with all that it
keeps, and `snapshot diff --traffic`.
"""

from __future__ import annotations

import gzip
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import print_line
from gateway.cli.workplace import Workplace
from gateway.publishing import ground_of, publish

_SMALL_MB = 100
_LARGE_MB = 2_000
_LINES_AT_ONCE = 10_000
_ADDRESSES = 3_000_000
_DECISIONS = 1_000
_SETTINGS = """[[site]]
name = "cu"
title = "Cổng cũ"
host = "cu.gov.vn"
"""
_LINE = (
    '203.0.113.7 - - [28/Jun/2025:09:00:01 +0700] "GET {} HTTP/1.1" 200 5120 '
    '"https://cu.gov.vn/" "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/126.0 Safari/537.36"\n'
)
_PAGE = "/tin-t%E1%BB%A9c/bai-{}.html?utm_source=x"
_BESIDE = (_PAGE, "/style/site.css?v=3", _PAGE, "/anh/{}.jpg", _PAGE, "/wp-login.php", _PAGE)
"""Of seven requests four are for pages; the others are what a log is full of besides."""


def lines(chance: random.Random) -> Iterator[str]:
    """Give lines without end; few addresses are asked for often, and very many seldom."""
    while True:
        for path in _BESIDE:
            yield _LINE.format(path.format(int(_ADDRESSES ** chance.random())))


def write_log(path: Path, megabytes: int) -> int:
    """Write a packed log of so many MB unpacked; return its lines."""
    told = lines(random.Random(7))
    count = written = 0
    with gzip.open(path, "wb", compresslevel=1) as file:
        while written < megabytes * 1_000_000:
            chunk = "".join(next(told) for _ in range(_LINES_AT_ONCE))
            count, written = count + _LINES_AT_ONCE, written + file.write(chunk.encode())
    return count


def run(settings: Path, *verb: str) -> tuple[float, float]:
    """Run a verb; return the most memory in MB and the CPU seconds."""
    with subprocess.Popen(
        [sys.executable, "-m", "gateway.cli", "--settings", str(settings), *verb],
        stdout=subprocess.DEVNULL,
    ) as process:
        _pid, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{verb} ended with {process.returncode}")
    return usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime


def snapshots_in(settings: Path) -> tuple[str, str]:
    """Compile two snapshots that answer a thousand addresses differently."""
    found = []
    for target in ("/tin-tuc", "/van-ban"):
        table = settings.parent / "decisions.csv"
        rows = (f"http://cu.gov.vn/tin-tức/bai-{n}.html,301,{target}" for n in range(_DECISIONS))
        table.write_text("\n".join(["old_url,kind,target", *rows]), encoding="utf-8")
        run(settings, "redirects", "import", str(table))
        place = Workplace(settings)
        with place.database(read_only=True) as database:
            directory = place.settings.snapshot_directory
            found.append(publish(database, ground_of(place.settings), directory=directory).path)
    before, after = map(str, found)
    return before, after


def measure(folder: Path, megabytes: int) -> dict[str, float]:
    """Read one log by both verbs, in a catalogue of its own."""
    folder.mkdir()
    settings, log = folder / "hopnhat.toml", folder / "access.log.gz"
    settings.write_text(_SETTINGS, encoding="utf-8")
    run(settings, "migrate")
    count = write_log(log, megabytes)
    import_mb, cpu = run(settings, "traffic", "import", "cu", str(log))
    before, after = snapshots_in(settings)
    diff_mb, diff_cpu = run(
        settings, "snapshot", "diff", before, after, "--traffic", str(log), "--site", "cu"
    )
    log.unlink()
    return {
        "import_peak_mb": import_mb,
        "diff_peak_mb": diff_mb,
        "lines": count,
        "import_lines_per_cpu_s": count / cpu,
        "diff_lines_per_cpu_s": count / diff_cpu,
    }


def main() -> None:
    """Read a small log and a large one."""
    large = int(sys.argv[1]) if len(sys.argv) > 1 else _LARGE_MB
    with tempfile.TemporaryDirectory() as folder:
        figures = {
            f"{name}_{size}": figure
            for size, megabytes in (("small", min(_SMALL_MB, large)), ("large", large))
            for name, figure in measure(Path(folder) / size, megabytes).items()
        }
    print_line("traffic", figures)


if __name__ == "__main__":
    main()
