"""What reading access logs costs: memory at 100 MB and at 2 GB of log, and lines a CPU second.

Another size in MB may be named: `python -m benchmarks.traffic 400`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import print_line

_SMALL_MB = 100
_LARGE_MB = 2_000
_LINES_AT_ONCE = 10_000
_ADDRESSES = 3_000_000
_SETTINGS = """[[site]]
name = "cu"
title = "Cổng cũ"
host = "cu.gov.vn"
"""
_LINE = (
    '203.0.113.7 - - [28/Jun/2025:09:00:01 +0700] "GET /tin-t%E1%BB%A9c/bai-{}.html?utm_source=x '
    'HTTP/1.1" 200 5120 "https://cu.gov.vn/" "Mozilla/5.0 (Windows NT 10.0) Chrome/126.0"\n'
)


def write_log(path: Path, megabytes: int) -> int:
    """Write a log that names as many addresses as a large portal has; return its lines."""
    lines = written = 0
    with path.open("w", encoding="ascii") as file:
        while written < megabytes * 1_000_000:
            chunk = "".join(
                _LINE.format((lines + each) * 7_919 % _ADDRESSES) for each in range(_LINES_AT_ONCE)
            )
            lines, written = lines + _LINES_AT_ONCE, written + file.write(chunk)
    return lines


def read_log(settings: Path, log: Path) -> tuple[float, float]:
    """Import a log without keeping it; return the most memory in MB and the CPU seconds."""
    verb = ["traffic", "import", "cu", str(log), "--dry-run"]
    with subprocess.Popen(
        [sys.executable, "-m", "gateway.cli", "--settings", str(settings), *verb],
        stdout=subprocess.DEVNULL,
    ) as process:
        _pid, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"the import ended with {process.returncode}")
    return usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime


def main() -> None:
    """Read a small log and a large one."""
    large = int(sys.argv[1]) if len(sys.argv) > 1 else _LARGE_MB
    with tempfile.TemporaryDirectory() as folder:
        settings, log = Path(folder) / "hopnhat.toml", Path(folder) / "access.log"
        settings.write_text(_SETTINGS, encoding="utf-8")
        subprocess.run(
            [sys.executable, "-m", "gateway.cli", "--settings", str(settings), "migrate"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        write_log(log, min(_SMALL_MB, large))
        small_mb, _ = read_log(settings, log)
        lines = write_log(log, large)
        large_mb, cpu = read_log(settings, log)
    figures = {
        "peak_mb_small": small_mb,
        "peak_mb_large": large_mb,
        "lines_per_cpu_s": lines / cpu,
    }
    print_line("traffic", figures)


if __name__ == "__main__":
    main()
