"""The editors: who may sign in, and for how long."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from catalogue import schema
from catalogue.database import CatalogueError, Database
from catalogue.editors import Editor, Editors
from tests.catalogue.worlds import NOW

PASSWORD = "cầu Đồng Việt 2025"


def test_an_editor_is_known_by_name_and_password(database: Database) -> None:
    with database.writing() as connection:
        added = Editors(connection).add(" bientap ", PASSWORD)
    with database.reading() as connection:
        editors = Editors(connection)
        assert added == editors.verify("bientap", PASSWORD) == editors.find(added.id)
        assert editors.verify("bientap", PASSWORD + "!") is None
        assert editors.verify("nobody", PASSWORD) is None
        assert (editors.find(99), editors.all()) == (None, [added])


def test_passwords_and_tokens_are_not_kept_in_clear(database: Database) -> None:
    with database.writing() as connection:
        editors = Editors(connection)
        token = editors.open_session(editors.add("bientap", PASSWORD).id, NOW)
        row = connection.execute(select(schema.editor)).one()
        assert row.password_hash.startswith("$argon2id$")
        assert connection.execute(select(schema.session.c.id)).scalar_one() != token


@pytest.mark.parametrize(
    ("name", "password", "complaint"),
    [
        ("bientap", PASSWORD, "there is an editor 'bientap' already"),
        (" ", PASSWORD, "an editor needs a name"),
        ("m" * 65, PASSWORD, "of 1 to 64 characters"),
        ("khac", "quá ngắn", "at least 12 characters"),
    ],
)
def test_an_account_that_cannot_be_made_is_named(
    database: Database, name: str, password: str, complaint: str
) -> None:
    with database.writing() as connection:
        Editors(connection).add("bientap", PASSWORD)
        with pytest.raises(CatalogueError, match=complaint):
            Editors(connection).add(name, password)


def test_a_session_ends_after_half_an_hour_without_use(database: Database) -> None:
    with database.writing() as connection:
        editors = Editors(connection)
        editor = editors.add("bientap", PASSWORD)
        token = editors.open_session(editor.id, NOW)
        assert editors.session(token, NOW + timedelta(minutes=29)) == editor
        assert editors.session(token, NOW + timedelta(minutes=58)) == editor
        assert editors.session(token, NOW + timedelta(minutes=88)) is None
        assert editors.session("forged", NOW) is None


def test_a_session_in_steady_use_is_read_without_writing(database: Database) -> None:
    with database.writing() as connection:
        editors = Editors(connection)
        editor = editors.add("bientap", PASSWORD)
        token = editors.open_session(editor.id, NOW)
    with database.reading() as connection:
        editors = Editors(connection)
        assert editors.fresh_session(token, NOW + timedelta(seconds=59)) == editor
        assert editors.fresh_session(token, NOW + timedelta(seconds=61)) is None
        assert editors.fresh_session("forged", NOW) is None


def test_a_session_ends_after_twelve_hours_however_busy(database: Database) -> None:
    with database.writing() as connection:
        editors = Editors(connection)
        token = editors.open_session(editors.add("bientap", PASSWORD).id, NOW)
        for half_hours in range(1, 29):
            moment = NOW + timedelta(minutes=25 * half_hours)
            assert editors.session(token, moment) is not None
        assert editors.session(token, NOW + timedelta(hours=12)) is None


def test_a_session_ends_when_it_is_closed(database: Database) -> None:
    with database.writing() as connection:
        editors = Editors(connection)
        editor = editors.add("bientap", PASSWORD)
        token, other = editors.open_session(editor.id, NOW), editors.open_session(editor.id, NOW)
        editors.close_session(token)
        assert editors.session(token, NOW) is None
        assert editors.session(other, NOW) == editor


def test_expired_sessions_are_swept_when_one_is_opened(database: Database) -> None:
    with database.writing() as connection:
        editors = Editors(connection)
        editor = editors.add("bientap", PASSWORD)
        editors.open_session(editor.id, NOW)
        editors.open_session(editor.id, NOW + timedelta(hours=1))
        assert len(connection.execute(select(schema.session)).all()) == 1


def test_a_disabled_editor_is_out_at_once_and_cannot_come_back(database: Database) -> None:
    with database.writing() as connection:
        editors = Editors(connection)
        editor = editors.add("bientap", PASSWORD)
        token = editors.open_session(editor.id, NOW)
        editors.disable("bientap", NOW)
        assert editors.session(token, NOW) is None
        assert editors.verify("bientap", PASSWORD) is None
        assert editors.find(editor.id) == Editor(editor.id, "bientap", disabled=True)
        with pytest.raises(CatalogueError, match="there is no editor 'khac'"):
            editors.disable("khac", NOW)


def test_another_password_closes_the_sessions_of_the_old_one(database: Database) -> None:
    with database.writing() as connection:
        editors = Editors(connection)
        editor = editors.add("bientap", PASSWORD)
        token = editors.open_session(editor.id, NOW)
        editors.set_password("bientap", "một mật khẩu khác")
        assert editors.session(token, NOW) is None
        assert editors.verify("bientap", PASSWORD) is None
        assert editors.verify("bientap", "một mật khẩu khác") == editor
