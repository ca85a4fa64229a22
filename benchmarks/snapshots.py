"""What a snapshot of a million decisions costs: to compile, to hold, to open, and to swap.

`python -m benchmarks.snapshots [--ten]`; with `--ten` also ten millions, from memory to file.
CPU time and memory are those of processes of their own, as `gateway.compiling` starts them.
"""

from __future__ import annotations

import http.client
import json
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from statistics import median
from urllib.parse import quote

from sqlalchemy import insert, update

from benchmarks.measure import free_port, print_line, print_table, private_mb, write_requests
from benchmarks.redirects.decisions import HOST, MILLION, PORTAL, SITE, mappings, path_of
from catalogue.database import current_revision, open_database
from catalogue.mappings import mapping_values
from catalogue.migrating import migrate
from catalogue.schema import mapping as mapping_table
from catalogue.schema import revision as revision_table
from catalogue.sites import Sites as KeptSites
from gateway.publishing import ground_of, snapshot_path
from gateway.settings.whole import load_settings
from redirects.entry import digest
from redirects.mapping import CanonicalUrl, Mapping, MappingKind
from redirects.snapshot import open_snapshot

SWAPS = 20
_AT_ONCE = 50_000
_LOOKUPS = 100_000
_LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)

COMPILE = """
import gc, json, resource, sys, time
from pathlib import Path
from catalogue.database import open_database
from gateway.publishing import ground_of, publish
from gateway.settings.whole import load_settings
gc.disable()
settings = load_settings(Path(sys.argv[1]))
database = open_database(settings.database_url, read_only=True)
started = time.process_time()
report = publish(database, ground_of(settings), directory=settings.snapshot_directory)
spent = time.process_time() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps([str(report.path), spent, peak]))
"""
_COMPILE_FROM_MEMORY = """
import gc, json, resource, sys, time
from pathlib import Path
from benchmarks.redirects.decisions import PORTAL, SITE, mappings
from redirects.snapshot import compile_snapshot
gc.disable()
started = time.process_time()
report = compile_snapshot(
    Path(sys.argv[1]), portal=PORTAL, sites=[SITE], mappings=mappings(int(sys.argv[2])), rules=[],
    routes=[], archived=[], locate=lambda _: None, revision=1,
)
spent = time.process_time() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps([str(report.path), spent, peak]))
"""


def workplace(folder: Path, count: int) -> Path:
    """Fill a catalogue with decisions and write the settings of a site that serves it."""
    data = folder / "data"
    data.mkdir(parents=True)
    url = f"sqlite:///{data / 'catalogue.db'}"
    migrate(url)
    database = open_database(url)
    with database.writing() as connection:
        more = {"site_id": KeptSites(connection).keep(SITE), "state": "active"}
        more |= {"source": "import", "updated_at": _LONG_AGO}
        rest = ({**mapping_values(item), **more} for item in mappings(count))
        while rows := list(islice(rest, _AT_ONCE)):
            connection.execute(insert(mapping_table), rows)
    database.close()
    settings = folder / "hopnhat.toml"
    settings.write_text(
        f"""data = "{data}"
[portal]
url = "{PORTAL.url}"
hosts = ["127.0.0.1"]
[[site]]
name = "{SITE.name}"
title = "{SITE.title}"
host = "{HOST}"
"""
    )
    return settings


def compiled(program: str, *arguments: str) -> tuple[Path, float, float]:
    """Compile in a process of its own: the file, CPU seconds and peak megabytes."""
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], check=True, capture_output=True, text=True
    )
    path, spent, peak = json.loads(done.stdout)
    return Path(path), spent, peak


def lookup_us(path: Path, count: int) -> float:
    """CPU microseconds a look-up of keys that are there, in an order no cache expects."""
    snapshot = open_snapshot(path)
    step = max(1, count // _LOOKUPS)
    keys = [digest(HOST + path_of(number * step)) for number in range(min(count, _LOOKUPS))]
    keys = keys[::2] + keys[1::2]
    figures = []
    look = snapshot._cdb.get  # noqa: SLF001 - the one look-up of a request, by itself
    for _ in range(5):
        started = time.process_time()
        for key in keys:
            look(key)
        figures.append((time.process_time() - started) / len(keys) * 1e6)
    assert look(keys[0]) is not None
    snapshot.close()
    return median(figures)


def open_ms(path: Path) -> float:
    """Milliseconds until a file is open and its resolver built."""
    figures = []
    for _ in range(5):
        started = time.perf_counter()
        snapshot = open_snapshot(path)
        snapshot.resolver()
        figures.append((time.perf_counter() - started) * 1e3)
        snapshot.close()
    return median(figures)


@contextmanager
def serving(settings: Path, asked: str, status: int) -> Iterator[tuple[int, int, float]]:
    """Serve a site: its process, its port, and the seconds until it answered."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.serve_site", str(settings), str(port)]
    started = time.monotonic()
    with (settings.parent / "site.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        while answered(port, asked) != status:
            assert process.poll() is None, (settings.parent / "site.log").read_text()[-2000:]
            assert time.monotonic() - started < 120, "the site does not answer"
            time.sleep(0.01)
        yield process.pid, port, time.monotonic() - started
    finally:
        process.terminate()
        process.wait(timeout=30)


def answered(port: int, path: str) -> int | None:
    """The status of one request; None where nobody listens yet."""
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", quote(path), headers={"Host": HOST})
        status = connection.getresponse().status
        connection.close()
    except OSError:
        return None
    return status


def load_script(folder: Path, name: str, numbers: range) -> Path:
    """What wrk asks for: the addresses of these numbers."""
    paths = (quote(path_of(number)) for number in numbers)
    requests = [f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n" for path in paths]
    return write_requests(folder, name, requests)


def load(port: int, script: Path, seconds: int) -> tuple[int, int]:
    """Ask with wrk; requests made, and those that failed in any way."""
    output = subprocess.run(
        ["wrk", "-t1", "-c16", f"-d{seconds}s", "-s", str(script), f"http://127.0.0.1:{port}"],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    made = re.search(r"(\d+) requests in", output)
    assert made, output
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    broken = re.search(r"connect (\d+), read (\d+), write (\d+), timeout (\d+)", output)
    failed = int(wrong[1]) if wrong else 0
    return int(made[1]), failed + (sum(map(int, broken.groups())) if broken else 0)


def swap_under_load(
    settings_file: Path, port: int, script: Path, *, swaps: int
) -> tuple[float, int, int]:
    """Let new snapshots appear under load: median seconds until live, requests, failures.

    The files are made beforehand, two in turns that differ in one address.
    """
    settings = load_settings(settings_file)
    ground = ground_of(settings)
    database = open_database(settings.database_url)
    probe = "/khong-co-truoc-day"
    files = [compiled(COMPILE, str(settings_file))[0]]
    with database.writing() as connection:
        key = CanonicalUrl(f"{HOST}{probe}")
        extra = mapping_values(Mapping(key, f"http://{key}", MappingKind.MOVED, "/moi"))
        extra |= {"site_id": 1, "state": "active", "source": "import", "updated_at": _LONG_AGO}
        connection.execute(insert(mapping_table).values(extra))
        now = current_revision(connection)
    spare = [settings_file.parent / "without.snapshot", settings_file.parent / "with.snapshot"]
    shutil.copy(files[0], spare[0])
    files[0].unlink()
    shutil.copy(compiled(COMPILE, str(settings_file))[0], spare[1])
    outcome: list[tuple[int, int]] = []
    loading = threading.Thread(target=lambda: outcome.append(load(port, script, swaps * 2)))
    loading.start()
    waits = []
    for swap in range(1, swaps + 1):
        path = snapshot_path(settings.snapshot_directory, now + swap, ground)
        beside = path.with_suffix(".copy")
        shutil.copy(spare[swap % 2], beside)
        beside.rename(path)
        with database.writing() as connection:
            connection.execute(update(revision_table).values(number=now + swap))
        started = time.monotonic()
        expected = 301 if swap % 2 else 404
        while answered(port, probe) != expected:
            assert time.monotonic() - started < 30, "the new snapshot is not served"
            time.sleep(0.02)
        waits.append(time.monotonic() - started)
        time.sleep(0.5)
    loading.join()
    database.close()
    return median(waits), outcome[0][0], outcome[0][1]


def measure_million(folder: Path, *, count: int = MILLION, swaps: int = SWAPS) -> dict[str, float]:
    """All figures of a million decisions, or of fewer for a quick look."""
    empty = workplace(folder / "empty", 0)
    full = workplace(folder / "full", count)
    path, spent, peak = compiled(COMPILE, str(full))
    script = load_script(folder, "decided", range(0, count, 10))
    # Both write the page of an address nobody decided: its parts are no memory of decisions.
    undecided = load_script(folder, "undecided", range(count, count + 1))
    with serving(empty, "/x", 404) as (pid, port, empty_ready):
        load(port, undecided, 3)
        empty_mb = private_mb(pid)
    with serving(full, path_of(7), 301) as (pid, port, ready):
        load(port, undecided, 3)
        load(port, script, 5)
        full_mb = private_mb_beside_another(pid, path)
        swap_ready, made, failed = swap_under_load(full, port, script, swaps=swaps)
    print(f"{made:,} requests during {swaps} swaps, {failed} failed")
    return {
        "compile_cpu_s_1m": spent,
        "compile_peak_mb_1m": peak,
        "file_mb_1m": path.stat().st_size / 1e6 if path.exists() else file_mb(folder),
        "lookup_us_1m": lookup_us(folder / "full" / "with.snapshot", count),
        "open_ms_1m": open_ms(folder / "full" / "with.snapshot"),
        "private_mb_1m": full_mb - empty_mb,
        "ready_s_1m": ready - empty_ready,
        "swap_ready_s_1m": swap_ready,
        "failed_in_swaps": failed,
    }


def private_mb_beside_another(pid: int, path: Path) -> float:
    """Private memory of a worker while another process maps the same file, as workers do.

    The pages of the file are then nobody's own; alone, the kernel counts them as the worker's.
    """
    snapshot = open_snapshot(path)
    snapshot.verify()  # touches every page
    private = private_mb(pid)
    snapshot.close()
    return private


def file_mb(folder: Path) -> float:
    """Megabytes of the file with all decisions."""
    return (folder / "full" / "with.snapshot").stat().st_size / 1e6


def measure_from_memory(folder: Path, count: int) -> list[str]:
    """A row of the table: decisions, CPU to build, peak, file, look-up, open."""
    path, spent, peak = compiled(
        _COMPILE_FROM_MEMORY, str(folder / f"{count}.snapshot"), str(count)
    )
    row = [f"{count:,}", f"{spent:.1f}", f"{peak:.0f}", f"{path.stat().st_size / 1e6:.0f}"]
    row += [f"{lookup_us(path, count):.2f}", f"{open_ms(path):.1f}"]
    path.unlink()
    return row


def main() -> None:
    """Measure and print."""
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        figures = measure_million(folder)
        print_table(
            "One million decisions",
            ["", ""],
            [[key, f"{value:.4g}"] for key, value in figures.items()],
        )
        counts = (MILLION, 10 * MILLION) if "--ten" in sys.argv[1:] else (MILLION,)
        print_table(
            "From memory to file",
            ["decisions", "build CPU s", "peak MB", "file MB", "look-up µs", "open ms"],
            [measure_from_memory(folder, count) for count in counts],
        )
    print_line("snapshots", figures)


if __name__ == "__main__":
    main()
