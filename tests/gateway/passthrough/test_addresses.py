"""Names of upstreams: a name whose server is silent, or gone, is its own upstream's trouble alone."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable

import pytest

from gateway.passthrough.addresses import Addresses, look_up
from gateway.passthrough.failures import UpstreamSlow, UpstreamUnreachable
from gateway.passthrough.pool import Pool, PoolLimits


def within_a_loop(story: Callable[[], Awaitable[None]]) -> None:
    async def told() -> None:
        async with asyncio.timeout(20):
            await story()

    asyncio.run(told())


async def listening() -> tuple[asyncio.Server, int]:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    return server, server.sockets[0].getsockname()[1]


def test_a_name_that_is_not_answered_for_holds_up_no_other_upstream() -> None:
    async def story() -> None:
        silence = threading.Event()
        asked: list[str] = []

        def silent(host: str) -> list[str]:
            asked.append(host)
            silence.wait(15)
            return []

        server, port = await listening()
        held = Pool("http://cam.test:1", PoolLimits(), silent)
        calls = [asyncio.create_task(held.take(connect=0.5)) for _ in range(100)]
        await asyncio.sleep(0.05)
        others = Pool(f"http://khac.test:{port}", PoolLimits(), lambda _: ["127.0.0.1"])
        async with asyncio.timeout(0.4):
            connection, reused = await others.take()
        assert (connection.closed, reused) == (False, False)
        ended = await asyncio.gather(*calls, return_exceptions=True)
        assert {type(one) for one in ended} == {UpstreamSlow}
        assert asked == ["cam.test"], "a hundred calls are one look-up"
        silence.set()
        others.close()
        server.close()

    within_a_loop(story)


def test_what_was_found_last_is_used_while_nothing_else_can_be_found() -> None:
    async def story() -> None:
        answers: list[list[str] | OSError] = [["10.0.0.5"], OSError("no answer"), ["10.0.0.6"]]

        def told(_host: str) -> list[str]:
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
            if isinstance(answer, OSError):
                raise answer
            return answer

        name = Addresses("dv.test", told, fresh=0.0, again=0.0)
        found = await name.find()
        while found[-1] != "10.0.0.6":
            found += await name.find()
            await asyncio.sleep(0.01)
        assert found == ["10.0.0.5"] * (len(found) - 1) + ["10.0.0.6"]

    within_a_loop(story)


def test_a_name_that_cannot_even_be_asked_for_is_told_as_such() -> None:
    async def story() -> None:
        with pytest.raises(OSError, match="label"):
            await Addresses("a" * 70 + ".test", look_up).find()

    within_a_loop(story)


def test_a_name_nobody_knows_is_told_as_such_and_asked_for_again_later() -> None:
    async def story() -> None:
        asked = []

        def unknown(host: str) -> list[str]:
            asked.append(host)
            raise OSError(f"no such host: {host}")

        pool = Pool("http://khong-co.test", PoolLimits(), unknown)
        for _ in range(3):
            with pytest.raises(UpstreamUnreachable, match="no such host"):
                await pool.take()
        assert len(asked) == 1, "not before a second has passed"

    within_a_loop(story)


def test_of_several_addresses_the_next_is_tried_where_nobody_is() -> None:
    async def story() -> None:
        server, port = await listening()
        pool = Pool(f"http://dv.test:{port}", PoolLimits(), lambda _: ["127.0.0.9", "127.0.0.1"])
        connection, _ = await pool.take()
        assert not connection.closed
        pool.close()
        server.close()

    within_a_loop(story)


def test_an_address_is_not_looked_up() -> None:
    async def story() -> None:
        def never(host: str) -> list[str]:
            raise AssertionError(host)

        assert await Addresses("10.0.0.5", never).find() == ["10.0.0.5"]
        assert await Addresses("::1", never).find() == ["::1"]

    within_a_loop(story)


def test_the_system_knows_this_machine() -> None:
    assert {"127.0.0.1", "::1"} & set(look_up("localhost"))


def test_who_waits_for_a_place_is_told_at_once_that_nobody_is_there(closed: str) -> None:
    async def story() -> None:
        pool = Pool(closed, PoolLimits(connections=1, waiting=50, connect=10))
        async with asyncio.timeout(5):
            calls = [asyncio.create_task(pool.take()) for _ in range(50)]
            ended = await asyncio.gather(*calls, return_exceptions=True)
        assert {type(one) for one in ended} == {UpstreamUnreachable}

    within_a_loop(story)


def test_connections_that_nobody_wants_are_closed_and_others_are_kept() -> None:
    async def story() -> None:
        server, port = await listening()
        pool = Pool(f"http://127.0.0.1:{port}", PoolLimits(idle=0.2))
        old, _ = await pool.take()
        pool.give_back(old)
        await asyncio.sleep(0.25)
        new, _ = await pool.take(fresh=True)
        pool.give_back(new)
        pool.close_idle()
        await asyncio.sleep(0)
        assert (old.closed, new.closed) == (True, False)
        assert await pool.take() == (new, True)
        pool.close()
        server.close()

    within_a_loop(story)


def test_a_place_given_to_a_call_that_is_gone_goes_to_the_next() -> None:
    async def story() -> None:
        server, port = await listening()
        pool = Pool(f"http://127.0.0.1:{port}", PoolLimits(connections=1, connect=10))
        first, _ = await pool.take()
        first.begin("GET")
        gone, waiting = (asyncio.create_task(pool.take()) for _ in range(2))
        await asyncio.sleep(0.01)
        pool.give_back(first)  # it was not done: its connection is closed, its place is free
        await asyncio.sleep(0)
        gone.cancel()
        async with asyncio.timeout(2):
            connection, _ = await waiting
        assert not connection.closed
        pool.close()
        server.close()

    within_a_loop(story)
