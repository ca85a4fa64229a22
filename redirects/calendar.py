"""The calendar of the portal: a decision takes effect on a day in Vietnam."""

from __future__ import annotations

import time
from datetime import date, timedelta, timezone

VIETNAM = timezone(timedelta(hours=7))  # no summer time since 1975

_DAY = 86_400
_OFFSET = 7 * 3_600
_FIRST = date(1970, 1, 1).toordinal()


def today_in_vietnam() -> date:
    """Return the portal's calendar date; asked for so often that it is counted, not converted."""
    return date.fromordinal(_FIRST + int(time.time() + _OFFSET) // _DAY)
