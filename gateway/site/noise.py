"""Addresses that nobody reads: what a page fetches for itself, and what scanners try on any host.

They are looked up like all others, so a mapping of one still leads somewhere; only the miss is
answered short. The rules are those of the log reader: `redirects/traffic/noise.toml`.
"""

from __future__ import annotations

from redirects.traffic.sifting import Sieve, shipped_rules

_SIEVE = Sieve(shipped_rules())


def is_noise(path: str, query: bytes) -> bool:
    """Say whether a lower-case path is noise.

    A script without a question, `/alfa.php`, is a scanner's; `/news.php?id=5` was a portal's page.
    """
    return _SIEVE.drops_address(path, query) is not None
