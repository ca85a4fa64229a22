"""`python -m demo`: serves the old portals, lists their addresses or writes their logs."""

from __future__ import annotations

import argparse
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from demo.logs import access_log
from demo.server import serve
from demo.world import build_world

if TYPE_CHECKING:
    from collections.abc import Sequence

    from demo.world import World


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs until Ctrl-C, unless only a list is wanted."""
    options = _parser().parse_args(arguments)
    world = build_world(options.seed, options.scale)
    if options.list:
        sys.stdout.writelines(f"{case.url}\n" for case in world.old_url_cases)
        return 0
    if options.logs:
        _write_logs(world, options.logs)
        return 0
    _serve_until_interrupted(world, options.port)
    return 0


def _serve_until_interrupted(world: World, port: int) -> None:
    with serve(world, port, public_port=port or None) as server:
        for site in world.sites:
            sys.stdout.write(f"http://{site.host}:{server.port}/  {site.title}\n")
        sys.stdout.flush()
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            sys.stdout.write("\n")


def _write_logs(world: World, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for site in world.sites:
        lines = access_log(world, site.name)
        (folder / f"{site.host}.log").write_text("".join(f"{line}\n" for line in lines))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--port", type=int, default=8090, help="0 takes a free one")
    parser.add_argument("--seed", type=int, default=2025)
    parser.add_argument("--scale", type=int, default=1, help="1 is about 300 pages")
    parser.add_argument("--list", action="store_true", help="print the old addresses and stop")
    parser.add_argument("--logs", type=Path, help="write access logs into a folder and stop")
    return parser


if __name__ == "__main__":
    sys.exit(main())
