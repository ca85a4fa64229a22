"""Intake: files of decisions tried first, shown row by row, and then taken as one batch."""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.responses import RedirectResponse, Response

from catalogue.database import Database
from catalogue.decisions import import_mappings
from catalogue.intake import Conflict, Judgement, Verdict
from catalogue.mappings import Mappings
from gateway.console import addresses
from gateway.console.form import Form
from gateway.console.pages import Pages
from gateway.console.upload import MOST_BYTES, Drawer, Upload
from gateway.console.visit import Visit
from gateway.i18n import _
from gateway.importing import ImportFormat, ReadFile, format_of, read_file, try_files
from redirects.formats.decoding import Charset
from redirects.formats.reading import Reading
from redirects.formats.table import write_table
from redirects.site import Portal
from redirects.sites import Sites

MOST_SHOWN = 50
PASTED = "dan"
SEPARATORS = {"phay": ",", "cham-phay": ";", "tab": "\t", "gach": "|"}
_ATTACHED = {"Content-Disposition": 'attachment; filename="anh-xa.csv"'}


@dataclass(frozen=True, slots=True)
class Choices:
    """What an editor said about a file; None is "find it out"."""

    name: str = ""
    form: ImportFormat | None = None
    site: str | None = None
    charset: Charset | None = None
    separator: str | None = None
    overwrite: bool = False

    @property
    def fields(self) -> list[tuple[str, str]]:
        """The choices as hidden fields of the next form."""
        return [
            ("ten", self.name),
            ("dang", self.form or ""),
            ("cong", self.site or ""),
            ("ma", self.charset or ""),
            ("tach", self.separator or ""),
            ("trung", "thay" if self.overwrite else "giu"),
        ]


@dataclass(frozen=True, slots=True)
class Tried:
    """A file that was tried: what it says, what would come of it, and where it waits."""

    file: ReadFile
    judgement: Judgement
    kept_as: str
    conflicts: list[Conflict] = field(default_factory=list)

    @property
    def takes(self) -> int:
        """How many decisions and rules would be written."""
        return len(self.judgement.taken) + len(self.judgement.rules)

    @property
    def replaced(self) -> int:
        """How many decisions of editors would be replaced."""
        judgement = self.judgement
        mappings = sum(one.taken for one in judgement.conflicts)
        return mappings + sum(one.taken for one in judgement.rule_conflicts)


def choices_in(form: Form, sites: Sites, name: str = "") -> Choices:
    """Read the choices; one that nobody knows is none."""
    forms = {one.value: one for one in ImportFormat}
    charsets = {one.value: one for one in Charset}
    separator = form.one("tach")
    return Choices(
        name=name or form.one("ten")[:100] or PASTED,
        form=forms.get(form.one("dang")),
        site=form.one("cong") if sites.named(form.one("cong")) else None,
        charset=charsets.get(form.one("ma")),
        separator=separator if separator in SEPARATORS else None,
        overwrite=form.one("trung") == "thay",
    )


class Intake:
    """The page that takes files in, and the table that goes out."""

    def __init__(
        self, database: Database, pages: Pages, sites: Sites, portal: Portal, drawer: Drawer
    ) -> None:
        self._database = database
        self._pages = pages
        self._sites = sites
        self._portal = portal
        self._drawer = drawer

    def show(self, visit: Visit) -> Response:
        """The form."""
        return self._page(visit, Choices())

    def attempt(self, visit: Visit) -> Response:
        """Try a file, or what was pasted, and show what would come of it; nothing is changed."""
        pasted = next((value for name, value in visit.form.fields if name == PASTED), "")
        upload = visit.upload
        if upload is None and pasted.strip():
            upload = Upload(PASTED, pasted.encode())
        choices = choices_in(visit.form, self._sites, upload.name if upload else "")
        if upload is None or not upload.content:
            problem = _("Hãy chọn một tệp hoặc dán nội dung.")
            return self._page(visit, choices, problem=problem, status=422)
        file = self._read(choices, upload.content)
        if file is None:
            problem = _("Ở đây không đọc tệp ODS. Hãy lưu thành XLSX hoặc CSV.")
            return self._page(visit, choices, problem=problem, status=422)
        kept_as = self._drawer.put(upload.content, now=visit.now.timestamp())
        with self._database.reading() as connection:
            judgement = try_files(connection, [file], overwrite=choices.overwrite)
        return self._page(visit, choices, tried=_tried(file, judgement, kept_as))

    def take(self, visit: Visit) -> Response:
        """Take a file that was tried; asked again where it would replace more than was shown."""
        choices = choices_in(visit.form, self._sites)
        kept_as = visit.form.one("tep")
        content = self._drawer.find(kept_as)
        file = self._read(choices, content) if content is not None else None
        if file is None:
            problem = _("Tệp này không còn được giữ. Hãy gửi lại.")
            return self._page(visit, choices, problem=problem, status=409)
        with self._database.writing() as connection:
            judgement = try_files(connection, [file], overwrite=choices.overwrite)
            tried = _tried(file, judgement, kept_as)
            if tried.replaced > (visit.form.number("thay-the") or 0):
                problem = _("Trong lúc đó có thêm quyết định của biên tập viên. Hãy xem lại.")
                return self._page(visit, choices, tried=tried, problem=problem, status=409)
            batch = import_mappings(
                connection,
                judgement.taken,
                judgement.rules,
                editor=visit.editor.name,
                now=visit.now,
            )
        self._drawer.drop(kept_as)
        return RedirectResponse(addresses.with_notice(addresses.MAPPINGS, batch.id), 303)

    def table(self, _visit: Visit) -> Response:
        """Every mapping in use as a table that a spreadsheet opens and runs nothing of."""
        with self._database.reading() as connection:
            content = write_table(Mappings(connection).active())
        return Response(content, media_type="text/csv; charset=utf-8", headers=_ATTACHED)

    def _read(self, choices: Choices, content: bytes) -> ReadFile | None:
        form = choices.form or format_of(choices.name, content)
        if form is ImportFormat.XLSX and _is_opendocument(content):
            return None
        site = self._sites.named(choices.site) if choices.site else None
        separator = SEPARATORS[choices.separator] if choices.separator else None
        reading = Reading(self._sites, self._portal, site, choices.charset, separator)
        return read_file(choices.name, content, reading, form)

    def _page(
        self,
        visit: Visit,
        choices: Choices,
        *,
        tried: Tried | None = None,
        problem: str = "",
        status: int = 200,
    ) -> Response:
        return self._pages.answer(
            visit,
            "intake.html",
            status=status,
            tab=addresses.MAPPINGS,
            choices=choices,
            tried=tried,
            problem=problem,
            formats=ImportFormat,
            charsets=Charset,
            separators=SEPARATORS,
            verdicts=Verdict,
            most_shown=MOST_SHOWN,
            most_megabytes=MOST_BYTES // 1_000_000,
        )


def _tried(file: ReadFile, judgement: Judgement, kept_as: str) -> Tried:
    return Tried(file, judgement, kept_as, judgement.conflicts[:MOST_SHOWN])


def _is_opendocument(content: bytes) -> bool:
    """Tell ODS by its first entry: one repeated cell of it may stand for a thousand million."""
    return b"application/vnd.oasis.opendocument" in content[:200]
