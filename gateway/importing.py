"""Files of decisions taken in, for the command and the console alike: read, judged, written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import PurePath

from sqlalchemy import Connection

from catalogue import decisions
from catalogue.decisions import Batch
from catalogue.intake import Judgement, Row, judge, part_by_case
from catalogue.mappings import Mappings
from catalogue.rules import Rules
from redirects.formats.apache_directives import read_apache, read_rewrite_map
from redirects.formats.json_lines import read_json_lines
from redirects.formats.nginx_directives import read_nginx
from redirects.formats.reading import Reading
from redirects.formats.redirects_list import read_redirects_list
from redirects.formats.table import read_csv
from redirects.formats.wordpress import read_wordpress
from redirects.formats.workbook import read_workbook
from redirects.keys import keeps_case
from redirects.rule import Rule


class ImportFormat(StrEnum):
    """What decisions can be read from."""

    CSV = "csv"
    XLSX = "xlsx"
    JSON = "json"
    NETLIFY = "netlify"
    NGINX = "nginx"
    APACHE = "apache"
    REWRITE_MAP = "rewritemap"
    WORDPRESS = "wordpress"


_BY_SUFFIX = {
    ".xlsx": ImportFormat.XLSX,
    ".xls": ImportFormat.XLSX,
    ".ods": ImportFormat.XLSX,
    ".json": ImportFormat.JSON,
    ".jsonl": ImportFormat.JSON,
    ".ndjson": ImportFormat.JSON,
    ".conf": ImportFormat.NGINX,
    ".htaccess": ImportFormat.APACHE,
    ".map": ImportFormat.REWRITE_MAP,
}
_BY_NAME = {"_redirects": ImportFormat.NETLIFY, ".htaccess": ImportFormat.APACHE}
_READERS: dict[ImportFormat, Callable[[bytes, Reading], None]] = {
    ImportFormat.CSV: read_csv,
    ImportFormat.XLSX: read_workbook,
    ImportFormat.JSON: read_json_lines,
    ImportFormat.NETLIFY: read_redirects_list,
    ImportFormat.NGINX: read_nginx,
    ImportFormat.APACHE: read_apache,
    ImportFormat.REWRITE_MAP: read_rewrite_map,
    ImportFormat.WORDPRESS: read_wordpress,
}
_HEAD = 4096  # bytes in which the JSON of the plugin Redirection says what it is


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file that was read: its name, its format, and all that it says."""

    name: str
    form: ImportFormat
    reading: Reading

    @property
    def rows(self) -> Iterable[Row]:
        """What was taken, with the place it stands."""
        return (Row(self.name, one.line, one.site, one.mapping) for one in self.reading.taken)


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did, or would do when it was tried: no batch then."""

    judgement: Judgement
    batch: Batch | None = None


def format_of(name: str, content: bytes) -> ImportFormat:
    """Tell a file's format by its name; what JSON it is, by its beginning."""
    path = PurePath(name)
    form = _BY_NAME.get(path.name.lower()) or _BY_SUFFIX.get(path.suffix.lower(), ImportFormat.CSV)
    head = content[:_HEAD].lstrip(b"\xef\xbb\xbf \r\n\t")
    if form is ImportFormat.JSON and head.startswith(b"{") and b'"redirects"' in head:
        return ImportFormat.WORDPRESS
    return form


def read_file(name: str, content: bytes, reading: Reading, form: ImportFormat | None) -> ReadFile:
    """Read a file into `reading`; its format follows from its name when none is given."""
    form = form or format_of(name, content)
    _READERS[form](content, reading)
    return ReadFile(name, form, reading)


def try_files(connection: Connection, files: Sequence[ReadFile], *, overwrite: bool) -> Judgement:
    """Judge what the files say by each other and by what stands; change nothing."""
    rows = [row for file in files for row in file.rows]
    rules = _rules(files)
    kept = Mappings(connection)
    standing = kept.standing(row.mapping.key for row in rows)
    if files:
        rows = part_by_case(rows, standing, files[0].reading.sites.exact_key_of)
        exact = {row.mapping.key for row in rows} - standing.keys()
        standing |= kept.standing(key for key in exact if keeps_case(key))
    return judge(
        rows,
        rules,
        standing=standing,
        standing_rules=Rules(connection).all() if rules else (),
        overwrite=overwrite,
    )


def take_files(
    connection: Connection,
    files: Sequence[ReadFile],
    *,
    overwrite: bool,
    editor: str,
    now: datetime,
) -> Imported:
    """Judge and write, in the transaction of `connection`: one batch, undone as one."""
    judgement = try_files(connection, files, overwrite=overwrite)
    batch = decisions.import_mappings(
        connection, judgement.taken, judgement.rules, editor=editor, now=now
    )
    return Imported(judgement, batch)


def _rules(files: Sequence[ReadFile]) -> list[Rule]:
    return [rule for file in files for rule in file.reading.rules]
