"""A URL as browsers understand it: parsed once at the door by the WHATWG rules, raw form kept."""

from __future__ import annotations

from dataclasses import dataclass

import ada_url

_DEFAULT_PORTS = {"http": 80, "https": 443}


class UrlError(ValueError):
    """A text that is no http(s) URL; `text` is the culprit as it was given."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(f"{text!r} {reason}")
        self.text = text
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Url:
    """An absolute http or https URL.

    `raw` is the text it was parsed from. `host` is lower-case IDNA, `path` and `query` are
    percent-encoded ASCII (dot segments resolved), `query` without its "?". `port` is None where
    it is the scheme's own. Credentials are never kept: `credentials` says whether there were any.
    """

    raw: str
    scheme: str
    host: str
    port: int | None
    path: str
    query: str
    fragment: str
    credentials: bool = False

    @property
    def origin(self) -> str:
        """Scheme, host and port: "http://127.0.0.1:8080"."""
        port = "" if self.port is None else f":{self.port}"
        return f"{self.scheme}://{self.host}{port}"

    @property
    def effective_port(self) -> int:
        """The port a client connects to."""
        return _DEFAULT_PORTS[self.scheme] if self.port is None else self.port

    @property
    def href(self) -> str:
        """The serialised URL, ASCII, without credentials and without its fragment."""
        query = f"?{self.query}" if self.query else ""
        return f"{self.origin}{self.path}{query}"

    def __str__(self) -> str:
        return self.href


def parse_url(text: str, base: Url | str | None = None) -> Url:
    """Parse `text` by the WHATWG URL standard, relative to `base` where one is given.

    Raises:
        UrlError: the text is no URL, or its scheme is neither http nor https.
    """
    try:
        href = ada_url.URL(text, None if base is None else str(base)).href
    except ValueError as error:
        raise UrlError(text, "is not a URL") from error
    scheme, _, rest = href.partition(":")
    if scheme not in _DEFAULT_PORTS:
        raise UrlError(text, f"is not http or https but {scheme}")
    return _take_apart(text, scheme, rest)


def _take_apart(raw: str, scheme: str, rest: str) -> Url:
    """Split a serialised http(s) URL: its syntax is strict, and one string is cheap to fetch."""
    rest, _, fragment = rest[2:].partition("#")
    rest, _, query = rest.partition("?")
    authority, slash, path = rest.partition("/")
    credentials, at, address = authority.rpartition("@")
    host, colon, port = address.rpartition(":")
    if not colon or port.endswith("]"):  # no port, or the inside of an IPv6 address
        host, port = address, ""
    return Url(
        raw=raw,
        scheme=scheme,
        host=host,
        port=int(port) if port else None,
        path=slash + path,
        query=query,
        fragment=fragment,
        credentials=bool(credentials and at),
    )
