"""The inbox: what is left to do, what was done last, and whether the console keeps up."""

from __future__ import annotations

from sqlalchemy import Connection
from starlette.responses import Response

from catalogue.crowds import crowds
from catalogue.database import Database, current_revision
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
from redirects.crowding import Crowd, leads_home
from redirects.site import Portal

BATCHES_SHOWN = 10
MISSES_SHOWN = 10


class Inbox:
    """The console's first page."""

    def __init__(self, database: Database, pages: Pages, upkeep: Upkeep, portal: Portal) -> None:
        self._database = database
        self._pages = pages
        self._upkeep = upkeep
        self._portal = portal
        self._crowds: tuple[int, list[Crowd]] = (-1, [])

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
                crowds=[
                    (each, leads_home(each.target, self._portal))
                    for each in self._crowded(connection)
                ],
                notice=notice_of(connection, visit),
            )

    def _crowded(self, connection: Connection) -> list[Crowd]:
        """Count the targets once a revision."""
        revision = current_revision(connection)
        if self._crowds[0] != revision:
            self._crowds = (revision, crowds(connection))
        return self._crowds[1]


def decided_share(states: dict[DocumentState, int]) -> int:
    """How many of a hundred documents need no more review; 100 only when none does."""
    total = sum(states.values())
    waiting = states.get(DocumentState.IMPORTED, 0)
    return (total - waiting) * 100 // total if total else 100
