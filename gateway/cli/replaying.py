"""`hopnhat api replay`: recorded calls sent to an old and a new server, and compared."""

from __future__ import annotations

import asyncio
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.output import complain, out, print_json
from gateway.comparing.rules import Ignored, read_rules
from gateway.replaying.asking import Server
from gateway.replaying.call import RecordedCall
from gateway.replaying.recordings import Recording
from gateway.replaying.replay import Choice, Pace, Replay, Replayed, Replaying
from gateway.settings.fields import read_origin
from redirects.traffic.personal import without_codes

_SHOWN_CALLS = 20


def replay(
    file: Annotated[Path, typer.Argument(help="HAR, access log (packed or not), or recording.")],
    *,
    old: Annotated[str, typer.Option(help="Origin of the server that answers today.")],
    new: Annotated[str, typer.Option(help="Origin of the server that is to answer.")],
    ignore: Annotated[
        Path | None, typer.Option(help="TOML file of what may differ (docs/switching.md).")
    ] = None,
    host: Annotated[
        str | None, typer.Option(help="Host asked for, instead of the recorded one.")
    ] = None,
    path: Annotated[str, typer.Option(help="Only calls whose path begins so.")] = "/",
    limit: Annotated[int, typer.Option(min=1, help="Most calls; each is sent once.")] = 1000,
    pace: Annotated[float, typer.Option(min=0.01, help="Calls a second to each server.")] = 10.0,
    at_once: Annotated[int, typer.Option(min=1, max=64, help="Calls under way at once.")] = 4,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds a call may take.")] = 30.0,
    unsafe: Annotated[
        bool, typer.Option("--unsafe", help="Send POST, PUT, DELETE too: they change both servers.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON value.")] = False,
) -> None:
    """Send recorded calls to two servers and tell what differs; exit 1 where anything does."""
    ignored = read_rules(ignore) if ignore else Ignored()
    recording = Recording(file)
    found = Replay()
    choice = Choice(limit, path, unsafe=unsafe)
    calls = choice.chosen(recording, found.skipped)
    origins = _origin(old, "--old"), _origin(new, "--new")

    async def run() -> None:
        async with (
            Server(origins[0], timeout=timeout, connections=at_once) as before,
            Server(origins[1], timeout=timeout, connections=at_once) as after,
        ):
            sending = Replaying(before, after, ignored=ignored, host=host, at_once=at_once)
            await sending.run(calls, Pace(pace, time.monotonic), found)

    asyncio.run(run())
    if json:
        print_json(_as_record(found, recording.unreadable))
    else:
        _tell(found, recording.unreadable)
    if found.different or not found.sent:
        raise typer.Exit(1)


def _origin(text: str, option: str) -> str:
    try:
        return read_origin(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from error


def _as_record(found: Replay, unreadable: int) -> dict[str, object]:
    return {
        "sent": found.sent,
        "same": found.same,
        "skipped": dict(found.skipped),
        "unreadable": unreadable,
        "places": [
            {"part": part, "place": place, "calls": calls}
            for (part, place), calls in found.by_place().most_common()
        ],
        "different": [
            {
                "at": one.call.place,
                "call": _named(one.call),
                "differences": [asdict(each) for each in one.differences],
                "unanswered": one.unanswered,
            }
            for one in found.different
        ],
    }


def _tell(found: Replay, unreadable: int) -> None:
    _say(f"{found.sent} calls sent, {found.same} answered the same, {len(found.different)} not")
    for why, calls in found.skipped.most_common():
        _say(f"  not sent, {why}: {calls}")
    if unreadable:
        complain(f"{unreadable} calls could not be read")
    if not found.sent:
        complain("no call was compared")
    for (part, place), calls in found.by_place().most_common():
        _say(f"  {part} {place}: {calls} calls")
    for one in found.different[:_SHOWN_CALLS]:
        _tell_one(one)
    if len(found.different) > _SHOWN_CALLS:
        _say(f"… and {len(found.different) - _SHOWN_CALLS} calls more; --json has them all")


def _tell_one(one: Replayed) -> None:
    _say(f"{one.call.place}: {_named(one.call)}")
    for server, why in one.unanswered.items():
        _say(f"  {server} did not answer: {why}")
    for each in one.differences:
        _say(f"  {each.part.value} {each.place}: {_side(each.old)} -> {_side(each.new)}")


def _side(text: str | None) -> str:
    return "(nothing)" if text is None else text


def _named(call: RecordedCall) -> str:
    return f"{call.method} {without_codes(call.target.decode('latin-1'))}"


def _say(text: str) -> None:
    out.print(text, markup=False, highlight=False, soft_wrap=True)
