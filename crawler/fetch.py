"""Fetching: one request, its answer byte for byte, or the reason there is none.

Nothing is followed, retried or interpreted here. The connection goes to the plan's address, or to
an address of the host that was checked to be public.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import TracebackType
from typing import Self

import anyio
import httpx2 as httpx

from crawler.addresses import (
    AddressError,
    Endpoint,
    Resolver,
    named_endpoint,
    public_endpoint,
)
from crawler.plan import CrawlPlan
from redirects.url import UrlError, parse_url

USER_AGENT = "hopnhat (archiving crawler of the merged portal)"
_ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@dataclass(frozen=True, slots=True)
class Validators:
    """What an earlier capture lets us ask: only if it changed (RFC 9110, 13.1)."""

    etag: str | None = None
    last_modified: str | None = None


NO_VALIDATORS = Validators()


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer: header texts hold bytes as Latin-1, the payload keeps its content coding."""

    url: str
    fetched_at: datetime
    request_head: bytes
    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    payload: bytes
    server: Endpoint

    def header(self, name: str) -> str | None:
        """Return the first header of that name (lower case)."""
        return next((value for key, value in self.headers if key.lower() == name), None)


@dataclass(frozen=True, slots=True)
class TooLarge:
    """The answer was longer than the plan allows; `size` is what was announced or read."""

    url: str
    size: int


@dataclass(frozen=True, slots=True)
class FetchFailed:
    """No whole answer: `kind` is one word for the ledger; `passing` ones are worth another try."""

    url: str
    kind: str
    detail: str
    passing: bool


Outcome = Fetched | TooLarge | FetchFailed


async def resolve_by_system(host: str, port: int) -> list[str]:
    """Ask the system's resolver for every address of a host."""
    answers = await anyio.getaddrinfo(host, port)
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))


class Fetcher:
    """One HTTP client for one plan; use as `async with`. No cookies, no proxies, no redirects."""

    def __init__(self, plan: CrawlPlan, *, now: Callable[[], datetime], resolve: Resolver) -> None:
        """Raises AddressError where the plan's address is not one."""
        self._plan = plan
        self._now = now
        self._resolve = resolve
        self._named = named_endpoint(plan.address) if plan.address else None
        self._endpoints: dict[tuple[str, int, bool], Endpoint] = {}
        self._client = httpx.AsyncClient(
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(plan.timeout),
            limits=httpx.Limits(
                max_connections=plan.connections, max_keepalive_connections=plan.connections
            ),
            cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),
        )

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._client.__aexit__(kind, error, trace)

    async def fetch(self, url: str, validators: Validators = NO_VALIDATORS) -> Outcome:
        """Ask for one URL; every failure is a value."""
        try:
            with anyio.fail_after(self._plan.timeout):
                return await self._fetch(url, validators)
        except TimeoutError:
            return FetchFailed(
                url, "timeout", f"no answer in {self._plan.timeout:g} s", passing=True
            )
        except AddressError as error:
            return FetchFailed(url, "address", str(error), passing=False)
        except UrlError as error:
            return FetchFailed(url, "url", str(error), passing=False)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            return _failed(url, error)

    async def _fetch(self, url: str, validators: Validators) -> Outcome:
        endpoint, request = await self._request(url, validators)
        response = await self._client.send(request, stream=True)
        try:
            payload = await self._read(response)
        finally:
            await response.aclose()
        if isinstance(payload, int):
            return TooLarge(url, payload)
        return Fetched(
            url=url,
            fetched_at=self._now(),
            request_head=_request_head(request),
            status=response.status_code,
            reason=response.reason_phrase,
            headers=_texts(response.headers.raw),
            payload=payload,
            server=endpoint,
        )

    async def _read(self, response: httpx.Response) -> bytes | int:
        """Read the payload; returns its size where it is more than the plan allows."""
        announced = response.headers.get("content-length", "")
        if announced.isdigit() and int(announced) > self._plan.max_bytes:
            return int(announced)
        parts: list[bytes] = []
        size = 0
        async for part in response.aiter_raw():
            parts.append(part)
            size += len(part)
            if size > self._plan.max_bytes:
                return size
        return b"".join(parts)

    async def _request(self, url: str, validators: Validators) -> tuple[Endpoint, httpx.Request]:
        parsed = parse_url(url)
        tls = parsed.scheme == "https"
        port = parsed.port or (443 if tls else 80)
        endpoint = self._named or await self._checked(parsed.host, port, tls=tls)
        target = parsed.path + (f"?{parsed.query}" if parsed.query else "")
        default = parsed.port in (None, 80, 443)
        request = self._client.build_request(
            "GET",
            httpx.URL(
                scheme="https" if endpoint.tls else "http",
                host=endpoint.ip,
                port=endpoint.port,
                raw_path=target.encode("ascii"),
            ),
            headers={
                "Host": parsed.host if default else f"{parsed.host}:{parsed.port}",
                "User-Agent": USER_AGENT,
                "Accept": _ACCEPT,
                "Accept-Language": "vi,en;q=0.5",
                "Accept-Encoding": "gzip",
                **_conditions(validators),
            },
            extensions={"sni_hostname": parsed.host, "timeout": _timeouts(self._plan.timeout)},
        )
        return endpoint, request

    async def _checked(self, host: str, port: int, *, tls: bool) -> Endpoint:
        known = self._endpoints.get((host, port, tls))
        if known is None:
            known = await public_endpoint(host, port, tls=tls, resolve=self._resolve)
            self._endpoints[host, port, tls] = known
        return known

    async def server_of(self, url: str) -> str:
        """Return the one name of the server that answers for a URL; the host if unknown."""
        if self._named is not None:
            return self._named.server
        parsed = parse_url(url)
        tls = parsed.scheme == "https"
        try:
            port = parsed.port or (443 if tls else 80)
            return (await self._checked(parsed.host, port, tls=tls)).ip
        except (AddressError, OSError):
            return parsed.host


def _timeouts(seconds: float) -> dict[str, float]:
    return dict.fromkeys(("connect", "read", "write", "pool"), seconds)


def _conditions(validators: Validators) -> dict[str, str]:
    asked = {
        "If-None-Match": validators.etag,
        "If-Modified-Since": validators.last_modified,
    }
    return {name: value for name, value in asked.items() if value}


def _request_head(request: httpx.Request) -> bytes:
    lines = [b"GET " + request.url.raw_path + b" HTTP/1.1"]
    lines += [name + b": " + value for name, value in request.headers.raw]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def _texts(headers: list[tuple[bytes, bytes]]) -> tuple[tuple[str, str], ...]:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)


def _failed(url: str, error: Exception) -> FetchFailed:
    """Name the failure; what the network did may pass, what the address is will not."""
    detail = str(error) or type(error).__name__
    match error:
        case httpx.ConnectError() if _is_certificate(error):
            return FetchFailed(url, "tls", detail, passing=False)
        case httpx.TimeoutException():
            return FetchFailed(url, "timeout", detail, passing=True)
        case httpx.ConnectError() | OSError():
            return FetchFailed(url, "connect", detail, passing=True)
        case httpx.RemoteProtocolError():
            return FetchFailed(url, "protocol", detail, passing=True)
        case httpx.NetworkError():
            return FetchFailed(url, "network", detail, passing=True)
        case _:
            return FetchFailed(url, "request", detail, passing=False)


def _is_certificate(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False
