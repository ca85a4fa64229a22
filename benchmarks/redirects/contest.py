"""Every contender on the same decisions, in turns A B A B, and what each cost beside the others."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import median

from benchmarks.measure import free_port, print_table, private_mb, ratio, tree_pss_mb
from benchmarks.redirects import web_servers
from benchmarks.redirects.contender import (
    CONNECTIONS,
    Load,
    Server,
    cpu_us_a_request,
    running,
    write_load,
)
from benchmarks.redirects.decisions import asked_half, asked_hits
from benchmarks.snapshots import COMPILE, compiled, workplace

OURS, NGINX = "hopnhat", "nginx"
_FEW = 1_000  # what Caddy is given: its map is read from the first row to the last


@dataclass(frozen=True)
class Size:
    """How much is measured: decisions, distinct addresses asked for, rounds, seconds a round."""

    decisions: int
    asked: int
    rounds: int
    seconds: int


@dataclass(frozen=True)
class Peer:
    """Another server: its rows, the command on a port, the loads of its ratio."""

    name: str
    command: Callable[[Path, int, int], list[str] | None]
    loads: Sequence[str]
    rows: int | None = None  # as many as ours where it says nothing


def site_command(folder: Path, port: int, count: int) -> list[str]:
    """Our real public site; its snapshot is there when it starts, as it is for every worker."""
    settings = workplace(folder, count)
    compiled(COMPILE, str(settings))
    return [sys.executable, "-m", "benchmarks.serve_site", str(settings), str(port)]


def by_program(
    name: str, write: Callable[[str, Path, int, int], list[str] | None]
) -> Callable[[Path, int, int], list[str] | None]:
    """The command of a web server; None where its program is missing."""

    def command(folder: Path, port: int, count: int) -> list[str] | None:
        program = web_servers.program_of(name)
        return None if program is None else write(program, folder, port, count)

    return command


def by_gunicorn(framework: str) -> Callable[[Path, int, int], list[str] | None]:
    """The command of a Python peer under gunicorn with one sync worker; None where not installed.

    Its table is written by a process of its own: Django's settings are made once a process.
    """
    module = f"benchmarks.redirects.{framework}_peer"

    def command(folder: Path, port: int, count: int) -> list[str] | None:
        if find_spec(framework) is None or find_spec("gunicorn") is None:
            return None
        table = folder / "redirects.db"
        write = f"from pathlib import Path; from {module} import fill; "
        write += f"fill(Path({str(table)!r}), {count})"
        subprocess.run([sys.executable, "-c", write], check=True)
        return [sys.executable, "-m", "gunicorn", "--workers", "1", "--worker-class", "sync",
                "--bind", f"127.0.0.1:{port}", "--log-level", "warning",
                "--no-control-socket", f"{module}:create({str(table)!r})"]  # fmt: skip

    return command


PEERS = (
    Peer(NGINX, by_program("nginx", web_servers.nginx_command), ("hits", "half")),
    Peer("haproxy", by_program("haproxy", web_servers.haproxy_command), ("hits", "half")),
    Peer("caddy", by_program("caddy", web_servers.caddy_command), ("half",), _FEW),
    Peer("apache", by_program("apache2", web_servers.apache_command), ("half",)),
    Peer("flask", by_gunicorn("flask"), ("half",)),
    Peer("django", by_gunicorn("django"), ("half",)),
)


@dataclass(frozen=True)
class Outcome:
    """CPU microseconds a request, one a round, by server and load; and the servers themselves."""

    cpu_us: Mapping[tuple[str, str], Sequence[float]]
    start_s: Mapping[str, float]
    memory_mb: Mapping[str, float]
    private_mb: float

    def beside(self, peer: str, load: str) -> float | None:
        """Our cost as a multiple of a peer's; None where the peer did not run."""
        theirs = self.cpu_us.get((peer, load))
        return None if theirs is None else ratio(self.cpu_us[OURS, load], theirs)


def run_contest(folder: Path, size: Size) -> Outcome:
    """Start all, load all in turns, and charge them."""
    contenders = (Peer(OURS, site_command, ("hits", "half")), *PEERS)
    with ExitStack() as stack:
        servers: dict[str, Server] = {}
        for peer in contenders:
            place = folder / peer.name
            place.mkdir()
            port = free_port()
            command = peer.command(place, port, peer.rows or size.decisions)
            if command is None:
                print(f"not measured: {peer.name} is not installed", file=sys.stderr)
                continue
            servers[peer.name] = stack.enter_context(
                running(command, peer.name, port, place / "output")
            )
        figures = load_in_turns(folder, size, [one for one in contenders if one.name in servers],
                                servers)  # fmt: skip
        return Outcome(
            figures,
            {name: server.start_s for name, server in servers.items()},
            {name: tree_pss_mb(server.pid) for name, server in servers.items()},
            private_mb(servers[OURS].pid),
        )


def load_in_turns(
    folder: Path, size: Size, peers: Sequence[Peer], servers: Mapping[str, Server]
) -> dict[tuple[str, str], list[float]]:
    """Each round asks every server once, and goes on in the list where no round has been."""
    figures: dict[tuple[str, str], list[float]] = {}
    for kind in ("hits", "half"):
        loads = {peer.name: load_of(folder, kind, peer, size) for peer in peers
                 if kind in peer.loads}  # fmt: skip
        for turn in range(size.rounds + 1):
            begin = turn * size.asked // (size.rounds + 1)
            for name, load in loads.items():
                cpu = cpu_us_a_request(servers[name], load, seconds=size.seconds, begin=begin)
                if turn:  # the first warms all alike
                    figures.setdefault((name, kind), []).append(cpu)
    return figures


def load_of(folder: Path, kind: str, peer: Peer, size: Size) -> Load:
    """What one server is asked for; its own rows are the hits."""
    rows = peer.rows or size.decisions
    name, total = f"{kind}-{rows}", max(rows, size.decisions)
    if kind == "hits":
        return write_load(folder, name, asked_hits(rows, size.asked), share_of_hits=1)
    paths = asked_half(rows, size.asked, total=total)
    return write_load(folder, name, paths, share_of_hits=0.5)


def print_outcome(outcome: Outcome, size: Size) -> None:
    """Print one row for a server and a load."""
    rows = [
        [f"{name}, {load}", f"{median(spent):.1f}", f"{outcome.beside(name, load):.2f}",
         f"{outcome.start_s[name]:.1f}", f"{outcome.memory_mb[name]:.0f}"]
        for (name, load), spent in outcome.cpu_us.items()
    ]  # fmt: skip
    print_table(
        f"Over HTTP: {size.decisions:,} decisions (Caddy {_FEW:,}), {size.asked:,} addresses, "
        f"{CONNECTIONS} connections",
        ["", "CPU µs a request", "ours is × of it", "start s", "PSS MB"],
        rows,
    )
