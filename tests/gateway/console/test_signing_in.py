"""Signing in: who may enter, how often one may fail, and what the browser is given."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from catalogue.editors import Editors
from tests.gateway.console.office import EDITOR, ORIGIN, PASSWORD, Office


def enter(
    client: TestClient, name: str = EDITOR, password: str = PASSWORD, back: str = "/"
) -> object:
    return client.post("/dang-nhap", data={"ten": name, "mat-khau": password, "ve": back})


@pytest.mark.parametrize(
    "path",
    ["/", "/tai-lieu", "/tai-lieu/1", "/tai-lieu/1/ban-goc", "/anh-xa", "/chua-ro", "/kiem-tra"],
)
def test_a_stranger_is_shown_the_way_to_the_sign_in_page(office: Office, path: str) -> None:
    answer = office.client(signed_in=False).get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/dang-nhap")


def test_signing_in_leads_back_to_the_page_that_was_asked_for(office: Office) -> None:
    client = office.client(signed_in=False)
    asked = client.get("/tai-lieu?muc=van-ban").headers["location"]
    form = client.get(asked)
    assert 'name="ve" value="/tai-lieu?muc=van-ban"' in form.text
    entered = enter(client, back="/tai-lieu?muc=van-ban")
    assert entered.headers["location"] == "/tai-lieu?muc=van-ban"
    assert client.get("/tai-lieu?muc=van-ban").status_code == 200


@pytest.mark.parametrize(
    "back",
    ["//ke-xau.example", "https://ke-xau.example/", "/\\ke-xau.example", "/\t/ke-xau", "", "x"],
)
def test_signing_in_never_leads_away(office: Office, back: str) -> None:
    assert enter(office.client(signed_in=False), back=back).headers["location"] == "/"


def test_the_cookie_is_kept_from_scripts_and_other_sites(office: Office) -> None:
    cookie = enter(office.client(signed_in=False)).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Secure" not in cookie
    assert len(cookie.partition("=")[2].partition(";")[0]) >= 43  # 256 bits in base64url


def test_with_tls_the_cookie_is_secure_and_bound_to_the_host(office: Office) -> None:
    console = office.settings.console.model_copy(update={"secure_cookie": True})
    office.settings = office.settings.model_copy(update={"console": console})
    cookie = enter(office.client(signed_in=False)).headers["set-cookie"]
    assert cookie.startswith("__Host-hopnhat=")
    assert "Secure" in cookie


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(office: Office) -> None:
    client = office.client(signed_in=False)
    wrong = enter(client, password="sai-mat-khau-roi")
    unknown = enter(client, name="bientap", password="cung-sai-luon-roi")
    nobody = enter(client, name="khong-co-ai")
    assert {wrong.status_code, unknown.status_code, nobody.status_code} == {401}
    assert nobody.text.replace("khong-co-ai", EDITOR) == wrong.text
    assert "set-cookie" not in nobody.headers


@pytest.mark.parametrize("name", [EDITOR, "khong-co-ai"])
def test_a_name_that_fails_too_often_waits_even_with_the_right_password(
    office: Office, name: str
) -> None:
    client = office.client(signed_in=False)
    for _time in range(5):
        assert enter(client, name=name, password="sai-mat-khau-roi").status_code == 401
    assert enter(client, name=name).status_code == 429
    office.clock.turn(minutes=15)
    assert enter(client, name=name).status_code == (303 if name == EDITOR else 401)


def test_a_session_ends_after_half_an_hour_without_use(office: Office) -> None:
    client = office.client()
    office.clock.turn(minutes=29)
    assert client.get("/tai-lieu").status_code == 200
    office.clock.turn(minutes=29)
    assert client.get("/tai-lieu").status_code == 200
    office.clock.turn(minutes=31)
    assert client.get("/tai-lieu").status_code == 303


def test_signing_out_ends_the_session_on_the_server(office: Office) -> None:
    client = office.client()
    token = client.cookies["hopnhat"]
    left = client.post("/dang-xuat")
    assert left.headers["location"] == "/dang-nhap"
    client.cookies.set("hopnhat", token)
    assert client.get("/tai-lieu").status_code == 303


def test_a_disabled_editor_is_out_at_once(office: Office) -> None:
    client = office.client()
    with office.database.writing() as connection:
        Editors(connection).disable(EDITOR, office.clock())
    assert client.get("/").status_code == 303
    assert enter(client).status_code == 401


def test_a_foreign_page_cannot_sign_an_editor_in_or_decide(office: Office) -> None:
    client = office.client()
    for path in ("/dang-nhap", "/tai-lieu/1/quyet-dinh", "/hoan-tac", "/anh-xa/sua", "/dang-xuat"):
        answer = client.post(path, headers={"Origin": "http://ke-xau.example"})
        assert answer.status_code == 403, path
    assert office.states()[0] == "imported"


def test_a_form_of_the_wrong_kind_is_refused(office: Office) -> None:
    client = office.client()
    for path in ("/dang-nhap", "/tai-lieu/1/quyet-dinh"):
        assert client.post(path, json={"viec": "accept"}).status_code == 415


def test_an_expired_form_leads_to_the_sign_in_page_and_decides_nothing(office: Office) -> None:
    client = office.client(signed_in=False)
    answer = client.post("/tai-lieu/1/quyet-dinh", data={"viec": "accept"})
    assert answer.headers["location"] == "/dang-nhap"
    assert office.states()[0] == "imported"


def test_an_unknown_host_is_refused_before_anything_else(office: Office) -> None:
    assert office.client().get("/", headers={"host": "ke-xau.example"}).status_code == 421


def test_an_unknown_address_is_a_page_of_ours(office: Office) -> None:
    answer = office.client().get(f"{ORIGIN}/khong-co")
    assert answer.status_code == 404
    assert "Trang quản trị không có địa chỉ này." in answer.text
