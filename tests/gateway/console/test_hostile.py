"""Hostile addresses in the console: as targets of mappings, and as pages to go back to."""

from __future__ import annotations

import pytest
from selectolax.lexbor import LexborHTMLParser
from starlette.responses import RedirectResponse
from starlette.testclient import TestClient

from catalogue.mappings import Mappings
from gateway.console.visit import local_path
from redirects.targets import location
from tests.gateway.console.office import EDITOR, ORIGIN, PASSWORD, Office
from tests.hostile import OWN, escapes, payloads

HERE = {"127.0.0.1"}


def test_a_way_back_never_leaves_the_console() -> None:
    for payload in payloads():
        sent = RedirectResponse(local_path(payload)).headers["location"]
        assert escapes(sent, f"{ORIGIN}/", HERE) is None, payload


@pytest.mark.parametrize("payload", [OWN[0], OWN[3], OWN[8], OWN[9], OWN[11], OWN[34]])
def test_signing_in_leads_back_into_the_console_only(office: Office, payload: str) -> None:
    client = office.client(signed_in=False)
    shown = client.get("/dang-nhap", params={"ve": payload})
    form = {"ten": EDITOR, "mat-khau": PASSWORD, "ve": payload}
    answer = client.post("/dang-nhap", data=form)

    back = LexborHTMLParser(shown.text).css_first("input[name=ve]").attributes["value"] or ""
    assert escapes(back, f"{ORIGIN}/", HERE) is None
    assert answer.status_code == 303
    assert escapes(answer.headers["location"], f"{ORIGIN}/", HERE) is None


def test_no_form_leads_out_of_the_console(client: TestClient) -> None:
    for payload in payloads():
        for path, form in (
            ("/hoan-tac", {"lo": "x", "ve": payload}),
            ("/chua-ro", {"dia-chi": payload, "dich": payload}),
        ):
            answer = client.post(path, data=form)
            if found := answer.headers.get("location"):
                assert escapes(found, f"{ORIGIN}/", HERE) is None, (path, payload)
            assert "crlf" not in answer.headers.get("set-cookie", "")


def test_no_page_asked_for_leads_out_of_the_console(office: Office) -> None:
    client = office.client(signed_in=False)
    for payload in OWN:
        path = payload if payload.startswith("/") else f"/{payload}"
        try:
            answer = client.get(ORIGIN + path)
        except Exception:  # noqa: BLE001 - the client's own parser refuses some of these
            continue
        if found := answer.headers.get("location"):
            assert escapes(found, f"{ORIGIN}/", HERE) is None, payload


def test_what_the_mapping_form_keeps_stays_on_the_portal(
    office: Office, client: TestClient
) -> None:
    portal = office.settings.as_portal(())
    address = "http://www.haiduong.gov.vn/-/lich-tiep-cong-dan"
    for payload in payloads():
        for target in (payload, f"/{payload}"):
            form = {"dia-chi": address, "loai": "moved", "dich": target, "ve": payload}
            answer = client.post("/anh-xa/sua", data=form)
            assert answer.status_code in (303, 422), target
            if found := answer.headers.get("location"):
                assert escapes(found, f"{ORIGIN}/", HERE) is None
    with office.database.reading() as connection:
        kept = [one.mapping.target for one in Mappings(connection).listing(state="active")]
    for stored in kept:
        if stored and not stored.startswith(("doc:", "unit:", "section:")):
            landing = location(stored, portal)
            allowed = {"haiphong.gov.vn", "dichvucong.gov.vn"}
            assert escapes(landing, "https://haiphong.gov.vn/", allowed) is None, stored
