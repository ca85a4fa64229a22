"""What a passed-on API call costs: the real site beside nginx, HAProxy and Caddy in one run.

CPU time of the proxying process alone, in turns A B A B, over kept connections on both sides. The
upstream is another nginx that answers from disk.
"""

from __future__ import annotations

import http.client
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from threading import Event

from benchmarks.measure import (
    cpu_seconds,
    free_port,
    print_line,
    print_table,
    private_mb,
    ratio,
)
from benchmarks.passthrough_addresses import decide, write_look_ups, write_redirects
from benchmarks.passthrough_servers import (
    GIGABYTE,
    HOST,
    SIZES,
    Proxy,
    caddy_command,
    haproxy_command,
    nginx_command,
    running,
    site_command,
    upstream_command,
)

ROUNDS = 5
SECONDS = 2
CONNECTIONS = 32
STALLED = 20
SLOW_CALLS = 200


@dataclass(frozen=True)
class Load:
    """What one load of a proxy showed."""

    cpu_us: float
    p99_ms: float


def load(proxy: Proxy, asked: str | Path) -> Load:
    """Load a proxy for a moment and charge it. `asked` is one path, or a script of many."""
    before = cpu_seconds(proxy.pid)
    origin = f"http://127.0.0.1:{proxy.port}"
    what = ["-s", str(asked), origin] if isinstance(asked, Path) else [origin + asked]
    output = subprocess.run(
        ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "--latency",
         "-H", f"Host: {HOST}", *what],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    spent = cpu_seconds(proxy.pid) - before
    found = re.search(r"(\d+) requests in", output)
    assert found, output
    assert "Non-2xx" not in output, output
    tail = re.search(r"99%\s+([\d.]+)(us|ms|s)", output)
    assert tail, output
    factor = {"us": 0.001, "ms": 1.0, "s": 1000.0}[tail[2]]
    return Load(spent / int(found[1]) * 1e6, float(tail[1]) * factor)


def measure(proxies: Sequence[Proxy]) -> dict[str, list[Load]]:
    """Load each proxy with each size, in turns."""
    figures: dict[str, list[Load]] = {}
    for size in SIZES:
        for proxy in proxies:
            load(proxy, f"/api/{size}")  # warm both alike
        for _ in range(ROUNDS):
            for proxy in proxies:
                figures.setdefault(f"{proxy.name} {size}", []).append(load(proxy, f"/api/{size}"))
    return figures


def growth_of_a_gigabyte(proxy: Proxy) -> float:
    """Megabytes that a process grows by at most while one body of a gigabyte passes through."""
    before = most = private_mb(proxy.pid)
    url = f"http://127.0.0.1:{proxy.port}/api/1g"
    command = ["curl", "-sf", "-o", "/dev/null", "-w", "%{size_download}", "-H", f"Host: {HOST}"]
    with subprocess.Popen([*command, url], stdout=subprocess.PIPE, text=True) as client:
        while client.poll() is None:
            most = max(most, private_mb(proxy.pid))
            time.sleep(0.02)
        assert client.stdout is not None
        assert int(client.stdout.read()) == GIGABYTE
    return most - before


@contextmanager
def calls(proxy: Proxy, path: str, number: int) -> Iterator[None]:
    """Hold calls open whose answers nobody reads."""
    with ExitStack() as stack:
        for _ in range(number):
            client = stack.enter_context(socket.socket())
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
            client.connect(("127.0.0.1", proxy.port))
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        yield


def held_by_a_stalled_client(proxy: Proxy) -> float:
    """Megabytes held for each client that asks for ten and reads nothing."""
    before = private_mb(proxy.pid)
    with calls(proxy, "/api/10m", STALLED):
        time.sleep(2)
        return (private_mb(proxy.pid) - before) / STALLED


def slow_calls(proxy: Proxy) -> AbstractContextManager[None]:
    """Hold many calls open to a server that never answers."""
    return calls(proxy, "/slow/x", SLOW_CALLS)


@contextmanager
def calls_to_the_dead(proxy: Proxy) -> Iterator[None]:
    """Call a server that is gone, a hundred times a second."""
    done = Event()

    def call() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=10)
        while not done.wait(0.01):
            connection.request("GET", "/dead/x", headers={"Host": HOST})
            answer = connection.getresponse()
            assert answer.status in {502, 503}, answer.status
            answer.read()

    with ThreadPoolExecutor(1) as pool:
        calling = pool.submit(call)
        try:
            yield
        finally:
            done.set()
            calling.result()


def tail_beside(
    proxy: Proxy, asked: str | Path, others: Callable[[Proxy], AbstractContextManager[None]]
) -> float:
    """How much longer the 99th percentile is beside other calls, in turns without them."""
    alone: list[float] = []
    beside_calls: list[float] = []
    load(proxy, asked)
    for _ in range(ROUNDS):
        alone.append(load(proxy, asked).p99_ms)
        with others(proxy):
            time.sleep(0.5)
            beside_calls.append(load(proxy, asked).p99_ms)
    return ratio(beside_calls, alone)


def look_up_beside_redirect(proxy: Proxy, look_ups: Path, redirects: Path) -> float:
    """What a look-up of a unit by code and day costs in redirects, in turns."""
    figures: dict[Path, list[float]] = {look_ups: [], redirects: []}
    for is_measured in (False, *[True] * ROUNDS):
        for asked, costs in figures.items():
            cost = load(proxy, asked).cpu_us
            if is_measured:
                costs.append(cost)
    return ratio(figures[look_ups], figures[redirects])


def register_load_ms() -> float:
    """Milliseconds of a new process in which the register of units is read."""
    program = (
        "import time; from catalogue.units.register import load_register; "
        "started = time.perf_counter(); load_register(); print(time.perf_counter() - started)"
    )
    command = [sys.executable, "-c", program]
    times = [
        float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        for _ in range(ROUNDS)
    ]
    return median(times) * 1000


@contextmanager
def never_answering() -> Iterator[int]:
    """Listen and say nothing: the kernel alone takes connections and what they bring."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listening:
        yield int(listening.getsockname()[1])


def main() -> None:
    """Run all proxies on one upstream."""
    programs = ("nginx", "haproxy", "caddy", "wrk", "curl")
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        raise SystemExit(f"{' and '.join(missing)} missing")
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        ports = [free_port() for _ in range(5)]
        slow = stack.enter_context(never_answering())

        def start(command: list[str], name: str, port: int) -> Proxy:
            return stack.enter_context(running(command, name, port, folder / f"{port}.log"))

        up = ports[0]
        start(upstream_command(folder, up), "upstream", up)
        command = site_command(folder, ports[1], up, slow)
        decide(folder / "data", datetime.now(UTC))
        site = start(command, "hopnhat", ports[1])
        peers = {
            "nginx": start(nginx_command(folder, ports[2], up), "nginx", ports[2]),
            "haproxy": start(haproxy_command(folder, ports[3], up), "haproxy", ports[3]),
            "caddy": start(caddy_command(folder, ports[4], up), "caddy", ports[4]),
        }
        figures = measure([site, *peers.values()])
        growth = growth_of_a_gigabyte(site)
        stalled = held_by_a_stalled_client(site)
        redirects = write_redirects(folder)
        slow_beside = {
            "redirect_p99_with_slow_calls": tail_beside(site, redirects, slow_calls),
            "call_p99_with_slow_calls": tail_beside(site, "/api/1k", slow_calls),
            "dead_upstream_p99_ratio": tail_beside(site, "/api/1k", calls_to_the_dead),
        }
        look_up = look_up_beside_redirect(site, write_look_ups(folder), redirects)
    cpu = {key: [one.cpu_us for one in loads] for key, loads in figures.items()}
    tails = {key: [one.p99_ms for one in loads] for key, loads in figures.items()}
    print_table(
        f"A passed-on call, one process, {CONNECTIONS} connections",
        ["", "CPU µs a call", "× nginx", "p99 ms"],
        [
            [key, f"{median(values):.1f}",
             f"{ratio(values, cpu['nginx ' + key.rpartition(' ')[2]]):.2f}",
             f"{median(tails[key]):.1f}"]
            for key, values in cpu.items()
        ],
    )  # fmt: skip
    ratios = {
        f"cpu_{size}_vs_{peer}": ratio(cpu[f"hopnhat {size}"], cpu[f"{peer} {size}"])
        for size in SIZES
        for peer in peers
    }
    print_line(
        "passthrough",
        {
            **ratios,
            "p99_vs_nginx": ratio(tails["hopnhat 1k"], tails["nginx 1k"]),
            "cpu_us_1k": median(cpu["hopnhat 1k"]),
            "growth_mb_1gb": growth,
            "stalled_client_mb": stalled,
            **slow_beside,
            "unit_lookup_vs_redirect": look_up,
            "register_load_ms": register_load_ms(),
        },
    )


if __name__ == "__main__":
    main()
