"""Access logs of the old servers: what visitors, robots and scanners asked for in the last days."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.world import World

LAST_DAY: Final = dt.date(2025, 6, 27)
DAYS: Final = 3
VISITS_A_DAY: Final = 400
ZIPF_EXPONENT: Final = 1.07
NOISE_SHARE: Final = 0.12

_noise: Final = (
    "/wp-login.php", "/.env", "/phpmyadmin/index.php", "/favicon.ico", "/apple-touch-icon.png",
    "/xmlrpc.php", "/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php", "/administrator/",
)  # fmt: skip
_agents: Final = (
    "Mozilla/5.0 (Linux; Android 9; SM-J730G) AppleWebKit/537.36 Chrome/112.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; Android 11) AppleWebKit/537.36 Chrome/110.0 Mobile Zalo android/13090702",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 16_6 like Mac OS X) AppleWebKit/605.1.15 [FBAN/FBIOS]",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
)
_receipt_codes: Final = {"haiduong": "000.00.19.H23-250612-0007"}


def access_log(world: World, site: str, visits_a_day: int | None = None) -> Iterator[str]:
    """Lines of one site's log: Apache combined, or IIS W3C (UTC) for the SharePoint portal."""
    count = visits_a_day or VISITS_A_DAY * world.scale
    if site == "haiphong":
        yield from _w3c_header()
    for day, moment, address, status, rng in _visits(world, site, count):
        client = f"{rng.choice(('192.0.2', '198.51.100', '203.0.113'))}.{rng.randint(1, 254)}"
        agent = rng.choice(_agents)
        at = dt.datetime.combine(day, dt.time(), dt.timezone(dt.timedelta(hours=7))) + moment
        size = rng.randint(4000, 60000)
        if site == "haiphong":
            yield _w3c_line(at, address, status, client, agent)
        else:
            stamp = at.strftime("%d/%b/%Y:%H:%M:%S %z")
            yield f'{client} - - [{stamp}] "GET {address} HTTP/1.1" {status} {size} "-" "{agent}"'


def _visits(
    world: World, site: str, count: int
) -> Iterator[tuple[dt.date, dt.timedelta, str, int, random.Random]]:
    rng = random.Random(f"{world.seed}/logs/{site}")
    addresses = _popular(world, site, rng)
    weights = list(
        itertools.accumulate(1 / rank**ZIPF_EXPONENT for rank in range(1, len(addresses) + 1))
    )
    for back in range(DAYS - 1, -1, -1):
        day = LAST_DAY - dt.timedelta(days=back)
        for second in sorted(rng.randrange(86400) for _ in range(count)):
            if rng.random() < NOISE_SHARE:
                address, status = rng.choice(_noise), 404
            else:
                address, status = rng.choices(addresses, cum_weights=weights)[0], 200
            yield day, dt.timedelta(seconds=second), address, status, rng
        for address in _only_in_logs(world, site):
            yield day, dt.timedelta(hours=23, minutes=59), address, 200, rng


def _popular(world: World, site: str, rng: random.Random) -> list[str]:
    """Addresses by popularity; a citizen's file and a typed upper-case form among them."""
    cases = [case for case in world.old_url_cases if case.site == site]
    rng.shuffle(cases)
    addresses = [_path(case.url) for case in cases]
    if site in _receipt_codes:
        addresses.insert(2, f"/tra-cuu-tien-do?doccode={_receipt_codes[site]}")
    return ["/", *addresses]


def _path(url: str) -> str:
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _only_in_logs(world: World, site: str) -> list[str]:
    return [
        _path(truth.url)
        for truth in world.truths
        if truth.site == site and not truth.linked and truth.expected == "document"
    ]


def _w3c_header() -> Iterator[str]:
    yield "#Software: Microsoft Internet Information Services 8.5"
    yield "#Version: 1.0"
    yield (
        "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip"
        " cs(User-Agent) sc-status sc-substatus sc-win32-status time-taken"
    )


def _w3c_line(at: dt.datetime, address: str, status: int, client: str, agent: str) -> str:
    stem, _, query = address.partition("?")
    stamp = at.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S")
    browser = quote(agent.replace(" ", "+"), safe="+/();:,.")
    return (
        f"{stamp} 10.0.0.12 GET {stem} {query or '-'} 80 - {client} {browser} {status} 0 0 "
        f"{len(address) * 3}"
    )
