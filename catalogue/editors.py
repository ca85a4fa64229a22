"""The editors: local accounts of the console, and the sessions they have open."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from sqlalchemy import Connection, delete, insert, or_, select, update

from catalogue.database import CatalogueError
from catalogue.schema import editor as table
from catalogue.schema import session as session_table

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
NOTED_EVERY = timedelta(minutes=1)
"""A session's use is written down this often, not at every page."""

LONGEST_NAME = 64
SHORTEST_PASSWORD = 12
"""Characters; length is what counts (NIST SP 800-63B, 3.1.1.2)."""

_HASHER = PasswordHasher()


@dataclass(frozen=True, slots=True)
class Editor:
    """Somebody who may decide. A disabled one may not sign in; what they decided stays."""

    id: int
    name: str
    disabled: bool


class Editors:
    """Every account of the console."""

    def __init__(self, connection: Connection) -> None:
        """Work inside the transaction of `connection`."""
        self._connection = connection

    def add(self, name: str, password: str) -> Editor:
        """Make an account; raises CatalogueError for a name in use or a password too short."""
        name = name.strip()
        if not name or len(name) > LONGEST_NAME:
            raise CatalogueError(f"an editor needs a name of 1 to {LONGEST_NAME} characters")
        if self._named(name) is not None:
            raise CatalogueError(f"there is an editor {name!r} already")
        statement = insert(table).values(name=name, password_hash=_hashed(password))
        editor_id = self._connection.execute(statement.returning(table.c.id)).scalar_one()
        return Editor(int(editor_id), name, disabled=False)

    def set_password(self, name: str, password: str) -> None:
        """Give an account another password and close its sessions."""
        editor = self._known(name)
        self._connection.execute(
            update(table).where(table.c.id == editor.id).values(password_hash=_hashed(password))
        )
        self._close_all(editor.id)

    def disable(self, name: str, now: datetime) -> None:
        """Keep an account from signing in and close its sessions."""
        editor = self._known(name)
        self._connection.execute(
            update(table).where(table.c.id == editor.id).values(disabled_at=now)
        )
        self._close_all(editor.id)

    def verify(self, name: str, password: str) -> Editor | None:
        """Return the editor whose name and password these are, unless disabled.

        Costs the same for a name that nobody has, so that names cannot be found by the clock.
        """
        row = self._connection.execute(select(table).where(table.c.name == name.strip())).first()
        try:
            _HASHER.verify(_nobodys_hash() if row is None else row.password_hash, password)
        except VerifyMismatchError:
            return None
        if row is None or row.disabled_at is not None:
            return None
        return Editor(row.id, row.name, disabled=False)

    def find(self, editor_id: int) -> Editor | None:
        """Return the editor with that id."""
        row = self._connection.execute(select(table).where(table.c.id == editor_id)).first()
        return None if row is None else Editor(row.id, row.name, row.disabled_at is not None)

    def all(self) -> list[Editor]:
        """Return every editor, by name."""
        rows = self._connection.execute(select(table).order_by(table.c.name))
        return [Editor(row.id, row.name, row.disabled_at is not None) for row in rows]

    def open_session(self, editor_id: int, now: datetime) -> str:
        """Open a session; the token goes into the cookie, only its hash into the database."""
        self._connection.execute(
            delete(session_table).where(
                or_(
                    session_table.c.seen_at <= now - IDLE,
                    session_table.c.created_at <= now - LONGEST,
                )
            )
        )
        token = secrets.token_urlsafe(32)
        self._connection.execute(
            insert(session_table).values(
                id=_digest(token), editor_id=editor_id, created_at=now, seen_at=now
            )
        )
        return token

    def fresh_session(self, token: str, now: datetime) -> Editor | None:
        """Return whose session this is if its use was noted within a minute; writes nothing.

        None says no more than that `session` must be asked. A page read this way never waits
        behind a long writer.
        """
        statement = select(session_table.c.editor_id).where(
            session_table.c.id == _digest(token),
            session_table.c.seen_at > now - NOTED_EVERY,
            session_table.c.created_at > now - LONGEST,
        )
        editor_id = self._connection.execute(statement).scalar_one_or_none()
        return None if editor_id is None else self.find(editor_id)

    def session(self, token: str, now: datetime) -> Editor | None:
        """Return whose session this is and note that it was used; needs a writing transaction.

        A session ends after 30 minutes without use, or 12 hours after it was opened.
        """
        statement = (
            update(session_table)
            .where(
                session_table.c.id == _digest(token),
                session_table.c.seen_at > now - IDLE,
                session_table.c.created_at > now - LONGEST,
            )
            .values(seen_at=now)
            .returning(session_table.c.editor_id)
        )
        editor_id = self._connection.execute(statement).scalar_one_or_none()
        return None if editor_id is None else self.find(editor_id)

    def close_session(self, token: str) -> None:
        """End a session."""
        self._connection.execute(delete(session_table).where(session_table.c.id == _digest(token)))

    def _named(self, name: str) -> Editor | None:
        row = self._connection.execute(select(table).where(table.c.name == name)).first()
        return None if row is None else Editor(row.id, row.name, row.disabled_at is not None)

    def _known(self, name: str) -> Editor:
        editor = self._named(name.strip())
        if editor is None:
            raise CatalogueError(f"there is no editor {name!r}")
        return editor

    def _close_all(self, editor_id: int) -> None:
        self._connection.execute(
            delete(session_table).where(session_table.c.editor_id == editor_id)
        )


def _hashed(password: str) -> str:
    if len(password) < SHORTEST_PASSWORD:
        raise CatalogueError(f"a password needs at least {SHORTEST_PASSWORD} characters")
    return _HASHER.hash(password)


@cache
def _nobodys_hash() -> str:
    return _HASHER.hash(secrets.token_urlsafe(32))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
