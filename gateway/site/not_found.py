"""The page of an address that nobody has decided: best matches while there is time for a search.

A flood of invented addresses must not starve visitors, so the index is asked a few times a second
and the page is otherwise filled into a frame that was printed once.
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Scope

from catalogue.search.engine import Hit
from gateway.bucket import Bucket
from gateway.rendering import Pages, Shell
from gateway.site.addresses import address_of, words_in
from gateway.site.notices import WORDINGS, Notices, prefers_json
from gateway.site.searching import SearchIndex
from gateway.threads import in_thread
from redirects.mapping import CanonicalUrl

SUGGESTIONS = 3
SEARCHES_A_SECOND = 10.0
"""Searches a second and process for the sake of addresses that were not found."""

_TEMPLATE = "site/not_found.html"


class NotFoundPages:
    """Answers 404 with what may have been meant."""

    def __init__(
        self, *, pages: Pages, notices: Notices, index: SearchIndex, suggesting: Bucket
    ) -> None:
        self._notices = notices
        self._index = index
        self._suggesting = suggesting
        self._shell = Shell(
            pages,
            _TEMPLATE,
            holes=("typed", "address"),
            wording=WORDINGS[404],
            detail=None,
            best=(),
        )

    def answer(self, key: CanonicalUrl, scope: Scope) -> ASGIApp:
        """Answer an address: with best matches, or at once."""
        request = Request(scope)
        words = words_in(key)
        if prefers_json(request.headers.get("accept", "")):
            return self._notices.notice(request, 404)
        if words and self._suggesting.take():
            return in_thread(
                lambda asked: self.whole(asked, words, self._index.best(words, SUGGESTIONS))
            )
        return self._shell.page(request, status=404, typed=words, address=_shown(scope))

    def whole(self, request: Request, words: str, best: Sequence[Hit]) -> Response:
        """Print the page with its best matches."""
        return self._notices.notice(
            request,
            404,
            template=_TEMPLATE,
            typed=words,
            best=best,
            address=_shown(request.scope),
        )


def _shown(scope: Scope) -> str:
    """Return the address as the page shows it: without the query, which may name a person."""
    return address_of(scope).partition("?")[0]
