"""The verb a newcomer runs first: demo. The main job from end to end, on three bundled portals."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated
from urllib.parse import quote_plus

import httpx2 as httpx
import typer
from rich.table import Table

from catalogue import decisions
from catalogue.database import Database
from catalogue.document import DocumentState
from catalogue.documents import Documents
from catalogue.editors import Editors
from catalogue.filtering import DocumentFilter
from catalogue.mappings import Mappings
from catalogue.review import Decision, Verb
from demo.logs import access_log
from demo.server import serve as serve_old_portals
from demo.truth import OldUrlCase
from demo.world import World, build_world
from gateway.cli import crawling
from gateway.cli.output import complain, out, print_json
from gateway.cli.workplace import Workplace, now
from gateway.demo_check import CheckSummary, check_as_client
from gateway.demo_settings import DemoPorts, demo_settings

_EDITOR = "bientap"
_SERVER_ERROR = 500
_FAILURES_SHOWN = 20
_MANY = 100_000  # more mappings than any demo suggests
_DULL = "trap-template"  # the flag of pages like endlessly many others


def add_to(app: typer.Typer) -> None:
    """Add this module's verb."""
    app.command()(demo)


def demo(
    *,
    scale: Annotated[int, typer.Option(min=1, help="1 is about 300 pages.")] = 1,
    seed: Annotated[int, typer.Option(help="Another seed, another world.")] = 2025,
    data: Annotated[Path, typer.Option(help="Where everything is kept.")] = Path("demo-data"),
    port: Annotated[int, typer.Option(help="The merged portal.")] = 8080,
    console_port: Annotated[int, typer.Option(help="The editors' console.")] = 8081,
    old_port: Annotated[int, typer.Option(help="The old portals.")] = 8090,
    check: Annotated[bool, typer.Option(help="Play the client too, then exit 0 or 1.")] = False,
) -> None:
    """Crawl three old portals, merge them, and serve the result until Ctrl-C."""
    started = time.monotonic()
    _require_free({"--port": port, "--console-port": console_port, "--old-port": old_port})
    signal.signal(signal.SIGTERM, _end)  # so that what we started ends with us
    world = build_world(seed=seed, scale=scale)
    ports = DemoPorts(site=port, console=console_port, old=old_port)
    place = _prepare(data, world, ports)
    with serve_old_portals(world, port=old_port):
        _do_the_main_job(place)
        with _serving(place):
            if check:
                _finish_check(place, world, ports, started)
            else:
                _show_things_to_try(place, world, ports)
                _wait_for_ctrl_c()


def _require_free(ports: dict[str, int]) -> None:
    """End before the crawl begins, not after it, where another program listens already."""
    for option, port in ports.items():
        with socket.socket() as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind(("127.0.0.1", port))
            except OSError as error:
                complain(f"port {port} cannot be had ({error.strerror}): {option} names another")
                raise typer.Exit(1) from error


def _end(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + signal.SIGTERM)


def _prepare(data: Path, world: World, ports: DemoPorts) -> Workplace:
    data.mkdir(parents=True, exist_ok=True)
    logs = data / "logs"
    logs.mkdir(exist_ok=True)
    for site in world.sites:
        lines = access_log(world, site.name)
        (logs / f"{site.name}.log").write_text("\n".join(lines) + "\n", encoding="utf-8")
    path = data / "hopnhat.toml"
    path.write_text(demo_settings(world, ports), encoding="utf-8")
    return Workplace(path)


def _do_the_main_job(place: Workplace) -> None:
    place.migrate()
    sites = place.sites([])
    with place.database() as database:
        archive = place.archive()
        crawling.fetch_sites(database, archive, sites)
        crawling.read_sites(database, archive, crawling.unread(database, sites))
        accepted = _publish_by_policy(database)
        _add_editor(database, place)
    indexed = crawling.bring_index_up_to_date(place)
    out.print(f"{accepted} documents accepted, {indexed} brought into the search index")


def _publish_by_policy(database: Database) -> int:
    """Accept what awaits review but the calendars' months, and lead old lists to sections."""
    with database.writing() as connection:
        documents = Documents(connection)
        waiting = documents.by_ids(documents.ids(DocumentFilter(state=DocumentState.IMPORTED)))
        verdicts = [Decision(each.id, Verb.ACCEPT) for each in waiting if _DULL not in each.flags]
        if verdicts:
            decisions.take(connection, verdicts, editor="demo", now=now())
        offered = Mappings(connection).listing(state="suggested", text=None, limit=_MANY)
        lists = [
            (one.site, one.mapping)
            for one in offered
            if (one.mapping.target or "").startswith("section:")
        ]
        if lists:
            decisions.import_mappings(connection, lists, editor="demo", now=now())
    return len(verdicts)


def _add_editor(database: Database, place: Workplace) -> None:
    note = place.settings.data / "console-password.txt"
    if note.exists():
        return
    password = secrets.token_urlsafe(9)
    with database.writing() as connection:
        Editors(connection).add(_EDITOR, password)
    note.touch(mode=0o600)
    note.write_text(password, encoding="utf-8")


@contextmanager
def _serving(place: Workplace) -> Iterator[None]:
    """Run `hopnhat serve` and `hopnhat console` beside us until the block ends."""
    settings = place.settings
    with ExitStack() as stack:
        for verb in ("serve", "console"):
            stack.enter_context(_running(verb, place.path))
        _wait_until_ready(f"http://127.0.0.1:{settings.serve.port}/healthz/ready")
        _wait_until_ready(f"http://127.0.0.1:{settings.console.port}/")
        yield


@contextmanager
def _running(verb: str, settings: Path) -> Iterator[None]:
    log = settings.parent / f"{verb}.log"
    with log.open("ab") as output:
        command = [sys.executable, "-m", "gateway.cli", "--settings", str(settings), verb]
        process = subprocess.Popen(command, stdout=output, stderr=output)  # noqa: S603 - our own command
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_ready(url: str, *, patience: float = 30.0) -> None:
    deadline = time.monotonic() + patience
    while True:
        try:
            if httpx.get(url, trust_env=False, timeout=2).status_code < _SERVER_ERROR:
                return
        except httpx.TransportError:
            pass
        if time.monotonic() > deadline:
            complain(f"{url} did not become ready; its log is in the data directory")
            raise typer.Exit(1)
        time.sleep(0.1)


def _finish_check(place: Workplace, world: World, ports: DemoPorts, started: float) -> None:
    with place.database(read_only=True) as database:
        summary = check_as_client(world, ports, database)
    for failure in summary.failures[:_FAILURES_SHOWN]:
        complain(failure)
    if len(summary.failures) > _FAILURES_SHOWN:
        complain(f"and {len(summary.failures) - _FAILURES_SHOWN} more")
    out.print(_summary_table(summary))
    print_json({**summary.counts, "seconds": round(time.monotonic() - started, 1)})
    if not summary.passed:
        raise typer.Exit(1)


def _summary_table(summary: CheckSummary) -> Table:
    table = Table("what", "right", "tried", title="The client's findings")
    for what, right, tried in summary.shares:
        table.add_row(what, str(right), str(tried))
    return table


def _show_things_to_try(place: Workplace, world: World, ports: DemoPorts) -> None:
    password = (place.settings.data / "console-password.txt").read_text(encoding="utf-8")
    command = f"{_own_name()} -s {place.path}"
    links = [ports.public(case.url) for case in _one_of_each_site(world)]
    query = next(case.query for case in world.search_cases if case.form == "bare")
    call = next(one for one in world.api_cases if one.path.startswith("/api/vanban"))
    things = [
        *(("an old link", link) for link in links),
        ("a search without marks", f"http://127.0.0.1:{ports.site}/tim-kiem?q={quote_plus(query)}"),
        ("an API call", f"curl '{ports.public(f'http://{call.host}{call.path}')}'"),
        ("why it leads there", f"{command} resolve '{links[0]}'"),
        ("the merged portal", f"http://127.0.0.1:{ports.site}/"),
        ("the console", f"http://127.0.0.1:{ports.console}/  ({_EDITOR} / {password})"),
    ]
    out.rule("things to try")
    for what, how in things:
        out.print(f"{what:<24}{how}", markup=False, highlight=False, soft_wrap=True)
    out.rule("Ctrl-C ends it; a second run crawls only what changed")


def _own_name() -> str:
    """Return how this command was called, so that it can be called again by copying."""
    return "hopnhat" if shutil.which("hopnhat") else os.path.relpath(sys.argv[0])


def _one_of_each_site(world: World) -> list[OldUrlCase]:
    """Pick an old address of each portal, each spelled in its own way."""
    forms = ("tracking", "case", "main")
    picked = zip(world.sites, forms, strict=True)
    return [
        next(case for case in world.old_url_cases if (case.site, case.form) == (site.name, form))
        for site, form in picked
    ]


def _wait_for_ctrl_c() -> None:
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        out.print("ended")
