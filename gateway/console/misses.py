"""Misses: the addresses nobody has decided, what each may have become, and accepting it."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from catalogue.accepting import Offer, accept, acceptable
from catalogue.database import Database
from catalogue.misses import Misses
from gateway.console import addresses
from gateway.console.batches import notice_of
from gateway.console.pages import Pages
from gateway.console.suggesting import Suggesting, line_of
from gateway.console.visit import Visit
from redirects.mapping import CanonicalUrl

PAGE_SIZE = 50
MOST_SKIPPED = 1_000_000
ANY_SCORE = 0.0
"""An editor who points at one suggestion accepts it however sure it is."""


class MissDesk:
    """The list of misses with their suggestions, and the two ways to accept them."""

    def __init__(
        self, database: Database, pages: Pages, suggesting: Suggesting, *, least: float
    ) -> None:
        self._database = database
        self._pages = pages
        self._suggesting = suggesting
        self._least = least

    def list(self, visit: Visit) -> Response:
        """The addresses nobody has decided, most visited first."""
        offset = min(visit.params.number("tu-hang") or 0, MOST_SKIPPED)
        with self._database.reading() as connection:
            misses = Misses(connection)
            rows = misses.listing(limit=PAGE_SIZE + 1, offset=offset)
            offered = self._suggesting.offers(connection, rows[:PAGE_SIZE])
            ready = acceptable(connection, offered, least=ANY_SCORE)
            lines = [line_of(each, ready=each in ready) for each in offered]
            return self._pages.answer(
                visit,
                "misses.html",
                tab=addresses.MISSES,
                rows=lines,
                sure=[
                    each
                    for each in lines
                    if each.ready and each.suggestions[0].score >= self._least
                ],
                least=self._least,
                offset=offset,
                page_size=PAGE_SIZE,
                more=len(rows) > PAGE_SIZE,
                count=misses.total(),
                notice=notice_of(connection, visit),
            )

    def accept(self, visit: Visit) -> Response:
        """Make decisions of the suggestions an editor saw: one batch, if they still are the best.

        One may be as unsure as it is; of several only those above the limit count.
        """
        pairs = zip(visit.form.all("dia-chi"), visit.form.all("dich"), strict=False)
        seen = {CanonicalUrl(key): target for key, target in list(pairs)[:PAGE_SIZE]}
        least = ANY_SCORE if len(seen) == 1 else self._least
        with self._database.reading() as connection:
            misses = [miss for key in seen if (miss := Misses(connection).find(key))]
            offered = self._suggesting.offers(connection, misses)
        still = [one for one in offered if _best(one) == seen[one.miss.key]]
        with self._database.writing() as connection:
            sure = acceptable(connection, still, least=least)
            if not sure:
                return RedirectResponse(addresses.MISSES, 303)
            batch = accept(connection, sure, editor=visit.editor.name, now=visit.now)
        left = len(seen) - len(sure)
        return RedirectResponse(addresses.with_notice(addresses.MISSES, batch.id, left=left), 303)


def _best(offer: Offer) -> str:
    return offer.best.candidate.target if offer.best else ""
