"""Upstreams that are asked how they are, ahead of any call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from gateway.passthrough.pool import PoolLimits
from gateway.passthrough.probing import Probing
from gateway.passthrough.upstreams import Servers
from redirects.route import ApiRoute, Health, Upstream

HEALTH = Health(failures=2, cooling=600, path="/song?ro", interval=0.1)


class Patient:
    """An upstream that can be well, unwell or away; it keeps what it was asked."""

    def __init__(self, state: str) -> None:
        self.state = state
        self.heads: list[bytes] = []
        self.origin = ""
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        self.origin = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                self.heads.append(await reader.readuntil(b"\r\n\r\n"))
                match self.state:
                    case "well":
                        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nok")
                    case "unwell":
                        writer.write(b"HTTP/1.1 503 Down\r\nContent-Length: 0\r\n\r\n")
                    case _:
                        break
        writer.close()


@asynccontextmanager
async def asked(
    patient: Patient, routes: Callable[[str], list[ApiRoute]]
) -> AsyncIterator[Servers]:
    await patient.open()
    servers = Servers(PoolLimits(), asyncio.get_running_loop().time)
    task = asyncio.create_task(Probing(servers, lambda: routes(patient.origin)).run())
    try:
        yield servers
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        servers.close()
        await patient.close()


def route(origin: str, health: Health = HEALTH) -> ApiRoute:
    return ApiRoute("api", "old.test", "/*", (Upstream(origin),), health=health)


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not is_so():  # noqa: ASYNC110 - a breaker rings no bell
            await asyncio.sleep(0.02)


def within_a_loop(story: Callable[[], Awaitable[None]]) -> None:
    async def told() -> None:
        await story()

    asyncio.run(told())


def test_an_upstream_that_is_unwell_is_known_before_anybody_calls_and_so_is_its_recovery() -> None:
    async def story() -> None:
        patient = Patient("unwell")
        async with asked(patient, lambda origin: [route(origin)]) as servers:
            breaker = servers.at(patient.origin, HEALTH).breaker
            await until(lambda: breaker.state == "open")
            assert patient.heads[0].startswith(b"GET /song?ro HTTP/1.1\r\nhost: old.test\r\n")
            patient.state = "well"
            await until(lambda: breaker.state == "closed")  # long before its cooling is over

    within_a_loop(story)


def test_an_upstream_that_hangs_up_is_unwell() -> None:
    async def story() -> None:
        patient = Patient("away")
        async with asked(patient, lambda origin: [route(origin)]) as servers:
            await until(lambda: servers.at(patient.origin, HEALTH).breaker.state == "open")

    within_a_loop(story)


def test_who_is_well_is_asked_again_and_again_and_stays_closed() -> None:
    async def story() -> None:
        patient = Patient("well")
        async with asked(patient, lambda origin: [route(origin)]) as servers:
            await until(lambda: len(patient.heads) > 3)
            assert servers.at(patient.origin, HEALTH).breaker.state == "closed"

    within_a_loop(story)


def test_only_routes_that_say_so_have_their_upstreams_asked_and_changes_are_followed() -> None:
    async def story() -> None:
        patient = Patient("well")
        health = Health()
        async with asked(patient, lambda origin: [route(origin, health)]):
            await asyncio.sleep(0.3)
            assert patient.heads == []
            health = HEALTH
            await until(lambda: len(patient.heads) > 0)

    within_a_loop(story)
