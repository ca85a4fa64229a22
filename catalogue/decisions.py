"""The decisions of editors: taken in batches, recorded row by row, taken back by batch.

Every function works inside the transaction of the caller's connection, writes the audit beside
the rows and raises the revision by one, so that visitors meet a decision whole or not at all.
Taking back restores each row's own state before; it never applies an inverse rule, because rows
of one batch may have come from different states.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from catalogue.audit import Audit, Batch, Change, Entry, RowState, SubjectKind, verb_of
from catalogue.database import CatalogueError, raise_revision
from catalogue.document import Document
from catalogue.documents import Documents
from catalogue.importing import SECTION, STATE, TITLE
from catalogue.mappings import Mappings, MappingSource
from catalogue.review import Decision, Verb, decide
from catalogue.row_states import CHUNK, DOCUMENTS, MAPPINGS, MISSES, RULES, RowStates
from catalogue.rules import Rules
from catalogue.schema import mapping as mapping_table
from catalogue.schema import miss as miss_table
from catalogue.schema import rule as rule_table
from catalogue.search.analysis import fold
from catalogue.sites import Sites
from redirects.mapping import CanonicalUrl, Mapping
from redirects.rule import Rule

__all__ = [
    "Batch",
    "Entry",
    "decide_mapping",
    "decide_rule",
    "drop_rule",
    "history",
    "import_mappings",
    "recent",
    "take",
    "undo",
]


def take(
    connection: Connection, decisions: Sequence[Decision], *, editor: str, now: datetime
) -> Batch:
    """Take decisions on documents, and on the mappings that lead to them.

    Accepting activates the mappings that were suggested; rejecting and quarantining refuse them;
    reopening makes them suggestions again. Raises ReviewError for a decision that cannot be
    taken and CatalogueError for a document nobody knows; then nothing may be committed.
    """
    ids = list(dict.fromkeys(decision.document_id for decision in decisions))
    documents = {each.id: each for each in Documents(connection).by_ids(ids)}
    unknown = [each for each in ids if each not in documents]
    if unknown:
        raise CatalogueError(f"there is no document {unknown[0]}")
    before = DOCUMENTS.read(connection, ids)
    edited = {each: str(state["edited"]) for each, state in before.items()}
    verbs: dict[int, Verb] = {}
    for decision in decisions:
        document = documents[decision.document_id]
        decided = documents[document.id] = decide(document, decision)
        edited[document.id] = _edited(
            document, decided, verb=decision.verb, edited=edited[document.id]
        )
        verbs[document.id] = decision.verb
    after: dict[int, RowState] = {each: _state(documents[each], edited[each]) for each in ids}
    DOCUMENTS.write(connection, after, now)
    changes = [
        Change("document", each, verbs[each].value, before[each], after[each]) for each in ids
    ]
    changes += _decide_mappings_to(connection, verbs, now)
    Documents(connection).mark_due(ids)
    raise_revision(connection)
    verb = verb_of(decision.verb.value for decision in decisions)
    return Audit(connection).record(changes, editor=editor, now=now, verb=verb)


def decide_mapping(
    connection: Connection, site: str, mapping: Mapping, *, editor: str, now: datetime
) -> Batch:
    """Set an editor's own mapping, active at once; the address is no longer a miss."""
    by_key = mapping_table.c.key == mapping.key
    before = MAPPINGS.where(connection, by_key)
    Mappings(connection).put(site, mapping, state="active", source="editor", now=now)
    changes = [
        Change("mapping", each, "map", before.get(each), after)
        for each, after in MAPPINGS.where(connection, by_key).items()
    ]
    changes += _clear_misses(connection, [mapping.key], verb="map", now=now)
    return Audit(connection).record(changes, editor=editor, now=now, verb="map")


def decide_rule(connection: Connection, rule: Rule, *, editor: str, now: datetime) -> Batch:
    """Set an editor's rule; visitors meet it at once."""
    return _change_rule(connection, rule.site, rule.name, rule, editor=editor, now=now)


def drop_rule(connection: Connection, site: str, name: str, *, editor: str, now: datetime) -> Batch:
    """Delete a rule; one that is not there needs no deleting, and the batch is empty."""
    return _change_rule(connection, site, name, None, editor=editor, now=now)


def _change_rule(
    connection: Connection, site: str, name: str, rule: Rule | None, *, editor: str, now: datetime
) -> Batch:
    chosen = (rule_table.c.site_id == Sites(connection).id_of(site)) & (rule_table.c.name == name)
    before = RULES.where(connection, chosen)
    if rule is None:
        Rules(connection).remove(site, name)
    else:
        Rules(connection).put(rule)
    after = RULES.where(connection, chosen)
    changes = [
        Change("rule", each, "rule", before.get(each), after.get(each))
        for each in before | after
        if before.get(each) != after.get(each)
    ]
    return Audit(connection).record(changes, editor=editor, now=now, verb="rule")


def import_mappings(
    connection: Connection,
    placed: Sequence[tuple[str, Mapping]],
    rules: Sequence[Rule] = (),
    *,
    editor: str,
    now: datetime,
    source: MappingSource = "import",
) -> Batch:
    """Set many mappings, each with its site's name, active at once, and rules, as one batch.

    Of several for one address the last counts. The addresses are no longer misses. The batch's
    verb is `source`: "import", or "suggestion" for what was suggested and accepted.
    """
    rows = list({mapping.key: (site, mapping) for site, mapping in placed}.values())
    changes: list[Change] = []
    for start in range(0, len(rows), CHUNK):
        chunk = rows[start : start + CHUNK]
        keys = [mapping.key for _, mapping in chunk]
        by_key = mapping_table.c.key.in_(keys)
        before = MAPPINGS.where(connection, by_key)
        Mappings(connection).put_all(chunk, state="active", source=source, now=now)
        changes += [
            Change("mapping", each, source, before.get(each), state)
            for each, state in MAPPINGS.where(connection, by_key).items()
            if state != before.get(each)
        ]
        changes += _clear_misses(connection, keys, verb=source, now=now)
    changes += _import_rules(connection, rules, verb=source)
    raise_revision(connection)
    return Audit(connection).record(changes, editor=editor, now=now, verb=source)


def _import_rules(connection: Connection, rules: Sequence[Rule], *, verb: str) -> list[Change]:
    chosen = list({(rule.site, rule.name): rule for rule in rules}.values())
    changes: list[Change] = []
    for start in range(0, len(chosen), CHUNK):
        chunk = chosen[start : start + CHUNK]
        by_name = rule_table.c.name.in_([rule.name for rule in chunk])
        before = RULES.where(connection, by_name)
        Rules(connection).put_all(chunk)
        changes += [
            Change("rule", each, verb, before.get(each), state)
            for each, state in RULES.where(connection, by_name).items()
            if state != before.get(each)
        ]
    return changes


def undo(connection: Connection, batch_id: str, *, editor: str, now: datetime) -> Batch:
    """Take a batch back: each of its rows is again what it was before, to the letter.

    Rows on which another batch (or a later import) has had the last word since are left as they
    are and named in `left`. Raises CatalogueError for a batch nobody knows.
    """
    audit = Audit(connection)
    if audit.find(batch_id) is None:
        raise CatalogueError(f"there is no batch {batch_id!r}")
    stands = audit.standing_after(batch_id)
    changes = audit.changes(batch_id)
    restored: list[Change] = []
    left: list[tuple[SubjectKind, int]] = []
    for rows in (DOCUMENTS, MAPPINGS, MISSES, RULES):
        mine = [each for each in changes if each.subject == rows.subject]
        back = _take_back(connection, rows, mine, stands)
        rows.write(connection, {each.subject_id: each.after for each in back}, now)
        done = {each.subject_id for each in back}
        restored += back
        left += [(each.subject, each.subject_id) for each in mine if each.subject_id not in done]
    Documents(connection).mark_due(
        [each.subject_id for each in restored if each.subject == "document"]
    )
    raise_revision(connection)
    return audit.record(
        restored, editor=editor, now=now, verb="undo", undoes=batch_id, left=tuple(left)
    )


def recent(connection: Connection, limit: int) -> list[Batch]:
    """Return the latest batches, the newest first."""
    return Audit(connection).recent(limit)


def history(connection: Connection, document_id: int) -> list[Entry]:
    """Return everything that was decided about a document, the newest first."""
    return Audit(connection).history("document", document_id)


def _clear_misses(
    connection: Connection, keys: list[CanonicalUrl], *, verb: str, now: datetime
) -> list[Change]:
    missed = MISSES.where(connection, miss_table.c.key.in_(keys))
    MISSES.write(connection, dict.fromkeys(missed), now)
    return [Change("miss", each, verb, state, None) for each, state in missed.items()]


def _state(document: Document, edited: str) -> dict[str, Any]:
    return {
        "state": document.state.value,
        "title": document.title,
        "title_folded": fold(document.title),
        "section": document.section,
        "duplicate_of": document.duplicate_of,
        "edited": edited,
    }


def _edited(document: Document, decided: Document, *, verb: Verb, edited: str) -> str:
    names = set(edited.split())
    if verb is not Verb.EDIT:
        names.add(STATE)
    else:
        if decided.title != document.title:
            names.add(TITLE)
        if decided.section != document.section:
            names.add(SECTION)
    return " ".join(sorted(names))


def _decide_mappings_to(
    connection: Connection, verbs: dict[int, Verb], now: datetime
) -> list[Change]:
    targets = {f"doc:{each}": verb for each, verb in verbs.items() if verb is not Verb.EDIT}
    names = list(targets)
    changes: list[Change] = []
    for start in range(0, len(names), CHUNK):
        chosen = mapping_table.c.target.in_(names[start : start + CHUNK])
        for row_id, before in MAPPINGS.where(connection, chosen).items():
            verb = targets[before["target"]]
            state = _mapping_state(verb, before["state"], before["source"])
            if state != before["state"]:
                after = before | {"state": state}
                changes.append(Change("mapping", row_id, verb.value, before, after))
    MAPPINGS.write(connection, {each.subject_id: each.after for each in changes}, now)
    return changes


def _mapping_state(verb: Verb, state: str, source: str) -> str:
    """Return where a mapping stands after its document was decided.

    One that the crawler made follows the document wherever it goes. One that an editor or an
    import made is only moved on while it is a suggestion.
    """
    if state != "suggested" and source != "crawl":
        return state
    match verb:
        case Verb.ACCEPT:
            return "active"
        case Verb.REJECT | Verb.QUARANTINE:
            return "refused"
        case Verb.REOPEN:
            return "suggested"
        case Verb.EDIT:
            return state


def _take_back(
    connection: Connection,
    rows: RowStates,
    changes: Sequence[Change],
    stands: dict[tuple[SubjectKind, int], bool],
) -> list[Change]:
    """Return what is to be done to the rows of one table on which the batch's word stands."""
    current = rows.read(connection, [each.subject_id for each in changes])
    taken = _taken_names(connection, rows, changes, current)
    back = []
    for change in changes:
        found = current.get(change.subject_id)
        free = not taken or change.before is None or rows.name_of(change.before) not in taken
        if stands[change.subject, change.subject_id] and free and _as_left(found, change):
            after = _restored(found, change)
            back.append(Change(change.subject, change.subject_id, "undo", found, after))
    return back


def _as_left(current: RowState, change: Change) -> bool:
    """Say whether the columns that a change touched still are as it left them."""
    if current is None or change.before is None or change.after is None:
        return current == change.after
    return all(current[name] == change.after[name] for name in _touched(change))


def _restored(current: RowState, change: Change) -> RowState:
    if current is None or change.before is None:
        return change.before
    return current | {name: change.before[name] for name in _touched(change)}


def _touched(change: Change) -> list[str]:
    before, after = change.before or {}, change.after or {}
    return [name for name in before if before[name] != after.get(name)]


def _taken_names(
    connection: Connection, rows: RowStates, changes: Sequence[Change], current: dict[int, Any]
) -> set[Any]:
    """Return the names of vanished rows under which another row stands by now."""
    names = [
        rows.name_of(each.before)
        for each in changes
        if each.before is not None and each.subject_id not in current
    ]
    return rows.named(connection, names)
