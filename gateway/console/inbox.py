"""The inbox: what is left to do, what was done last, and whether the console keeps up."""

from __future__ import annotations

from starlette.responses import Response

from catalogue.database import Database
from catalogue.decisions import recent
from catalogue.document import DocumentState
from catalogue.documents import Documents
from catalogue.filtering import DocumentFilter
from catalogue.misses import Misses
from gateway.console import addresses
from gateway.console.batches import notice_of
from gateway.console.pages import Pages
from gateway.console.upkeep import Upkeep
from gateway.console.visit import Visit

BATCHES_SHOWN = 10
MISSES_SHOWN = 10


class Inbox:
    """The console's first page."""

    def __init__(self, database: Database, pages: Pages, upkeep: Upkeep) -> None:
        self._database = database
        self._pages = pages
        self._upkeep = upkeep

    def show(self, visit: Visit) -> Response:
        """Counts, progress, the most missed addresses, the latest batches."""
        with self._database.reading() as connection:
            facets = Documents(connection).facets(DocumentFilter())
            misses = Misses(connection)
            return self._pages.answer(
                visit,
                "inbox.html",
                tab=addresses.INBOX,
                facets=facets,
                decided=decided_share(facets.states),
                misses=misses.listing(limit=MISSES_SHOWN),
                misses_total=misses.total(),
                batches=recent(connection, BATCHES_SHOWN),
                trouble=self._upkeep.trouble,
                notice=notice_of(connection, visit),
            )


def decided_share(states: dict[DocumentState, int]) -> int:
    """How many of a hundred documents need no more review; 100 only when none does."""
    total = sum(states.values())
    waiting = states.get(DocumentState.IMPORTED, 0)
    return (total - waiting) * 100 // total if total else 100
