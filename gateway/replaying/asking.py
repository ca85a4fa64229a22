"""Asking one server a recorded call, as its caller did, and keeping what it answers."""

from __future__ import annotations

import asyncio
from hashlib import sha256
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import TracebackType
from typing import Self

import httpx2 as httpx

from gateway.comparing.reply import Reply
from gateway.replaying.call import RecordedCall, as_sent

MOST_KEPT = 8 * 1024 * 1024
"""Bytes of a body that are compared by their meaning; of a longer one length and digest are."""

# Of the connection, of the recording's day, or set by the client itself.
_NOT_SENT = frozenset(
    {"host", "content-length", "connection", "keep-alive", "proxy-connection", "te", "trailer"}
    | {"transfer-encoding", "upgrade", "expect", "proxy-authorization"}
    # What one server said before means nothing to the other.
    | {"if-none-match", "if-modified-since", "if-match", "if-unmodified-since", "if-range"}
)


class Unanswered(Exception):  # noqa: N818 - an outcome to report, named as one
    """A server did not answer a call; the message says why."""


class Server:
    """One of the two servers that are compared."""

    def __init__(self, origin: str, *, timeout: float, connections: int) -> None:
        """`timeout` is in seconds, for a whole call."""
        self.origin = origin
        self._timeout = timeout
        # What a server sets belongs to the caller it once answered: no call gets another's cookies.
        no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=()))
        self._client = httpx.AsyncClient(
            headers={"user-agent": "hopnhat replay"},
            cookies=no_cookies,
            timeout=timeout,
            follow_redirects=False,
            trust_env=False,
            limits=httpx.Limits(max_connections=connections),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._client.aclose()

    async def ask(self, call: RecordedCall, host: str | None) -> Reply:
        """Ask for path and query byte for byte, at `host` if it is given. Raises Unanswered."""
        headers = [
            (as_sent(name), as_sent(value)) for name, value in call.headers if _is_sent(name)
        ]
        if not any(name.lower() == b"accept-encoding" for name, _ in headers):
            headers.append((b"accept-encoding", b"identity"))
        if host:
            headers.append((b"host", as_sent(host)))
        request = self._client.build_request(
            call.method,
            self.origin + "/",
            headers=headers,
            content=call.body or None,
            extensions={"target": call.target},
        )
        try:
            async with asyncio.timeout(self._timeout):
                return await self._answer(request)
        except TimeoutError as error:
            raise Unanswered(f"not done in {self._timeout:g} s") from error
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ValueError) as error:
            raise Unanswered(f"{type(error).__name__}: {error}".rstrip(": ")) from error

    async def _answer(self, request: httpx.Request) -> Reply:
        response = await self._client.send(request, stream=True)
        try:
            return await self._kept(response)
        finally:
            await response.aclose()

    async def _kept(self, response: httpx.Response) -> Reply:
        kept = bytearray()
        length, seen = 0, sha256()
        async for piece in response.aiter_bytes():
            length += len(piece)
            seen.update(piece)
            kept += piece[: MOST_KEPT - len(kept)]
        return Reply(
            status=response.status_code,
            headers=tuple(response.headers.multi_items()),
            body=bytes(kept),
            length=length,
            digest=seen.hexdigest(),
            origin=self.origin,
        )


def _is_sent(name: str) -> bool:
    low = name.lower()
    return low not in _NOT_SENT and not low.startswith(":")  # HAR of HTTP/2 has ":authority"
