"""Reading a log whole: format found, noise dropped, every line accounted for, addresses as keys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from redirects.keys import key_maker
from redirects.mapping import CanonicalUrl
from redirects.site import Site
from redirects.sites import Sites
from redirects.traffic.lines import Asked, LineError, LogFormat, Read, format_of, reader_of
from redirects.traffic.opening import lines_of
from redirects.traffic.personal import hide_codes
from redirects.traffic.sifting import Sieve

MOST_SHOWN = 5
"""Unreadable lines that are named; all are counted. Their text, with its IP, is not shown."""

LONGEST_KEY = 2_000
"""Bytes of an address worth counting, as for misses."""

FOREIGN_HOST = "another host"
NO_HOST = "no host"
TOO_LONG = "too long"
SEEN_BEFORE = "imported before"


@dataclass(slots=True)
class LogReport:
    """What became of each line of a log."""

    name: str
    form: LogFormat | None = None
    lines: int = 0
    visits: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    unreadable: int = 0
    shown: list[tuple[int, str]] = field(default_factory=list)
    torn: bool = False
    length: int = 0
    digest: str = ""

    def refuse(self, why: str) -> None:
        """Count the present line as unreadable."""
        self.unreadable += 1
        if len(self.shown) < MOST_SHOWN:
            self.shown.append((self.lines, why))


class LogReading:
    """One log on its way: iterate over `asked`, then look at `report`."""

    def __init__(
        self,
        path: Path,
        sieve: Sieve,
        *,
        known: Collection[tuple[int, str]] = (),
        on_known: Callable[[], None] = lambda: None,
    ) -> None:
        """Read `path`; `on_known` is called where what came so far is one of the `known` logs.

        A known log is told by the bytes and the SHA-256 of its whole lines.
        """
        self.report = LogReport(path.name)
        self._path = path
        self._sieve = sieve
        self._known = frozenset(known)
        self._lengths = frozenset(length for length, _ in self._known)
        self._on_known = on_known
        self._seen = sha256()

    def asked(self) -> Iterator[Asked]:
        """Give the requests that are somebody's visit. Raises LogError."""
        read: Read | None = None
        for line in lines_of(self._path):
            report = self.report
            if not line.endswith(b"\n"):
                report.torn = True  # not counted: it is read whole when the log has grown
                break
            report.lines += 1
            text = line.decode("latin-1").rstrip("\r\n")
            if text:
                if read is None:
                    report.form = format_of(text)
                    read = reader_of(report.form)
                asked = self._kept(read, text)
                if asked is not None:
                    yield asked
            self._note(line)
        self.report.digest = self._seen.hexdigest()

    def asked_of(self, site: Site) -> Iterator[tuple[str, bytes, Asked]]:
        """Give the requests of one site's addresses, each with its host and its path and query.

        A line without a host speaks of the site's main host. Where that is a pattern, nobody can
        say which name was asked, and the line is dropped.
        """
        sites, main = Sites([site]), None if site.has_many_hosts else site.host
        for asked in self.asked():
            named, target = split_host(asked)
            host = main if named is None else named.lower()
            if host is None:
                self.report.dropped[NO_HOST] += 1
            elif sites.of_host(host) is None:
                self.report.dropped[FOREIGN_HOST] += 1
            else:
                yield host, target, asked

    def visits(self, site: Site, secret: bytes) -> Iterator[tuple[CanonicalUrl, Asked]]:
        """Give the visits of one site under their keys, codes of citizens' files hidden."""
        make_key = key_maker(site).key
        for host, target, asked in self.asked_of(site):
            path, _, query = target.partition(b"?")
            key = make_key(host, path, query)
            if len(key.encode(errors="replace")) > LONGEST_KEY or "\0" in key:
                self.report.dropped[TOO_LONG] += 1
                continue
            self.report.visits += 1
            yield hide_codes(key, secret), asked

    def _kept(self, read: Read, text: str) -> Asked | None:
        try:
            asked = read(text)
        except LineError as error:
            self.report.refuse(str(error))
            return None
        if asked is None:
            return None
        rule = self._sieve.drops(asked)
        if rule is not None:
            self.report.dropped[rule] += 1
        return asked if rule is None else None

    def _note(self, line: bytes) -> None:
        self._seen.update(line)
        report = self.report
        report.length += len(line)
        if report.length in self._lengths and (
            (report.length, self._seen.hexdigest()) in self._known
        ):
            report.visits, report.unreadable = 0, 0
            report.dropped = Counter({SEEN_BEFORE: report.lines})
            report.shown.clear()
            self._on_known()


def split_host(asked: Asked) -> tuple[str | None, bytes]:
    """Take the host out of a target that is a whole URL, as proxies ask."""
    scheme, found, rest = asked.target.partition(b"://")
    if found and scheme.lower() in {b"http", b"https"}:
        authority, slash, path = rest.partition(b"/")
        return authority.partition(b":")[0].decode("latin-1"), slash + path or b"/"
    return asked.host, asked.target
