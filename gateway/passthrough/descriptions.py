"""SOAP descriptions (WSDL, DISCO, their schemas) that tell programs where to call.

A server writes its own address into them, which only the gateway reaches. Where a route asks for
it, callers read the public host instead, as they do in header fields. An answer that says nothing
of the kind crosses byte for byte; one that does has to be held whole, so its size is bounded.
"""

from __future__ import annotations

import codecs
import re

from starlette.types import Message, Scope, Send

from gateway.coding import decoded
from gateway.logs import log
from gateway.passthrough.headers import public_name, target_of
from gateway.passthrough.public_names import PublicName, hosts_of
from redirects.route import ApiRoute

MOST_HELD_BYTES = 4 * 1024 * 1024
"""Of a description, packed or not; a longer one crosses as it came."""

_ASKS_FOR_ONE = re.compile(
    rb"\.(?:wsdl|xsd|disco)(?:\?|\Z)|[?&](?:wsdl|singlewsdl|xsd|disco)(?:[=&]|\Z)",
    re.IGNORECASE,
)
_IS_XML = re.compile(
    rb"(?:text|application)/(?:[\w.-]+\+)?(?:xml|wsdl|disco)\s*(?:;|\Z)", re.IGNORECASE
)
_ENDS = rb"""(?=[/?#"'<>\s]|&|\Z)"""
# True of the bytes as they came alone.
_OF_THE_BYTES = frozenset(
    {b"content-length", b"content-encoding", b"content-md5", b"accept-ranges"}
    | {b"digest", b"repr-digest", b"content-digest"}
)
_UTF_16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


class Renaming:
    """Puts the public host where descriptions of a route name its servers."""

    def __init__(self, route: ApiRoute) -> None:
        self._route = route.name
        hosts = b"|".join(re.escape(_in_address(host)) for host in dict.fromkeys(hosts_of(route)))
        self._servers = re.compile(rb"https?://(?:" + hosts + rb")(?::\d+)?" + _ENDS, re.IGNORECASE)

    def prepare(self, scope: Scope, send: Send) -> tuple[Scope, Send]:
        """Return a call for a description so that it comes whole, and a way back for it."""
        if scope["method"] not in {"GET", "HEAD"} or not _ASKS_FOR_ONE.search(target_of(scope)):
            return scope, send
        whole = [field for field in scope["headers"] if field[0] not in {b"range", b"if-range"}]
        return {**scope, "headers": whole}, Held(self, scope, send)

    def rename(self, text: bytes, public: PublicName) -> bytes:
        """Return a description as callers at `public` are to read it; UTF-16 stays UTF-16."""
        encoding = _UTF_16.get(text[:2])
        if encoding is not None:
            plain = text.decode(encoding, "surrogatepass").encode("utf-8", "surrogatepass")
            renamed = self._rename(plain, public)
            return renamed.decode("utf-8", "surrogatepass").encode(encoding, "surrogatepass")
        return self._rename(text, public)

    def _rename(self, text: bytes, public: PublicName) -> bytes:
        address = public.scheme + b"://" + public.host
        renamed = self._servers.sub(lambda _: address, text)
        if public.scheme == b"https":  # a server without TLS does not know that its callers have it
            plain = re.compile(re.escape(b"http://" + public.host) + _ENDS, re.IGNORECASE)
            renamed = plain.sub(lambda _: address, renamed)
        return renamed

    def pass_over(self, why: str) -> None:
        """Tell operators of a description that still names its server."""
        log.warning("passthrough.description_unread", route=self._route, why=why)


class Held:
    """An answer that is held until it is whole, if it is a description."""

    def __init__(self, renaming: Renaming, scope: Scope, send: Send) -> None:
        self._renaming = renaming
        self._scope = scope
        self._send = send
        self._start: Message | None = None
        self._pieces: list[bytes] = []
        self._size = 0

    @property
    def is_held(self) -> bool:
        """Say whether an answer has begun of which nothing went out."""
        return self._start is not None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            if message["status"] == 200 and _is_xml(message):  # noqa: PLR2004 - OK: whole
                self._start = message
            else:
                await self._send(message)
        elif self._start is None:
            await self._send(message)
        else:
            await self._hold(self._start, message)

    async def _hold(self, start: Message, message: Message) -> None:
        self._pieces.append(message.get("body", b""))
        self._size += len(self._pieces[-1])
        is_whole = not message.get("more_body", False)
        if not is_whole and self._size <= MOST_HELD_BYTES:
            return
        self._start = None
        body = b"".join(self._pieces)
        if is_whole and self._size <= MOST_HELD_BYTES:
            start, body = self._renamed(start, body)
        else:
            self._renaming.pass_over("too long")
        await self._send(start)
        await self._send({**message, "body": body})

    def _renamed(self, start: Message, body: bytes) -> tuple[Message, bytes]:
        fields = start["headers"]
        is_head = self._scope["method"] == "HEAD"
        try:
            text = decoded(body, _value(fields, b"content-encoding"), MOST_HELD_BYTES)
        except ValueError as error:
            self._renaming.pass_over(str(error))
            return start, body
        renamed = self._renaming.rename(text, public_name(self._scope))
        if renamed == text and not is_head:
            return start, body
        kept = [
            (name, _weak(value) if name == b"etag" else value)
            for name, value in fields
            if name not in _OF_THE_BYTES
        ]
        if not is_head:  # whose length would be that of an answer nobody has read
            kept.append((b"content-length", b"%d" % len(renamed)))
        return {**start, "headers": kept}, renamed


def renaming_of(route: ApiRoute) -> Renaming | None:
    """Return what renames servers in descriptions, where a route asks for it."""
    return Renaming(route) if route.rewriting.wsdl else None


def _in_address(host: bytes) -> bytes:
    return b"[" + host + b"]" if b":" in host else host


def _is_xml(start: Message) -> bool:
    return _IS_XML.match(_value(start["headers"], b"content-type").strip()) is not None


def _value(fields: list[tuple[bytes, bytes]], wanted: bytes) -> bytes:
    return next((value for name, value in fields if name == wanted), b"")


def _weak(etag: bytes) -> bytes:
    return etag if etag.startswith(b"W/") else b"W/" + etag
