"""Progress: how far a crawl or a rereading has come, for whoever draws it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """`current` is the address answered or read last; `pending` those still to come."""

    site: str
    fetched: int
    pending: int
    discovered: int
    failed: int
    current: str
