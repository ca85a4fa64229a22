"""A web server in the contest: started, asked until it redirects, loaded, charged, and ended."""

from __future__ import annotations

import http.client
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from benchmarks.measure import tree_cpu_seconds
from benchmarks.redirects.decisions import HOST, location_of, path_of

CONNECTIONS = 16


@dataclass(frozen=True)
class Server:
    """A running web server: whose tree to charge, where it listens, how long its start took."""

    name: str
    pid: int
    port: int
    start_s: float


@dataclass(frozen=True)
class Load:
    """What wrk asks a server for: distinct paths, all of them decided or every other one."""

    script: Path
    asked: int
    share_of_hits: float


@contextmanager
def running(command: Sequence[str], name: str, port: int, log: Path) -> Iterator[Server]:
    """Start a server, wait for its first redirect, and end it."""
    home = {**os.environ, "XDG_DATA_HOME": str(log.parent), "XDG_CONFIG_HOME": str(log.parent)}
    home["GOMAXPROCS"] = "1"
    started = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=home)
    try:
        wait_for_redirect(process, name, port)
        yield Server(name, process.pid, port, time.monotonic() - started)
    except BaseException:
        print(log.read_text()[-4000:], file=sys.stderr)
        raise
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait_for_redirect(process: subprocess.Popen[bytes], name: str, port: int) -> None:
    """Poll until a decided address is answered rightly."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"{name} ended with {process.returncode}")
        if answer_of(port, path_of(7)) == (301, location_of(7)):
            return
        time.sleep(0.02)
    raise SystemExit(f"{name} does not answer 301 to {location_of(7)}")


def answer_of(port: int, path: str) -> tuple[int, str | None] | None:
    """Status and `Location` of one request; None where nobody listens yet."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", quote(path), headers={"Host": HOST})
        answer = connection.getresponse()
    except OSError:
        return None
    else:
        return answer.status, answer.getheader("Location")
    finally:
        connection.close()


def write_load(folder: Path, name: str, paths: Sequence[str], *, share_of_hits: float) -> Load:
    """Write what wrk asks for; its argument says where in the list a round begins."""
    listing = folder / f"{name}.paths"
    listing.write_text("\n".join(paths) + "\n")
    script = folder / f"{name}.lua"
    script.write_text(
        f"""local requests, at = {{}}, 0
function init(args)
  at = tonumber(args[1])
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
    return Load(script, len(paths), share_of_hits)


def cpu_us_a_request(server: Server, load: Load, *, seconds: int, begin: int) -> float:
    """Load a server for a moment and charge its whole tree; wrong answers are an error."""
    before = tree_cpu_seconds(server.pid)
    output = subprocess.run(
        ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(load.script),
         f"http://127.0.0.1:{server.port}", "--", str(begin)],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    spent = tree_cpu_seconds(server.pid) - before
    found = re.search(r"(\d+) requests in", output)
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    asked, missed = int(found[1]) if found else 0, int(wrong[1]) if wrong else 0
    expected = asked * (1 - load.share_of_hits)
    if not asked or abs(missed - expected) > 2 * CONNECTIONS + asked / 1000:
        raise SystemExit(f"{server.name} does not answer {load.script.stem} rightly:\n{output}")
    return spent / asked * 1e6
