"""Responses that touch disk are made in a thread, so that the loop goes on answering."""

from __future__ import annotations

from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send


def in_thread(show: Callable[[Request], Response]) -> ASGIApp:
    """Return an application that makes its response in a thread."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        response = await run_in_threadpool(show, Request(scope, receive))
        await response(scope, receive, send)

    return app
