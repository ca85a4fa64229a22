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
from gateway.rendering import Pages
from gateway.shell import Shell
from gateway.site.addresses import words_in
from gateway.site.notices import WORDINGS, Notices, wants_json
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
        self,
        *,
        pages: Pages,
        notices: Notices,
        index: SearchIndex,
        suggesting: Bucket,
        max_age: int,
    ) -> None:
        """`max_age` is how many seconds browsers and caches may keep a 404."""
        self._notices = notices
        self._index = index
        self._suggesting = suggesting
        self._headers = {"cache-control": f"max-age={max_age}"}
        self._shell = Shell(
            pages,
            _TEMPLATE,
            status=404,
            max_age=max_age,
            holes=("typed", "address"),
            wording=WORDINGS[404],
            detail=None,
            best=(),
        )

    def answer(self, key: CanonicalUrl, address: str, scope: Scope) -> ASGIApp:
        """Answer an address that was asked for as `address`: with best matches, or at once."""
        if wants_json(scope):
            return self._notices.at_once(scope, 404)
        words = words_in(key)
        if words and self._suggesting.take():
            return in_thread(
                lambda asked: self.whole(
                    asked, address, words, self._index.best(words, SUGGESTIONS)
                )
            )
        return self._shell.page(scope, typed=words, address=_shown(address))

    def whole(self, request: Request, address: str, words: str, best: Sequence[Hit]) -> Response:
        """Print the page with its best matches."""
        return self._notices.notice(
            request,
            404,
            template=_TEMPLATE,
            headers=self._headers,
            typed=words,
            best=best,
            address=_shown(address),
        )


def _shown(address: str) -> str:
    """Return the address as the page shows it: without the query, which may name a person."""
    return address.partition("?")[0]
