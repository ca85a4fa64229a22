"""What a redirect costs: in the process, and over HTTP beside nginx's map, in one run.

100,000 mappings with Vietnamese paths; every address asked for is distinct, spelled as browsers
send it; CPU time of the server process alone, in turns A B A B. Run it as a module
(`python -m benchmarks.redirects`): as a script it would hide the room of the same name.
"""

from __future__ import annotations

import http.client
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from urllib.parse import quote

from sqlalchemy import insert

from benchmarks.measure import (
    cpu_seconds,
    measure_in_turns,
    print_line,
    print_table,
    private_mb,
    ratio,
)
from catalogue.database import open_database
from catalogue.mappings import mapping_values
from catalogue.migrating import migrate
from catalogue.schema import mapping as mapping_table
from catalogue.sites import Sites as KeptSites
from redirects.mapping import CanonicalUrl, Mapping, MappingKind
from redirects.resolution import Moved, Request, Unresolved
from redirects.resolver import Resolver
from redirects.site import Portal, Site
from redirects.snapshot import compile_snapshot, open_snapshot

MAPPINGS = 100_000
ROUNDS = 5
SECONDS = 2
CONNECTIONS = 16
HOST = "haiduong.gov.vn"
SITE = Site("haiduong", "Tỉnh Hải Dương", HOST)
PORTAL = Portal("http://127.0.0.1:8080", ("127.0.0.1",))
LOADS = ("hits", "half")


@dataclass(frozen=True)
class Server:
    """A running web server: which process to charge, and where it listens."""

    name: str
    pid: int
    port: int


def path_of(number: int) -> str:
    """A path as a Vietnamese portal writes it."""
    return f"/tin-tức/đại-hội-đảng-bộ-xã-gia-lộc-{number}.html"


def target_of(number: int) -> str:
    """Where it leads."""
    return f"/tai-lieu/{number}"


def mappings() -> Iterator[Mapping]:
    """All decisions of the bench."""
    for number in range(MAPPINGS):
        path = path_of(number)
        key, raw = CanonicalUrl(HOST + path), f"http://{HOST}{quote(path)}"
        yield Mapping(key, raw, MappingKind.MOVED, target_of(number))


def paths(load: str) -> list[str]:
    """Distinct paths to ask for; of "half" every other one is mapped."""
    every = 1 if load == "hits" else 2
    return [quote(path_of(n if n % every == 0 else n + MAPPINGS)) for n in range(MAPPINGS)]


def measure_in_process(folder: Path) -> dict[str, float]:
    """CPU microseconds a resolve, without any HTTP."""
    started = time.process_time()
    report = compile_snapshot(
        folder / "bench.snapshot",
        portal=PORTAL,
        sites=[SITE],
        mappings=mappings(),
        rules=[],
        routes=[],
        archived=[],
        locate=lambda _: None,
        revision=1,
    )
    compiled = time.process_time() - started
    snapshot = open_snapshot(report.path)
    resolver = snapshot.resolver()
    hits = [Request(HOST, path.encode()) for path in paths("hits")[:20_000]]
    misses = [Request(HOST, path.encode()) for path in paths("half")[1:40_000:2]]
    assert all(isinstance(resolver.resolve(request), Moved) for request in hits)
    assert all(isinstance(resolver.resolve(request), Unresolved) for request in misses)
    figures = measure_in_turns(
        {"hit": resolve_all(resolver, hits), "miss": resolve_all(resolver, misses)}, calls=20_000
    )
    snapshot.close()
    return {
        "resolve_us_hit": median(figures["hit"]),
        "resolve_us_miss": median(figures["miss"]),
        "compile_cpu_s": compiled,
    }


def resolve_all(resolver: Resolver, requests: Sequence[Request]) -> Callable[[], object]:
    """A contender that resolves them all."""
    return lambda: [resolver.resolve(request) for request in requests]


@contextmanager
def running(command: Sequence[str], name: str, port: int, log: Path) -> Iterator[Server]:
    """Start a server, wait for its first redirect, and end it."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        wait_for_redirect(process, port)
        yield Server(name, process.pid, port)
    except BaseException:
        print(log.read_text()[-4000:], file=sys.stderr)
        raise
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait_for_redirect(process: subprocess.Popen[bytes], port: int) -> None:
    """Poll until a mapped address is answered rightly."""
    expected = PORTAL.url + target_of(7)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"the server on port {port} ended with {process.returncode}")
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", quote(path_of(7)), headers={"Host": HOST})
            answer = connection.getresponse()
        except OSError:
            time.sleep(0.1)
            continue
        if (answer.status, answer.getheader("Location")) == (301, expected):
            return
        time.sleep(0.2)
    raise SystemExit(f"the server on port {port} does not answer 301 to {expected}")


def nginx_command(folder: Path, port: int) -> list[str]:
    """Write a configuration with one map of all decisions, as nginx's manual advises."""
    rows = "".join(
        f'"{path_of(number)}" "{PORTAL.url}{target_of(number)}";\n' for number in range(MAPPINGS)
    )
    (folder / "map.conf").write_text(rows)
    config = folder / "nginx.conf"
    config.write_text(
        f"""daemon off; master_process off; worker_processes 1; pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
  access_log off; keepalive_requests 100000000; keepalive_timeout 75;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  map_hash_max_size 2097152; map_hash_bucket_size 512;
  map $uri $target {{ default ""; include {folder}/map.conf; }}
  server {{
    listen 127.0.0.1:{port}; server_name {HOST};
    location / {{ if ($target) {{ return 301 $target; }} return 404; }}
  }}
}}
"""
    )
    return ["nginx", "-p", str(folder), "-c", str(config)]


def site_command(folder: Path, port: int) -> list[str]:
    """Fill a catalogue and write the settings of a site that serves it."""
    data = folder / "data"
    url = f"sqlite:///{data / 'catalogue.db'}"
    migrate(url)
    database = open_database(url)
    with database.writing() as connection:
        site_id = KeptSites(connection).keep(SITE)
        more = {"site_id": site_id, "state": "active", "source": "import"}
        more["updated_at"] = datetime.now(UTC)
        connection.execute(
            insert(mapping_table), [{**mapping_values(item), **more} for item in mappings()]
        )
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
    return [sys.executable, "-m", "benchmarks.serve_site", str(settings), str(port)]


def load_script(folder: Path, load: str) -> Path:
    """Write what wrk asks for: each thread walks the whole list."""
    listing = folder / f"{load}.paths"
    listing.write_text("\n".join(paths(load)) + "\n")
    script = folder / f"{load}.lua"
    script.write_text(
        f"""local requests, at = {{}}, 0
function init(args)
  for path in io.lines("{listing}") do
    requests[#requests + 1] = "GET " .. path .. " HTTP/1.1\\r\\nHost: {HOST}\\r\\n\\r\\n"
  end
end
function request()
  at = at % #requests + 1
  return requests[at]
end
"""
    )
    return script


def cpu_us_a_request(server: Server, script: Path) -> float:
    """Load a server for a moment and charge it."""
    before = cpu_seconds(server.pid)
    output = subprocess.run(
        ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-s", str(script),
         f"http://127.0.0.1:{server.port}"],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    spent = cpu_seconds(server.pid) - before
    found = re.search(r"(\d+) requests in", output)
    assert found, output
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    asked, missed = int(found[1]), int(wrong[1]) if wrong else 0
    expected = 0 if script.stem == "hits" else asked / 2
    assert abs(missed - expected) <= CONNECTIONS + asked / 1000, output
    return spent / asked * 1e6


def measure_over_http(folder: Path) -> dict[str, float]:
    """CPU microseconds a request of the real site and of nginx, in turns."""
    scripts = {load: load_script(folder, load) for load in LOADS}
    ports = free_port(), free_port()
    figures: dict[str, list[float]] = {}
    with (
        running(site_command(folder, ports[0]), "hopnhat", ports[0], folder / "site.log") as site,
        running(nginx_command(folder, ports[1]), "nginx map", ports[1], folder / "x.log") as nginx,
    ):
        for load, script in scripts.items():
            for server in (site, nginx):
                cpu_us_a_request(server, script)  # warm both alike
            for _ in range(ROUNDS):
                for server in (site, nginx):
                    figures.setdefault(f"{server.name} {load}", []).append(
                        cpu_us_a_request(server, script)
                    )
        memory = {server.name: private_mb(server.pid) for server in (site, nginx)}
    rows = [
        [f"{name}, {load}", f"{median(figures[f'{name} {load}']):.1f}",
         f"{ratio(figures[f'{name} {load}'], figures[f'nginx map {load}']):.2f}",
         f"{memory[name]:.0f}"]
        for load in LOADS for name in memory
    ]  # fmt: skip
    print_table(
        f"Over HTTP: {MAPPINGS:,} mappings, one process, {CONNECTIONS} connections",
        ["", "CPU µs a request", "× nginx map", "private MB"],
        rows,
    )
    return {
        "cpu_vs_nginx": ratio(figures["hopnhat hits"], figures["nginx map hits"]),
        "cpu_vs_nginx_half": ratio(figures["hopnhat half"], figures["nginx map half"]),
        "cpu_us_hit": median(figures["hopnhat hits"]),
        "cpu_us_half": median(figures["hopnhat half"]),
        "private_mb": memory["hopnhat"],
    }


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> None:
    """Run both halves; the second needs nginx and wrk."""
    missing = [program for program in ("nginx", "wrk") if shutil.which(program) is None]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ.pop("HOPNHAT_DATABASE", None)
        figures = measure_in_process(folder)
        print_table(
            f"Resolving in the process: {MAPPINGS:,} mappings",
            ["", "CPU µs"],
            [
                ["a hit", f"{figures['resolve_us_hit']:.2f}"],
                ["a miss, all rungs", f"{figures['resolve_us_miss']:.2f}"],
            ],
        )
        over_http: dict[str, float] = {}
        if missing:
            print(f"not measured over HTTP: {' and '.join(missing)} missing", file=sys.stderr)
        else:
            over_http = measure_over_http(folder)
    print_line("redirects", {"cpu_vs_nginx": None, **over_http, **figures})


if __name__ == "__main__":
    main()
