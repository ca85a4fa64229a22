"""The contest of benchmarks/redirects is fair: every contender answers alike and is charged whole."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from benchmarks.measure import free_port, tree_cpu_seconds, tree_of, tree_pss_mb
from benchmarks.redirects.contender import answer_of, running
from benchmarks.redirects.contest import OURS, PEERS, Peer, site_command
from benchmarks.redirects.decisions import asked_half, asked_hits, location_of, path_of

_ROWS = 50
_BUSY_CHILD = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "while True: pass"])
print(child.pid, flush=True)
try:
    sys.stdin.read()
finally:
    child.kill()
"""


@pytest.mark.parametrize("peer", [Peer(OURS, site_command, ()), *PEERS], ids=lambda peer: peer.name)
def test_every_contender_sends_decided_addresses_on_and_says_404_to_others(peer: Peer) -> None:
    with tempfile.TemporaryDirectory() as made:  # Apache's workers may not look into pytest's own
        folder, port = Path(made), free_port()
        folder.chmod(0o755)
        command = peer.command(folder, port, _ROWS)
        if command is None:
            pytest.skip(f"{peer.name} is not installed")
        with running(command, peer.name, port, folder / "output") as server:
            answers = [answer_of(port, path_of(number)) for number in (0, _ROWS - 1)]
            missed = answer_of(port, path_of(_ROWS))
            assert tree_pss_mb(server.pid) > 1
    assert answers == [(301, location_of(0)), (301, location_of(_ROWS - 1))]
    assert missed is not None
    assert missed[0] == 404


def test_what_a_child_of_a_server_spends_is_charged_to_the_server() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _BUSY_CHILD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        child = int(server.stdout.readline())
        assert tree_of(server.pid) == [server.pid, child]
        before, deadline = tree_cpu_seconds(server.pid), time.monotonic() + 20
        while tree_cpu_seconds(server.pid) < before + 0.1:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        server.stdin.close()


def test_addresses_asked_for_are_distinct_and_every_other_one_is_undecided() -> None:
    decided = set(asked_hits(1_000, 1_000))
    hits, half = asked_hits(1_000, 200), asked_half(1_000, 200, total=1_000)
    assert len(set(hits)) == len(set(half)) == 200
    assert set(hits) <= decided
    assert [path in decided for path in half] == [True, False] * 100
