"""A visit: one request of a signed-in editor, and the gate that makes it.

Every page of the console but the sign-in page is opened through `Gate`. It reads the form (async,
network), looks the session up and runs the page (sync, database) in one thread, so that a page is
a plain function from a visit to an answer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from catalogue.database import Database
from catalogue.editors import Editor, Editors
from gateway.console.form import Form, FormError, read_form, row_id
from gateway.console.guard import SAFE_METHODS
from gateway.console.upload import Upload, read_upload

SIGN_IN_PATH = "/dang-nhap"
Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Visit:
    """Who asks for what, when, with which form."""

    request: Request
    editor: Editor
    form: Form
    now: datetime
    upload: Upload | None = None

    @property
    def params(self) -> Form:
        """The query of the address, read like a form."""
        return Form(tuple(self.request.query_params.multi_items()))

    @property
    def address(self) -> str:
        """The address asked for: path and query."""
        query = self.request.url.query
        return f"{self.request.url.path}?{query}" if query else self.request.url.path

    def id(self, name: str) -> int:
        """The row's id in the path; 0, which no row has, for anything else."""
        return row_id(self.request.path_params[name]) or 0


Page = Callable[[Visit], Response]


@dataclass(frozen=True, slots=True)
class Cookie:
    """The session cookie: unreadable to scripts, never sent by another site's page."""

    secure: bool

    @property
    def name(self) -> str:
        """With TLS the name itself promises host and path (RFC 6265bis, 4.1.3.2)."""
        return "__Host-hopnhat" if self.secure else "hopnhat"

    def token(self, request: Request) -> str:
        """The token a browser brought, or the empty string."""
        return request.cookies.get(self.name, "")

    def put(self, response: Response, token: str) -> None:
        """Give a token to the browser until it is closed."""
        response.set_cookie(
            self.name, token, secure=self.secure, httponly=True, samesite="strict", path="/"
        )

    def drop(self, response: Response) -> None:
        """Take the token back."""
        response.delete_cookie(
            self.name, secure=self.secure, httponly=True, samesite="strict", path="/"
        )


class Gate:
    """Opens pages to signed-in editors; everyone else is shown the way to the sign-in page."""

    def __init__(self, database: Database, clock: Clock, cookie: Cookie) -> None:
        self._database = database
        self._clock = clock
        self._cookie = cookie

    def page(self, page: Page) -> Callable[[Request], Awaitable[Response]]:
        """Return the endpoint that opens `page`."""

        async def endpoint(request: Request) -> Response:
            try:
                form = Form() if request.method in SAFE_METHODS else await read_form(request)
            except FormError as error:
                return PlainTextResponse(f"{error}\n", error.status)
            return await run_in_threadpool(self._open, page, request, form)

        return endpoint

    def upload(self, page: Page) -> Callable[[Request], Awaitable[Response]]:
        """Return the endpoint that opens `page` with a file; nothing is read for a stranger."""

        async def endpoint(request: Request) -> Response:
            if await run_in_threadpool(self._editor, self._cookie.token(request), self._clock()):
                try:
                    form, upload = await read_upload(request)
                except FormError as error:
                    return PlainTextResponse(f"{error}\n", error.status)
                return await run_in_threadpool(self._open, page, request, form, upload)
            return _to_sign_in(request)

        return endpoint

    def _open(
        self, page: Page, request: Request, form: Form, upload: Upload | None = None
    ) -> Response:
        now = self._clock()
        editor = self._editor(self._cookie.token(request), now)
        if editor is None:
            return _to_sign_in(request)
        return page(Visit(request=request, editor=editor, form=form, now=now, upload=upload))

    def _editor(self, token: str, now: datetime) -> Editor | None:
        if not token:
            return None
        with self._database.reading() as connection:
            editor = Editors(connection).fresh_session(token, now)
        if editor is not None:
            return editor
        with self._database.writing() as connection:
            return Editors(connection).session(token, now)


def _to_sign_in(request: Request) -> Response:
    """After signing in the editor is back where a page was read, never at a lost form."""
    if request.method not in SAFE_METHODS or request.url.path == "/":
        return RedirectResponse(SIGN_IN_PATH, 303)
    back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"{SIGN_IN_PATH}?ve={quote(back, safe='')}", 303)


def local_path(text: str, default: str = "/") -> str:
    """An address of the console to go back to; anything that could leave it is `default`."""
    leaves = not text.startswith("/") or text.startswith(("//", "/\\"))
    if leaves or not text.isprintable() or any(letter in text for letter in " \\"):
        return default
    return text
