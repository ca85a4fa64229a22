"""The console's outer door: which host, which origin, which headers. Pure ASGI, no database.

Three layers, outermost first: a Host that is not ours is refused (DNS rebinding), a request that
changes something must come from our own pages (CSRF), and every answer carries the headers that
keep a page from being framed, cached or scripted by others.
"""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
OWN_SITE = frozenset({"same-origin", "none"})

PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Content-Security-Policy of a page: our style sheet and script, no inline code, no framing."""

ORIGINAL_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
)
"""Policy of an archived original: an opaque origin that runs nothing and fetches nothing."""

FOR_EVER = "public, max-age=31536000, immutable"
"""Style sheet and script carry a digest in their address (gateway.rendering.asset_path)."""


def _name_of(host: str) -> str:
    """The host without its port; brackets of an IPv6 literal stay."""
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0].lower()


class HostCheck:
    """Answer 421 to a Host that the console does not go by."""

    def __init__(self, app: ASGIApp, hosts: tuple[str, ...]) -> None:
        self._app = app
        self._hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is addressed to us."""
        if scope["type"] == "http":
            hosts = Headers(scope=scope).getlist("host")
            if len(hosts) != 1 or _name_of(hosts[0]) not in self._hosts:
                answer = PlainTextResponse("Máy chủ này không phục vụ tên miền đó.\n", 421)
                await answer(scope, receive, send)
                return
        await self._app(scope, receive, send)


def comes_from_us(headers: Headers) -> bool:
    """Say whether a state-changing request was sent by our own pages.

    Sec-Fetch-Site is set by every current browser and cannot be forged by a page (W3C Fetch
    Metadata); "none" is a person typing an address. Without it the Origin must be our Host.
    """
    fetched_from = headers.get("sec-fetch-site")
    if fetched_from is not None:
        return fetched_from in OWN_SITE
    origin = headers.get("origin", "")
    scheme, found, authority = origin.partition("://")
    return bool(found) and scheme in {"http", "https"} and authority == headers.get("host")


class SameOrigin:
    """Answer 403 to a request that would change something and does not come from our pages."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on reading requests and those of our own origin."""
        changes = scope["type"] == "http" and scope["method"] not in SAFE_METHODS
        if changes and not comes_from_us(Headers(scope=scope)):
            answer = PlainTextResponse("Yêu cầu không đến từ trang quản trị này.\n", 403)
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, send)


class PageHeaders:
    """Put the console's security headers on every answer that does not bring its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the headers to the answer's head."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        is_asset = scope["path"].startswith("/static/")

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("Content-Security-Policy", PAGE_POLICY)
                headers.setdefault("X-Content-Type-Options", "nosniff")
                headers.setdefault("Referrer-Policy", "same-origin")
                headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
                headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
                headers.setdefault("Cache-Control", FOR_EVER if is_asset else "no-store")
            await send(message)

        await self._app(scope, receive, with_headers)
