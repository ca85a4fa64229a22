"""The clues of the catalogue: under which texts a document is found when an old address is asked.

Rows are only added, so a document is still found by the title and slug it had before an editor
changed them: old addresses were made of the old ones.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from sqlalchemy import Connection, func, select

from catalogue.database import upsert
from catalogue.schema import clue as table
from catalogue.schema import link_text
from redirects.clues import clues_of_key, clues_of_number, clues_of_title, clues_of_words, slug
from redirects.mapping import CanonicalUrl

COMMONEST = 60
"""Documents a clue may lead to; one that more of them share (`uy-ban-nhan`) tells nothing."""

CHUNK = 400
"""Clues named in one statement."""


class Clues:
    """An index from clues to documents."""

    def __init__(self, connection: Connection) -> None:
        """Work inside the transaction of `connection`."""
        self._connection = connection
        self._common: set[str] = set()

    def note_document(self, document_id: int, *, title: str, name: str, number: str | None) -> None:
        """Note what a document is called; `name` is its slug or, of a file, its file's name."""
        found = [*clues_of_title(title), *clues_of_words(slug(name.rpartition(".")[0] or name))]
        self._add((clue, document_id) for clue in (*found, *clues_of_number(number)))

    def note_addresses(self, placed: Iterable[tuple[CanonicalUrl, int, int]]) -> None:
        """Note old addresses: each with its site's row id and the document it leads to."""
        self._add(
            (clue, document_id)
            for key, site_id, document_id in placed
            for clue in clues_of_key(key, site_id)
        )

    def documents_under(self, sought: Iterable[str]) -> dict[str, list[int]]:
        """Return the documents of each clue that tells something; two statements a chunk."""
        wanted = sorted(set(sought) - self._common)
        found: defaultdict[str, list[int]] = defaultdict(list)
        for part in _parts(wanted):
            telling = self._telling(part)
            self._common.update(set(part) - telling)
            rows = select(table).where(table.c.clue.in_(sorted(telling)))
            for row in self._connection.execute(rows.order_by(table.c.document_id)):
                found[row.clue].append(row.document_id)
        return dict(found)

    def sample(self, clue: str, limit: int) -> list[int]:
        """Return some documents of a clue, however common it is."""
        rows = select(table.c.document_id).where(table.c.clue == clue)
        rows = rows.order_by(table.c.document_id.desc()).limit(limit)
        return list(self._connection.execute(rows).scalars())

    def _telling(self, clues: Sequence[str]) -> set[str]:
        counts = (
            select(table.c.clue)
            .where(table.c.clue.in_(clues))
            .group_by(table.c.clue)
            .having(func.count() <= COMMONEST)
        )
        return set(self._connection.execute(counts).scalars())

    def _add(self, pairs: Iterable[tuple[str, int]]) -> None:
        rows = [{"clue": clue, "document_id": each} for clue, each in dict.fromkeys(pairs)]
        if rows:
            self._connection.execute(upsert(self._connection, table).on_conflict_do_nothing(), rows)


class LinkTexts:
    """The words that links to an address stand on, where the address itself gave no document."""

    def __init__(self, connection: Connection) -> None:
        """Work inside the transaction of `connection`."""
        self._connection = connection

    def note(self, site_id: int, texts: Mapping[CanonicalUrl, str]) -> None:
        """Note the words for each address; later ones replace earlier ones."""
        rows = [{"key": key, "site_id": site_id, "text": text} for key, text in texts.items()]
        if not rows:
            return
        statement = upsert(self._connection, link_text)
        fresh = {"text": statement.excluded.text}
        self._connection.execute(
            statement.on_conflict_do_update(index_elements=[link_text.c.key], set_=fresh), rows
        )

    def of(self, keys: Sequence[CanonicalUrl]) -> dict[CanonicalUrl, str]:
        """Return the words for those addresses that have some."""
        rows = select(link_text.c.key, link_text.c.text).where(link_text.c.key.in_(keys))
        return {CanonicalUrl(row.key): row.text for row in self._connection.execute(rows)}


def _parts(clues: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(clues), CHUNK):
        yield clues[start : start + CHUNK]
