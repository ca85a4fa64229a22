"""Reading one document: the archived original beside what will be published, and the verdict."""

from __future__ import annotations

from urllib.parse import quote

from markupsafe import Markup
from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from catalogue.archive import Archive, ArchiveError
from catalogue.capture import Capture, StoredResponse
from catalogue.captures import Captures
from catalogue.database import Database
from catalogue.decisions import history, take
from catalogue.document import SECTIONS, Document
from catalogue.documents import Documents
from catalogue.mappings import Mappings
from catalogue.queue import Queue
from catalogue.review import Decision, ReviewError, Verb, decide
from gateway.console import addresses
from gateway.console.batches import notice_of
from gateway.console.filters import Place, Places
from gateway.console.guard import ORIGINAL_POLICY
from gateway.console.original import PICTURES, is_page, media_type, readable
from gateway.console.pages import Pages
from gateway.console.visit import Visit
from gateway.i18n import _
from gateway.site.fragments import sanitize

ADVANCING = frozenset({Verb.ACCEPT, Verb.REJECT, Verb.QUARANTINE})
"""After these the editor is shown the next document of the filter."""


class Reading:
    """The page of one document, its original and the decisions on it."""

    def __init__(self, database: Database, archive: Archive, pages: Pages, places: Places) -> None:
        self._database = database
        self._archive = archive
        self._pages = pages
        self._places = places

    def show(self, visit: Visit) -> Response:
        """The document, side by side."""
        return self._show(visit, self._places.read(visit.params))

    def decide(self, visit: Visit) -> Response:
        """Take one decision and go on to the next document."""
        place = self._places.read(visit.form)
        verb = next((verb for verb in Verb if verb.value == visit.form.one("viec")), None)
        with self._database.reading() as connection:
            document = Documents(connection).find(visit.id("id"))
        if document is None:
            return self._absent(visit)
        if verb is None:
            return RedirectResponse(addresses.document(document.id, place.query), 303)
        decision = _decision(visit, document, verb)
        problem = _problem(document, decision)
        if problem:
            return self._show(visit, place, problem=problem, decision=decision, status=422)
        with self._database.writing() as connection:
            following = Queue(connection).neighbours(place.filters, document.id).after
            batch = take(connection, [decision], editor=visit.editor.name, now=visit.now)
        back = _onward(document, verb, following, place)
        return RedirectResponse(addresses.with_notice(back, batch.id, document.id), 303)

    def original(self, visit: Visit) -> Response:
        """The archived page, cleaned, or the archived picture, for the frame on the left."""
        stored = self._stored(visit)
        if stored is None:
            return self._frame(visit, absent=True)
        if media_type(stored) in PICTURES:
            headers = {"Content-Security-Policy": ORIGINAL_POLICY}
            return Response(stored.payload, media_type=media_type(stored), headers=headers)
        if not is_page(stored):
            return self._frame(visit, file=stored, size=len(stored.payload))
        # Cleaned just above the page that prints it; the frame's policy runs nothing either.
        content = Markup(readable(stored))  # noqa: S704 - nh3 made it
        return self._frame(visit, content=content)

    def file(self, visit: Visit) -> Response:
        """The archived bytes, to be saved and opened outside the browser."""
        stored = self._stored(visit)
        if stored is None:
            return self._absent(visit)
        name = quote(stored.url.partition("?")[0].rpartition("/")[2] or "ban-goc", safe="%")
        headers = {
            "Content-Security-Policy": ORIGINAL_POLICY,
            "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
        }
        return Response(stored.payload, media_type="application/octet-stream", headers=headers)

    def _show(
        self,
        visit: Visit,
        place: Place,
        *,
        problem: str = "",
        decision: Decision | None = None,
        status: int = 200,
    ) -> Response:
        with self._database.reading() as connection:
            documents = Documents(connection)
            document = documents.find(visit.id("id"))
            if document is None:
                return self._absent(visit)
            body = documents.body(document.id)
            return self._pages.answer(
                visit,
                "document.html",
                status=status,
                tab=addresses.DOCUMENTS,
                place=place,
                document=document,
                title=document.title if decision is None else decision.title,
                section=document.section if decision is None else decision.section,
                problem=problem,
                body=body,
                published=Markup(sanitize(body.html if body else "")),  # noqa: S704 - nh3 made it
                head=documents.find(document.duplicate_of) if document.duplicate_of else None,
                versions=documents.versions(document.id),
                history=history(connection, document.id),
                mappings=Mappings(connection).to_document(document.id),
                capture=_capture(connection, document),
                neighbours=Queue(connection).neighbours(place.filters, document.id),
                notice=notice_of(connection, visit),
            )

    def _stored(self, visit: Visit) -> StoredResponse | None:
        with self._database.reading() as connection:
            document = Documents(connection).find(visit.id("id"))
            capture = _capture(connection, document) if document else None
        if capture is None:
            return None
        try:
            return self._archive.read(capture.warc_file, capture.warc_offset)
        except ArchiveError:
            return None  # the frame says that the original cannot be read; `hopnhat verify` why

    def _frame(
        self,
        visit: Visit,
        *,
        content: Markup | None = None,
        file: StoredResponse | None = None,
        size: int = 0,
        absent: bool = False,
    ) -> Response:
        answer = self._pages.answer(
            visit,
            "original.html",
            status=404 if absent else 200,
            content=content,
            file=file,
            size=size,
            document_id=visit.id("id"),
        )
        answer.headers["Content-Security-Policy"] = ORIGINAL_POLICY
        return answer

    def _absent(self, visit: Visit) -> Response:
        return self._pages.answer(
            visit, "error.html", status=404, message=_("Không có tài liệu nào mang số này.")
        )


def _capture(connection: Connection, document: Document) -> Capture | None:
    return Captures(connection).find(document.capture_id)


def _decision(visit: Visit, document: Document, verb: Verb) -> Decision:
    if verb is not Verb.EDIT:
        return Decision(document.id, verb)
    return Decision(
        document.id, verb, title=visit.form.one("tieu-de"), section=visit.form.one("muc-moi")
    )


def _problem(document: Document, decision: Decision) -> str:
    """Why the decision cannot be taken, in the editor's words; empty when it can."""
    try:
        decide(document, decision)
    except ReviewError:
        if decision.verb is not Verb.EDIT:
            return _("Đây là bản trùng: hãy quyết định trên bản chính, hoặc mở lại tài liệu này.")
        if not decision.title:
            return _("Hãy nhập tiêu đề.")
        if decision.section not in SECTIONS:
            return _("Hãy chọn một chuyên mục trong danh sách.")
        return _("Đây là bản trùng: hãy sửa bản chính, hoặc mở lại tài liệu này.")
    return ""


def _onward(document: Document, verb: Verb, following: int | None, place: Place) -> str:
    if verb not in ADVANCING:
        return addresses.document(document.id, place.query)
    if following is None:
        return f"{addresses.DOCUMENTS}?{place.from_id(0)}"
    return addresses.document(following, place.query)
