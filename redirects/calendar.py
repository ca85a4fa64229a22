"""The calendar of the portal: a decision takes effect on a day in Vietnam."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

VIETNAM = timezone(timedelta(hours=7))  # no summer time since 1975


def today_in_vietnam() -> date:
    """Return the portal's calendar date."""
    return datetime.now(VIETNAM).date()
