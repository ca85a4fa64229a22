"""Forms: read within bounds."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from gateway.console.form import MOST_BYTES, Form, FormError, read_form

FORM = {"content-type": "application/x-www-form-urlencoded"}


async def echo(request: Request) -> Response:
    try:
        form = await read_form(request)
    except FormError as error:
        return Response(str(error), error.status)
    return JSONResponse(form.fields)


@pytest.fixture
def client() -> TestClient:
    return TestClient(Starlette(routes=[Route("/", echo, methods=["POST"])]))


def test_a_form_keeps_every_value_in_order(client: TestClient) -> None:
    sent = client.post(
        "/", content="chon=3&chon=1&ten=%C4%90%E1%BA%A5t+%C4%91ai&trong=", headers=FORM
    )
    assert sent.json() == [["chon", "3"], ["chon", "1"], ["ten", "Đất đai"], ["trong", ""]]


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        ("a=1", {"content-type": "application/json"}, 415),
        ("a=1", {"content-type": "multipart/form-data; boundary=x"}, 415),
        ("a=" + "x" * MOST_BYTES, FORM, 413),
        ("&".join(["a=1"] * 5_001), FORM, 400),
        (b"a=\xff", FORM, 400),
    ],
)
def test_a_body_that_is_no_form_of_ours_is_refused(
    client: TestClient, content: str | bytes, headers: dict[str, str], status: int
) -> None:
    assert client.post("/", content=content, headers=headers).status_code == status


def test_no_body_is_an_empty_form(client: TestClient) -> None:
    assert client.post("/").json() == []


def test_ids_are_numbers_and_nothing_else() -> None:
    form = Form(
        (
            ("chon", "7"),
            ("chon", "9" * 19),
            ("chon", "-1"),
            ("chon", "٣"),
            ("chon", "x"),
            ("khac", "9"),
        )
    )
    assert form.ids("chon") == [7]
    assert form.one("vang", "mặc định") == "mặc định"
