"""The one spelling an old address is looked up under, for every room that asks.

A key is `host/path?query`: no scheme, no port, host in lower-case IDNA, path and query decoded to
NFC lower case, with only ambiguous characters percent-encoded (docs/decisions/0002). Two doors,
one implementation: `canonicalize` for texts and `canonicalize_parts` for requests as they came.
Nothing here raises on any input, and a key is its own key.
"""

from __future__ import annotations

import re
from binascii import a2b_qp
from collections.abc import Callable
from functools import lru_cache
from unicodedata import normalize
from urllib.parse import quote, unquote_to_bytes

import ada_url

from redirects.mapping import CanonicalUrl
from redirects.noise import NOISE_PARAMETERS, SESSION_PARAMETERS
from redirects.site import QueryPolicy
from redirects.url import Url, UrlError, parse_url

# Decoded paths that are their own key.
_SETTLED_PATH = re.compile(r"(?:/[^\s%?#/\\;(.\x00-\x1f\x7f-\x9f][^\s%?#/\\;\x00-\x1f\x7f-\x9f]*)+")
_IIS_ESCAPE = re.compile(rb"%[uU]([0-9a-fA-F]{4})(?:%[uU]([dD][c-fC-F][0-9a-fA-F]{2}))?")
# What stays percent-encoded in a key because it would be read as something else.
_AMBIGUOUS_IN_PATH = re.compile(r"[\s%?#/\\\x00-\x1f\x7f-\x9f]")
_AMBIGUOUS_IN_VALUE = re.compile(r"[\s%#&+\x00-\x1f\x7f-\x9f]")
_AMBIGUOUS_IN_NAME = re.compile(r"[\s%#&+=\x00-\x1f\x7f-\x9f]")
# ASP.NET writes its cookieless session as a path segment: /(S(lit3py55t21z5v55vlm25s55))/.
_COOKIELESS_SEGMENT = re.compile(r"\((?:[A-Za-z]\([^()]*\))+\)")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?=//)")
_AUTHORITY = re.compile(r"[^/\\?#]*")
_PORT = re.compile(r":\d*$")
_NOT_HOST = re.compile(r"[^a-z0-9._-]")
_SURROGATE = re.compile("[\ud800-\udfff]")

_LINE_FEED, _RETURN, _HASH, _PERCENT, _SLASH, _EQUALS, _QUESTION, _BACKSLASH = b"\n\r#%/=?\\"

Folding = Callable[[str], str]

_CP1258 = {
    byte: bytes([byte]).decode("cp1258", errors="ignore") or chr(byte) for byte in range(256)
}


def canonicalize(url: Url | str, policy: QueryPolicy) -> CanonicalUrl:
    """Make the key of a URL, or of any text that is meant as one (a scheme is not needed)."""
    if isinstance(url, Url):
        return canonicalize_parts(url.host, url.path.encode(), url.query.encode(), policy)
    host, path, query = _split_text(_SURROGATE.sub("\ufffd", url))
    return canonicalize_parts(host, path.encode(), query.encode(), policy)


def canonicalize_parts(
    host: str, raw_path: bytes, raw_query: bytes, policy: QueryPolicy
) -> CanonicalUrl:
    """Make the key of a request: the Host header, the path and the query byte for byte."""
    key = canonical_host(host) + canonical_path(raw_path)
    if raw_query and policy.mode != "none":
        query = canonical_query(raw_query, policy)
        if query:
            return CanonicalUrl(f"{key}?{query}")
    return CanonicalUrl(key)


def split_key(key: CanonicalUrl) -> tuple[str, str, str]:
    """Take a key apart into host, path ("/…") and query (without "?")."""
    host, slash, rest = key.partition("/")
    path, _, query = rest.partition("?")
    return host, slash + path, query


@lru_cache(maxsize=4096)
def canonical_host(host: str) -> str:
    """Lower-case IDNA host without port and trailing dot; a text that is no host stays readable."""
    text = _PORT.sub("", _SURROGATE.sub("\ufffd", host).strip()).rstrip(".")
    name = _whatwg_host(text)
    if name is None:
        tame = _NOT_HOST.sub("_", text.lower()).strip(".")
        name = _whatwg_host(tame) or tame
    return name.rstrip(".")


def canonical_path(raw_path: bytes, folding: Folding | None = None) -> str:
    """Decode a path to its one spelling: "/", or "/a/b" without a last slash.

    `folding` is `fold_text`, or `compose_text` where case is to be kept.
    """
    folding = folding or fold_text
    text = _standing_text(raw_path, folding)
    if text is None:
        pieces = raw_path.partition(b"#")[0].replace(b"\\", b"/").split(b"/")
        segments = [_decode(piece, folding) for piece in pieces]
    elif _SETTLED_PATH.fullmatch(text):
        return text
    else:
        segments = text.split("/")
    kept: list[str] = []
    for segment in segments:
        name = _without_session(segment)
        if name == "..":
            del kept[-1:]
        elif name not in ("", "."):
            kept.append(_encode_ambiguous(_AMBIGUOUS_IN_PATH, name))
    return "/" + "/".join(kept)


def standing_path(raw_path: bytes) -> bytes | None:
    """Percent-decode a path that may be part of a key as it stands; None where it cannot be.

    A key is its own key: where something is kept under these very bytes, they are the key, and no
    spelling has to be made of them. What an escape hides that would be read as something else
    ("/", "?", "%") stays hidden in a key, so such paths are no candidates.
    """
    if not raw_path or raw_path[0] != _SLASH or _LINE_FEED in raw_path or _RETURN in raw_path:
        return None
    text = raw_path
    if _PERCENT in raw_path:
        if _EQUALS in raw_path or raw_path[-1] == _PERCENT:
            return None
        # Quoted-printable is the same but for its sign, and is decoded in C.
        text = a2b_qp(raw_path.replace(b"%", b"="))
        if _EQUALS in text or _PERCENT in text or text.count(b"/") != raw_path.count(b"/"):
            return None
    return None if _QUESTION in text else text


def settled_path(standing: bytes) -> str | None:
    """Return a standing path if it is canonical as it is; None where something is done to it."""
    try:
        text = standing.decode()
    except UnicodeDecodeError:
        return None
    return text if _SETTLED_PATH.fullmatch(text) and fold_text(text) == text else None


def canonical_query(raw_query: bytes, policy: QueryPolicy, folding: Folding | None = None) -> str:
    """Decode, filter by `policy` and sort the parameters of a query; "" where none is left."""
    return format_query(read_query(raw_query, policy, folding))


def read_query(
    raw_query: bytes, policy: QueryPolicy, folding: Folding | None = None
) -> list[tuple[str, str]]:
    """Decode the parameters of a query that `policy` keeps, in the order they came."""
    folding = folding or fold_text
    keeps = _parameter_test(policy)
    kept: list[tuple[str, str]] = []
    for piece in raw_query.partition(b"#")[0].replace(b"+", b" ").split(b"&"):
        raw_name, _, raw_value = piece.partition(b"=")
        name = _decode(raw_name, folding)
        while name.startswith("amp;"):  # links copied out of HTML source: &amp;id=3
            name = name[4:]
        known_as = name if folding is fold_text else fold_text(name)
        if keeps(known_as) and (name or raw_value):
            kept.append((name, _decode(raw_value, folding)))
    return kept


def format_query(parameters: list[tuple[str, str]]) -> str:
    """Write decoded parameters in the one order a key has them."""
    # Stable: the order of a repeated parameter may mean something.
    kept = sorted(parameters, key=_parameter_name)
    return "&".join([_format_parameter(name, value) for name, value in kept])


def compose_text(text: str) -> str:
    """NFC, with the case it came in: for sites and addresses whose case tells pages apart."""
    return text if text.isascii() else normalize("NFC", text)


def fold_text(text: str) -> str:
    """NFC lower case, stable under itself: what makes two spellings of a word equal."""
    if text.isascii():
        return text.lower()
    return normalize("NFC", normalize("NFC", text).lower())


def _split_text(text: str) -> tuple[str, str, str]:
    text = text.strip()
    if text.startswith("/") and not text.startswith("//"):
        path, _, query = text.partition("#")[0].partition("?")
        return "", path, query
    scheme = _SCHEME.match(text)
    rest = text[scheme.end() :] if scheme else text
    absolute = _absolute(rest)
    try:
        url = parse_url(absolute)
    except UrlError:
        return _split_by_hand(absolute.removeprefix("http:").lstrip("/"))
    return url.host, url.path, url.query


def _absolute(text: str) -> str:
    if text.startswith("//"):
        return f"http:{text}"
    if text[:5].lower() == "http:" or text[:6].lower() == "https:":
        return f"http:{text.partition(':')[2]}"
    return f"http://{text}"


def _split_by_hand(text: str) -> tuple[str, str, str]:
    found = _AUTHORITY.match(text)
    authority = found[0] if found else ""
    path, _, query = text[len(authority) :].partition("#")[0].partition("?")
    return authority.rpartition("@")[2], path, query


def _whatwg_host(text: str) -> str | None:
    if not text or _AUTHORITY.fullmatch(text) is None or "@" in text:
        return "" if not text else None
    try:
        return ada_url.URL(f"http://{text}/").hostname
    except ValueError:
        return None


def _standing_text(raw_path: bytes, folding: Folding) -> str | None:
    """Decode and fold a path in one go; None where it has to be done segment by segment."""
    standing = standing_path(raw_path)
    if standing is None or _BACKSLASH in standing or _HASH in standing:
        return None  # such a sign means another thing than its escape
    try:
        return folding(standing.decode())
    except UnicodeDecodeError:
        return None  # windows-1258 somewhere: each segment may have its own charset


def _unquote(raw: bytes) -> bytes:
    """Percent-decode: quoted-printable is the same but for its sign, and is decoded in C."""
    if b"=" in raw or b"\n" in raw or b"\r" in raw or raw.endswith(b"%"):
        return unquote_to_bytes(raw)
    text = a2b_qp(raw.replace(b"%", b"="))
    return unquote_to_bytes(raw) if b"=" in text else text  # an escape that is none stays as it is


def _decode(piece: bytes, folding: Folding) -> str:
    """Percent-decode one piece of a path or query and fold it."""
    if b"%" in piece:
        if b"%u" in piece or b"%U" in piece:
            piece = _IIS_ESCAPE.sub(_utf8_of_iis_escape, piece)
        piece = _unquote(piece)
    try:
        text = piece.decode()
    except UnicodeDecodeError:
        # Portals of the windows-1258 years escaped that charset's bytes in their links.
        text = "".join([_CP1258[byte] for byte in piece])
    return folding(text)


def _utf8_of_iis_escape(found: re.Match[bytes]) -> bytes:
    units = found[1] + (found[2] or b"")
    text = bytes.fromhex(units.decode()).decode("utf-16-be", errors="replace")
    # Escaped again, so that a decoded "%" is not taken for the start of another escape.
    return quote(text, safe="").encode()


def _without_session(segment: str) -> str:
    if ";" in segment:
        name, *parameters = segment.split(";")
        kept = [item for item in parameters if not _IS_SESSION(fold_text(item.partition("=")[0]))]
        segment = ";".join((name, *kept))
    if segment.startswith("(") and _COOKIELESS_SEGMENT.fullmatch(segment):
        return ""
    return segment


def _encode_ambiguous(ambiguous: re.Pattern[str], text: str) -> str:
    return ambiguous.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    return quote(found[0], safe="")


def _parameter_name(parameter: tuple[str, str]) -> str:
    return parameter[0]


def _format_parameter(name: str, value: str) -> str:
    name = _encode_ambiguous(_AMBIGUOUS_IN_NAME, name)
    return f"{name}={_encode_ambiguous(_AMBIGUOUS_IN_VALUE, value)}" if value else name


def _name_test(names: frozenset[str] | tuple[str, ...]) -> Callable[[str], bool]:
    exact = frozenset(fold_text(name) for name in names if not name.endswith("*"))
    beginnings = tuple(fold_text(name[:-1]) for name in names if name.endswith("*"))
    endings = tuple(fold_text(name[1:]) for name in names if name.startswith("*") and name != "*")
    if endings:
        return lambda name: name in exact or name.startswith(beginnings) or name.endswith(endings)
    if not beginnings:
        return exact.__contains__
    return lambda name: name in exact or name.startswith(beginnings)


_IS_SESSION = _name_test(SESSION_PARAMETERS)


@lru_cache(maxsize=1024)
def _parameter_test(policy: QueryPolicy) -> Callable[[str], bool]:
    """Compile a policy to "is this parameter kept?"; done once a policy, asked once a parameter."""
    if policy.mode == "significant":
        return _name_test(policy.names)  # a named parameter is kept even if others call it noise
    drops = _name_test((*NOISE_PARAMETERS, *policy.names))
    return lambda name: not drops(name)
