"""What HTTP says of keeping an answer, and for how long (RFC 9111): pure, a shared cache's view."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from redirects.route import Caching

Headers = Sequence[tuple[bytes, bytes]]
Directives = Mapping[str, str]

_STATED = frozenset({200, 203, 301, 308, 404, 410})
_FOUND = frozenset({200, 203})
_ALLOWS_ORIGIN = b"access-control-allow-origin"
_CONDITIONS = {b"if-none-match": b"etag", b"if-modified-since": b"last-modified"}
_NOT_FRESHENED = frozenset(
    {b"content-length", b"content-encoding", b"content-type", b"content-range"}
    | {b"connection", b"via"}
)
_CREDENTIALS = frozenset({b"authorization", b"cookie"})


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms an answer is kept; all in seconds. `age` is what it had when it came."""

    lifetime: float
    stale_if_error: float
    age: float

    @property
    def are_worth_it(self) -> bool:
        """Whether the answer can ever be used again."""
        return self.lifetime > self.age or self.stale_if_error > 0


def directives_of(headers: Headers) -> Directives:
    """Read Cache-Control; of a directive that is named twice the first counts."""
    found: dict[str, str] = {}
    for name, value in headers:
        if name.lower() == b"cache-control":
            for part in _parts(value.decode("latin-1")):
                directive, _, argument = part.partition("=")
                found.setdefault(directive.strip().lower(), argument.strip().strip('"'))
    return found


def terms_of(
    asked: Headers, status: int, answered: Headers, *, caching: Caching, now: float
) -> Terms | None:
    """Say on what terms an answer to GET may be kept; None where it may not (RFC 9111, 3).

    `now` is seconds of the epoch.
    """
    said = directives_of(answered)
    if status not in _STATED or "no-store" in directives_of(asked):
        return None
    if not {"no-store", "private", "no-cache"}.isdisjoint(said):
        return None
    is_personal = any(name.lower() in _CREDENTIALS for name, _ in asked) or any(
        name.lower() == b"set-cookie" for name, _ in answered
    )
    if is_personal and "public" not in said:
        return None
    silent = caching.silent if status in _FOUND else 0.0
    lifetime = _lifetime(said, answered, silent=silent, now=now)
    # That something is gone, or elsewhere, may be out of date by the time the upstream fails.
    grace = _grace(said, caching) if status in _FOUND else 0.0
    terms = Terms(lifetime, grace, _age(answered, now))
    return terms if terms.are_worth_it else None


def wants_fresh(asked: Headers) -> bool:
    """Say whether a caller asks for an answer straight from the upstream."""
    said = directives_of(asked)
    if "no-cache" in said or "no-store" in said or said.get("max-age") == "0":
        return True
    return not said and any(
        name.lower() == b"pragma" and b"no-cache" in value.lower() for name, value in asked
    )


def accepts(asked: Headers, *, age: float, lifetime: float) -> bool:
    """Say whether a caller takes a fresh answer of this age (RFC 9111, 5.2.1)."""
    said = directives_of(asked)
    oldest, least_left = _seconds(said.get("max-age")), _seconds(said.get("min-fresh"))
    if oldest is not None and age > oldest:
        return False
    return least_left is None or lifetime - age >= least_left


def is_unchanged(asked: Headers, answered: Headers) -> bool:
    """Say whether a caller has this very answer already (RFC 9110, 13.1.2 and 13.1.3)."""
    has = {name.lower(): value for name, value in answered}
    matches = [value for name, value in asked if name.lower() == b"if-none-match"]
    if matches:
        tag = has.get(b"etag")
        named = [one.strip() for value in matches for one in value.split(b",")]
        return b"*" in named or (tag is not None and _weak(tag) in map(_weak, named))
    since = [value for name, value in asked if name.lower() == b"if-modified-since"]
    if len(since) != 1:
        return False
    asked_for, modified = _moment(since[0]), _moment(has.get(b"last-modified"))
    return asked_for is not None and modified is not None and modified <= asked_for


def conditions(asked: Headers, answered: Headers) -> list[tuple[bytes, bytes]]:
    """Return what asks an upstream whether an answer is still the same (RFC 9111, 4.3.1).

    Nothing where the answer has no validator, or its caller asks on conditions of its own.
    """
    if any(name.lower().startswith(b"if-") for name, _ in asked):
        return []
    has = {name.lower(): value for name, value in answered}
    return [
        (condition, has[validator])
        for condition, validator in _CONDITIONS.items()
        if has.get(validator)
    ]


def freshened(kept: Headers, told: Headers) -> Headers:
    """Return a kept answer's fields as a 304 says they are now (RFC 9111, 3.2)."""
    news = [field for field in told if field[0].lower() not in _NOT_FRESHENED]
    names = {name.lower() for name, _ in news} | {b"age", b"date"}
    return [*(field for field in kept if field[0].lower() not in names), *news]


def varying_names(answered: Headers) -> tuple[bytes, ...] | None:
    """Return the request fields an answer depends on, sorted; None where on anything at all."""
    names = {
        name.strip().lower()
        for field, value in answered
        if field.lower() == b"vary"
        for name in value.split(b",")
    }
    if any(name.lower() == b"content-encoding" for name, _ in answered):
        names.add(b"accept-encoding")  # old servers compress without saying that they may not
    if any(name.lower() == _ALLOWS_ORIGIN and value.strip() != b"*" for name, value in answered):
        names.add(b"origin")  # nor do they say whose pages an answer is for
    names.discard(b"")
    return None if b"*" in names else tuple(sorted(names))


def _lifetime(said: Directives, answered: Headers, *, silent: float, now: float) -> float:
    """Return for how long an answer is fresh (RFC 9111, 4.2.1); what makes no sense is stale."""
    for directive in ("s-maxage", "max-age"):
        if directive in said:
            return _seconds(said[directive]) or 0.0
    fields = [value for name, value in answered if name.lower() == b"expires"]
    if not fields:
        return silent
    expires, date = _moment(fields[0]), _moment(_first(answered, b"date"))
    if expires is None:
        return 0.0
    return max(0.0, expires - (now if date is None else date))


def _grace(said: Directives, caching: Caching) -> float:
    """Return for how long it may stand in for a failure (RFC 5861, 4), if that is not forbidden."""
    if not {"must-revalidate", "proxy-revalidate", "s-maxage"}.isdisjoint(said):
        return 0.0
    own = _seconds(said.get("stale-if-error"))
    return caching.stale_if_error if own is None else own


def _age(answered: Headers, now: float) -> float:
    """Return the age an answer has when it comes (RFC 9111, 4.2.3)."""
    date = _moment(_first(answered, b"date"))
    apparent = max(0.0, now - date) if date is not None else 0.0
    told = _seconds((_first(answered, b"age") or b"").decode("latin-1"))
    return max(apparent, told or 0.0)


def _first(headers: Headers, wanted: bytes) -> bytes | None:
    return next((value for name, value in headers if name.lower() == wanted), None)


def _seconds(text: str | None) -> float | None:
    return float(text) if text and text.isascii() and text.isdecimal() else None


def _moment(value: bytes | None) -> float | None:
    try:
        return parsedate_to_datetime(value.decode("latin-1")).timestamp() if value else None
    except (ValueError, TypeError, OverflowError):
        return None


def _weak(tag: bytes) -> bytes:
    return tag.removeprefix(b"W/")


def _parts(text: str) -> list[str]:
    """Split at commas outside quotes."""
    pieces, quoted = [""], False
    for character in text:
        if character == '"':
            quoted = not quoted
        if character == "," and not quoted:
            pieces.append("")
        else:
            pieces[-1] += character
    return [piece for piece in (one.strip() for one in pieces) if piece]
