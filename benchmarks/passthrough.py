"""What a passed-on API call costs: the real site beside nginx's proxy_pass, same upstream, one run.

CPU time of the proxying process alone, in turns A B A B, over kept connections on both sides. The
upstream is another nginx that answers from disk.
"""

from __future__ import annotations

import http.client
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.measure import (
    cpu_seconds,
    free_port,
    print_line,
    print_table,
    private_mb,
    ratio,
)
from catalogue.migrating import migrate

ROUNDS = 5
SECONDS = 2
CONNECTIONS = 32
HOST = "www.haiduong.gov.vn"
SIZES = {"1k": 1_000, "64k": 64_000, "10m": 10_000_000}


@dataclass(frozen=True)
class Proxy:
    """A running proxy: which process to charge, and where it listens."""

    name: str
    pid: int
    port: int


@dataclass(frozen=True)
class Load:
    """What one load of a proxy showed."""

    cpu_us: float
    p99_ms: float


@contextmanager
def running(command: Sequence[str], name: str, port: int, log: Path) -> Iterator[Proxy]:
    """Start a server, wait until it passes a call on, and end it."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        wait_for_answer(process, port, log)
        yield Proxy(name, process.pid, port)
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait_for_answer(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Poll until a call is answered whole."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/api/1k", headers={"Host": HOST})
            answer = connection.getresponse()
            if answer.status == 200 and len(answer.read()) == SIZES["1k"]:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise SystemExit(f"nothing is passed on at port {port}:\n{log.read_text()[-3000:]}")


def nginx(folder: Path, name: str, http_part: str) -> list[str]:
    """Write a configuration of one process and give the command that runs it."""
    place = folder / name
    place.mkdir()
    config = place / "nginx.conf"
    config.write_text(
        f"""daemon off; master_process off; worker_processes 1; pid {place}/nginx.pid;
error_log {place}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 100000000; keepalive_timeout 75;
  client_body_temp_path {place}; proxy_temp_path {place}; fastcgi_temp_path {place};
  uwsgi_temp_path {place}; scgi_temp_path {place};
  {http_part}
}}
"""
    )
    return ["nginx", "-p", str(place), "-c", str(config)]


def upstream_command(folder: Path, port: int) -> list[str]:
    """The server that answers: files from disk."""
    files = folder / "files" / "api"
    files.mkdir(parents=True)
    for name, size in SIZES.items():
        (files / name).write_bytes(b"x" * size)
    return nginx(
        folder,
        "upstream",
        f"open_file_cache max=100; server {{ listen 127.0.0.1:{port}; root {files.parent}; }}",
    )


def nginx_command(folder: Path, port: int, upstream: int) -> list[str]:
    """nginx as a proxy, told the same about callers as ours tells."""
    return nginx(
        folder,
        "proxy",
        f"""upstream api {{ server 127.0.0.1:{upstream}; keepalive 64; }}
  server {{
    listen 127.0.0.1:{port}; server_name {HOST};
    location /api/ {{
      proxy_pass http://api; proxy_http_version 1.1;
      proxy_set_header Connection ""; proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme; proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header Via "1.1 nginx";
    }}
  }}""",
    )


def site_command(folder: Path, port: int, upstream: int) -> list[str]:
    """The real public site with one route."""
    data = folder / "data"
    data.mkdir()
    migrate(f"sqlite:///{data / 'catalogue.db'}")
    settings = folder / "hopnhat.toml"
    settings.write_text(
        f"""data = "{data}"
[portal]
url = "http://127.0.0.1:8080"
hosts = ["127.0.0.1"]
[[site]]
name = "haiduong"
title = "Cổng Thông tin điện tử tỉnh Hải Dương"
host = "{HOST}"
[[route]]
name = "api"
host = "{HOST}"
path = "/api/*"
upstream = "http://127.0.0.1:{upstream}"
"""
    )
    return [sys.executable, "-m", "benchmarks.serve_site", str(settings), str(port)]


def load(proxy: Proxy, size: str) -> Load:
    """Load a proxy for a moment and charge it."""
    before = cpu_seconds(proxy.pid)
    output = subprocess.run(
        ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "--latency", "-H", f"Host: {HOST}",
         f"http://127.0.0.1:{proxy.port}/api/{size}"],
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
            load(proxy, size)  # warm both alike
        for _ in range(ROUNDS):
            for proxy in proxies:
                figures.setdefault(f"{proxy.name} {size}", []).append(load(proxy, size))
    return figures


def beside(peer: Proxy, key: str) -> str:
    """The peer's figures of the same size."""
    return f"{peer.name} {key.rpartition(' ')[2]}"


def main() -> None:
    """Run both proxies on one upstream; needs nginx and wrk."""
    missing = [program for program in ("nginx", "wrk") if shutil.which(program) is None]
    if missing:
        raise SystemExit(f"{' and '.join(missing)} missing")
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        ports = [free_port() for _ in range(3)]

        def start(command: list[str], name: str, port: int) -> Proxy:
            return stack.enter_context(running(command, name, port, folder / f"{port}.log"))

        start(upstream_command(folder, ports[0]), "upstream", ports[0])
        site = start(site_command(folder, ports[1], ports[0]), "hopnhat", ports[1])
        peer = start(nginx_command(folder, ports[2], ports[0]), "nginx proxy_pass", ports[2])
        before = private_mb(site.pid)
        figures = measure([site, peer])
        growth = private_mb(site.pid) - before
    cpu = {key: [one.cpu_us for one in loads] for key, loads in figures.items()}
    tails = {key: [one.p99_ms for one in loads] for key, loads in figures.items()}
    print_table(
        f"A passed-on call, one process, {CONNECTIONS} connections",
        ["", "CPU µs a call", "× nginx", "p99 ms"],
        [
            [key, f"{median(values):.1f}", f"{ratio(values, cpu[beside(peer, key)]):.2f}",
             f"{median(tails[key]):.1f}"]
            for key, values in cpu.items()
        ],
    )  # fmt: skip
    ratios = {
        f"cpu_{size}_vs_nginx": ratio(cpu[f"{site.name} {size}"], cpu[f"{peer.name} {size}"])
        for size in SIZES
    }
    print_line(
        "passthrough",
        {
            **ratios,
            "p99_vs_nginx": ratio(tails[f"{site.name} 1k"], tails[f"{peer.name} 1k"]),
            "cpu_us_1k": median(cpu[f"{site.name} 1k"]),
            "growth_mb": growth,
        },
    )


if __name__ == "__main__":
    main()
