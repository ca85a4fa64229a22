"""One line of an access log, in each of the formats that old servers write.

Lines are read as latin-1, which keeps every byte: what charset an address was asked for in is for
the key to find out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from functools import lru_cache
from typing import Any

_HERE = timezone(timedelta(hours=7))  # the calendar of the old portals
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1
    )
}
_REQUEST = re.compile(r'"([A-Za-z]{2,16}) ((?:[^"\\]|\\.)+)"[ ,|]+(\d{3})(?!\d)')
_PROTOCOL = re.compile(r" HTTP/[\d.]+$")
_CLOCK = re.compile(r"(\d{2})/([A-Z][a-z]{2})/(\d{4})[:T ]\d{2}:\d{2}")
_ISO_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})[T ]\d{2}:\d{2}")
# Nearly every line of the formats with a quoted request: nothing escaped, and the date in front.
_USUAL = re.compile(
    r'[^"\[]*\[(\d{2}/[A-Z][a-z]{2}/\d{4}):\d{2}:\d{2}[^"\]]*\] '
    r'"([A-Za-z]{2,16}) ([^"\\ ]+) HTTP/[\d.]+" (\d{3}) [^" ]+(?: "[^"\\]*" "([^"\\]*)"|\s*$)'
)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|(.))")
_VHOST = re.compile(r"([A-Za-z0-9.-]*[A-Za-z][A-Za-z0-9.-]*)(?::\d+)? \S+ \S+ \S+ \[")
_COMMON = re.compile(r'\S+ \S+ \S+ \[[^\]]*\] "[^"]*" \d{3} (?:\d+|-)\s*$')
_COMBINED = re.compile(r'\S+ \S+ .+? \[[^\]]*\] "(?:[^"\\]|\\.)*" \d{3} (?:\d+|-) "')


class LogFormat(StrEnum):
    """What kind of log it is, as its first lines tell."""

    COMMON = "common"
    COMBINED = "combined"
    VHOST_COMBINED = "vhost_combined"
    CUSTOM = "custom"  # like nginx: a quoted request, then its status
    W3C = "w3c"
    JSON = "json"


class LineError(ValueError):
    """A line that is none of its format; the message says why and shows nothing of it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: what was asked for on which day and answered how; never by whom."""

    method: str
    target: bytes
    status: int
    on: date
    host: str | None
    agent: str


Read = Callable[[str], Asked | None]


def format_of(line: str) -> LogFormat:
    """Tell the format of a log from one of its lines."""
    if line.startswith("#"):
        return LogFormat.W3C
    if line.startswith("{"):
        return LogFormat.JSON
    if _VHOST.match(line) and not _COMMON.match(line):
        return LogFormat.VHOST_COMBINED
    if _COMMON.match(line):
        return LogFormat.COMMON
    return LogFormat.COMBINED if _COMBINED.match(line) else LogFormat.CUSTOM


def reader_of(form: LogFormat) -> Read:
    """Return what reads the lines of a format one after another; None where a line is a remark."""
    match form:
        case LogFormat.W3C:
            return _W3c().read
        case LogFormat.JSON:
            return _read_json
        case LogFormat.VHOST_COMBINED:
            return _read_vhost
        case LogFormat.COMMON | LogFormat.COMBINED | LogFormat.CUSTOM:
            return _read_quoted


def _read_quoted(line: str) -> Asked:
    usual = _USUAL.match(line)
    if usual is not None and (on := _usual_day(usual[1])) is not None:
        method, target, status, agent = usual.group(2, 3, 4, 5)
        return Asked(method.upper(), target.encode("latin-1"), int(status), on, None, agent or "")
    return read_any_quoted(line)


@lru_cache(maxsize=64)
def _usual_day(text: str) -> date | None:
    day, month, year = text.split("/")
    try:
        return date(int(year), _MONTHS[month], int(day))
    except (ValueError, KeyError):
        return None


def read_any_quoted(line: str) -> Asked:
    """Read a line with a quoted request followed by its status, whatever stands around it."""
    found = _REQUEST.search(line)
    if found is None:
        raise LineError("no request")
    quoted = _QUOTED.findall(line, found.end())
    target = _PROTOCOL.sub("", found[2])
    return Asked(
        method=found[1].upper(),
        target=_ESCAPED.sub(_unescape, target).encode("latin-1"),
        status=int(found[3]),
        on=_day_in(line),
        host=None,
        agent=quoted[1] if len(quoted) > 1 else "",
    )


def _read_vhost(line: str) -> Asked:
    found = _VHOST.match(line)
    asked = _read_quoted(line)
    if found is None:
        return asked
    return Asked(asked.method, asked.target, asked.status, asked.on, found[1], asked.agent)


def _unescape(found: re.Match[str]) -> str:
    """Undo how Apache and nginx write what is not printable, as hex, and quotes."""
    return chr(int(found[1], 16)) if found[1] else found[2]


def _day_in(line: str) -> date:
    try:
        if found := _CLOCK.search(line):
            return date(int(found[3]), _MONTHS[found[2]], int(found[1]))
        if found := _ISO_DAY.search(line):
            return date(int(found[1]), int(found[2]), int(found[3]))
    except (ValueError, KeyError):
        pass
    raise LineError("no date")


class _W3c:
    """IIS: what a column means is said by the last #Fields line, and may change within a file."""

    def __init__(self) -> None:
        self._fields: list[str] = []
        self._day = ""

    def read(self, line: str) -> Asked | None:
        if line.startswith("#"):
            name, _, rest = line[1:].partition(":")
            if name == "Fields":
                self._fields = rest.split()
            elif name == "Date":
                self._day = rest.strip()
            return None
        cells = line.split()
        if len(cells) != len(self._fields):
            raise LineError("not as many columns as #Fields names")
        values = {
            name: value for name, value in zip(self._fields, cells, strict=True) if value != "-"
        }
        return self._asked(values)

    def _asked(self, values: dict[str, str]) -> Asked:
        path, query = values.get("cs-uri-stem"), values.get("cs-uri-query", "")
        path = path or values.get("cs-uri", "").partition("?")[0]
        query = query or values.get("cs-uri", "").partition("?")[2]
        if not path or not values.get("sc-status", "").isdecimal():
            raise LineError("no address or no status")
        host = values.get("cs-host")
        moment = f"{values.get('date', self._day)} {values.get('time', '00:00')}"
        return Asked(
            method=values.get("cs-method", "GET").upper(),
            # IIS writes a blank of a path as "+"; in a query it stands for itself.
            target=(path.replace("+", "%20") + (f"?{query}" if query else "")).encode("latin-1"),
            status=int(values["sc-status"]),
            on=_day_in(moment),
            host=host.partition(":")[0] if host else None,
            agent=values.get("cs(User-Agent)", "").replace("+", " "),
        )


def _read_json(line: str) -> Asked:
    """Read a line of Caddy, or of any server whose JSON has a uri, a status and a time."""
    try:
        record = json.loads(line.encode("latin-1"))
        request: dict[str, Any] = record.get("request") or record
        target = request.get("uri") or request.get("request_uri") or request["path"]
        moment = record.get("ts") or record.get("time") or record["@timestamp"]
        agents = (request.get("headers") or {}).get("User-Agent") or request.get("user_agent") or ""
        return Asked(
            method=str(request.get("method", "GET")).upper(),
            target=str(target).encode(errors="surrogatepass"),
            status=int(record["status"]),
            on=_json_day(moment),
            host=str(request["host"]).partition(":")[0] if request.get("host") else None,
            agent=str(agents[0] if isinstance(agents, list) else agents),
        )
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError) as error:
        raise LineError("no address, status or time, or not JSON") from error
    except RecursionError as error:
        raise LineError("nested too deep") from error


def _json_day(moment: float | str) -> date:
    if isinstance(moment, str):
        return _day_in(moment)
    return datetime.fromtimestamp(moment, UTC).astimezone(_HERE).date()
