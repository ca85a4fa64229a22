"""Signing in and out: a local account, a session in the catalogue, a cookie in the browser."""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import BoundedSemaphore

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from catalogue.database import Database
from catalogue.editors import Editor, Editors
from gateway.console.form import Form, FormError, read_form
from gateway.console.pages import Pages
from gateway.console.throttle import Throttle
from gateway.console.visit import SIGN_IN_PATH, Clock, Cookie, Visit, local_path

log = structlog.get_logger()

HASHES_AT_ONCE = 2
"""Argon2 takes tens of megabytes a hash: a flood of attempts may not take them all at once."""


class SigningIn:
    """The sign-in page and its two verbs."""

    def __init__(
        self, database: Database, pages: Pages, clock: Clock, cookie: Cookie, throttle: Throttle
    ) -> None:
        self._database = database
        self._pages = pages
        self._clock = clock
        self._cookie = cookie
        self._throttle = throttle
        self._hashing = BoundedSemaphore(HASHES_AT_ONCE)

    def show(self, request: Request) -> Response:
        """The form."""
        return self._page(request, back=local_path(request.query_params.get("ve", "/")))

    async def enter(self, request: Request) -> Response:
        """Verify name and password, open a session."""
        try:
            form = await read_form(request)
        except FormError as error:
            return PlainTextResponse(f"{error}\n", error.status)
        return await run_in_threadpool(self._enter, request, form)

    def leave(self, visit: Visit) -> Response:
        """Close the session, take the cookie back."""
        with self._database.writing() as connection:
            Editors(connection).close_session(self._cookie.token(visit.request))
        response = RedirectResponse(SIGN_IN_PATH, 303)
        self._cookie.drop(response)
        log.info("console.signed_out", editor=visit.editor.name)
        return response

    def _enter(self, request: Request, form: Form) -> Response:
        name, password, now = form.one("ten"), "".join(form.all("mat-khau")[:1]), self._clock()
        back = local_path(form.one("ve", "/"))
        wait = self._throttle.wait(name, now)
        if wait > timedelta():
            log.info("console.sign_in_throttled")
            return self._page(request, back=back, name=name, wait=wait, status=429)
        editor = self._verify(name, password)
        if editor is None:
            self._throttle.failed(name, now)
            log.info("console.sign_in_failed")
            return self._page(request, back=back, name=name, failed=True, status=401)
        self._throttle.succeeded(name)
        return self._welcome(editor, back, now)

    def _verify(self, name: str, password: str) -> Editor | None:
        with self._hashing, self._database.reading() as connection:
            return Editors(connection).verify(name, password)

    def _welcome(self, editor: Editor, back: str, now: datetime) -> Response:
        with self._database.writing() as connection:
            token = Editors(connection).open_session(editor.id, now)
        response = RedirectResponse(back, 303)
        self._cookie.put(response, token)
        log.info("console.signed_in", editor=editor.name)
        return response

    def _page(
        self,
        request: Request,
        *,
        back: str,
        name: str = "",
        failed: bool = False,
        wait: timedelta = timedelta(),
        status: int = 200,
    ) -> Response:
        minutes = -(-int(wait.total_seconds()) // 60)
        return self._pages.show(
            request,
            "sign_in.html",
            status=status,
            back=back,
            name=name,
            failed=failed,
            minutes=minutes,
        )
