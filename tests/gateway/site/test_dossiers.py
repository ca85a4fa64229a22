"""A dossier asked for at the address on an old receipt: by a phone, by a program, by a thief."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import httpx2 as httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from gateway.secret import kept_secret
from gateway.settings.route_parts import RateSettings, RewriteSettings
from gateway.settings.routes import RouteSettings
from gateway.settings.units import OfficeSettings
from redirects.traffic.personal import hidden_code
from tests.browsing import browser
from tests.gateway.site.test_browser import ARTEFACTS, WIDTHS

__all__ = ["browser"]

OLD = "dichvucong.haiduong.localhost"
CODE = "000.00.19.H23-250620-0114"
ROUTES = (
    RouteSettings(name="bien-nhan", host=OLD, path="/tra-cuu-tien-do", dossier="doccode"),
    RouteSettings(name="ho-so", host=OLD, path="/rest/ho-so/:maHoSo", dossier="maHoSo"),
)
CENTRE = OfficeSettings(
    name="Trung tâm Phục vụ hành chính công thành phố Hải Phòng",
    unit="31",
    phone="0225 000 1234",
    address="Khu đô thị Bắc sông Cấm",
    url="https://hcc.haiphong.test/tra-cuu",
)
Ask = Callable[..., httpx.Response]


def counter(name: str) -> ASGIApp:
    """A one-stop server that says who it is and what it was asked."""

    def answer(request: Request) -> JSONResponse:
        asked = f"{request.scope['raw_path'].decode()}?{request.scope['query_string'].decode()}"
        return JSONResponse({"may_chu": name, "hoi": asked, "via": request.headers.get("via")})

    return Starlette(routes=[Route("/{path:path}", answer)])


@pytest.fixture
def ask(town: Any, open_town: Callable[[Any], str]) -> Callable[..., Ask]:
    def start(*, routes: Any = ROUTES, offices: Any = (CENTRE,)) -> Ask:
        update = {"route": (*town.settings.route, *routes), "office": offices}
        town.settings = town.settings.model_copy(update=update)
        open_town(town)
        port = town.listening.getsockname()[1]

        def get(path: str, method: str = "GET", **headers: str) -> httpx.Response:
            told = {"host": OLD, **{name.replace("_", "-"): one for name, one in headers.items()}}
            return httpx.request(method, f"http://127.0.0.1:{port}{path}", headers=told, timeout=10)

        return get

    return start


def test_a_phone_that_scans_an_old_receipt_reads_who_holds_the_dossier_now(
    ask: Callable[..., Ask],
) -> None:
    get = ask()
    answer = get(f"/tra-cuu-tien-do?doccode={CODE}")
    text = " ".join(answer.text.split())
    assert answer.status_code == 200
    assert "nay do Thành phố Hải Phòng giữ" in text
    assert "Bạn không phải nộp lại" in text
    assert "Tỉnh Hải Dương" in text
    assert "20/6/2025" in text
    assert CENTRE.name in text
    assert 'href="tel:02250001234"' in text
    assert 'href="https://hcc.haiphong.test/tra-cuu"' in text  # without the code
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-robots-tag"] == "noindex"
    english = get(f"/tra-cuu-tien-do?doccode={CODE}&lang=en").text
    assert "Where is your dossier now?" in english
    assert get(f"/tra-cuu-tien-do?DocCode={CODE.lower()}").status_code == 200


def test_a_program_is_told_the_same_as_a_problem(ask: Callable[..., Ask]) -> None:
    answer = ask()(f"/rest/ho-so/{CODE}", accept="application/json")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told["noi_giu"] == {
        "don_vi": {"ma": "31", "ten": "Thành phố Hải Phòng"},
        "co_quan": CENTRE.name,
        "dien_thoai": "0225 000 1234",
        "dia_chi": "Khu đô thị Bắc sông Cấm",
        "trang": "https://hcc.haiphong.test/tra-cuu",
    }
    assert told["tiep_nhan"] == {
        "ma_co_quan": "19.H23",
        "ngay": "2025-06-20",
        "thuoc": "Tỉnh Hải Dương",
    }
    assert told["lien_he"]["dien_thoai"]
    assert CODE not in answer.text


@pytest.mark.parametrize(
    ("query", "status", "problem", "words"),
    [
        ("", 200, 400, "Mã hồ sơ trên giấy biên nhận"),
        ("?doccode=", 200, 400, "Mã hồ sơ trên giấy biên nhận"),
        ("?doccode=12345", 404, 400, "Mã hồ sơ không đọc được"),
        ("?doccode=G01.7-260101-0001", 404, 404, "Mã G01.7 không phải"),
        ("?doccode=%3Cscript%3E", 404, 400, "&lt;script&gt;"),
    ],
)
def test_a_code_that_says_nothing_gets_a_form_and_a_word(
    ask: Callable[..., Ask], query: str, status: int, problem: int, words: str
) -> None:
    get = ask()
    answer = get(f"/tra-cuu-tien-do{query}")
    assert (answer.status_code, words in answer.text) == (status, True)
    assert 'name="doccode"' in answer.text
    assert "https://dichvucong.gov.vn/" in answer.text
    assert "<script" not in answer.text
    assert get(f"/tra-cuu-tien-do{query}", accept="application/json").status_code == problem


def test_the_server_of_the_office_that_holds_the_dossier_answers(
    ask: Callable[..., Ask], serve: Callable[..., str]
) -> None:
    of_health, of_all = serve(counter("y-te")), serve(counter("thanh-pho"))
    own = RouteSettings(
        name="cu", host=OLD, path="/cu", dossier="so", upstream=serve(counter("may-cu"))
    )
    offices = (
        OfficeSettings(name="Sở Y tế", unit="31", agencies=("000.00.19.H23",), upstream=of_health),
        OfficeSettings(name="Trung tâm", unit="31", agencies=("H23", "H24"), upstream=of_all),
    )
    get = ask(routes=(*ROUTES, own), offices=offices)

    def server(path: str) -> Any:
        answer = get(path)
        assert answer.status_code == 200
        return answer.json()["may_chu"]

    first = get(f"/tra-cuu-tien-do?x=%7e&doccode={CODE}")
    assert first.json()["may_chu"] == "y-te"
    assert first.json()["hoi"] == f"/tra-cuu-tien-do?x=%7e&doccode={CODE}"  # byte for byte
    assert first.json()["via"] == "1.1 hopnhat"
    assert server("/tra-cuu-tien-do?doccode=H24.7-260804-0583") == "thanh-pho"
    assert server(f"/rest/ho-so/{CODE}") == "y-te"
    assert server("/cu?so=H24.7-260804-0583") == "thanh-pho"
    assert server("/cu?so=H57.132-260804-0583") == "may-cu"  # nobody's here: its own server
    assert server("/cu") == "may-cu"
    page = get("/tra-cuu-tien-do?doccode=H57.132-260804-0583")
    assert "nay do Thành phố Huế giữ" in page.text
    assert get("/tra-cuu-tien-do?doccode=1", "POST").status_code == 421  # nothing but questions


@pytest.mark.parametrize("path", ["/o/rest/v2/dossiers/:code", "/tra-cuu?x=%7e&maHoSo=:code"])
def test_the_office_is_asked_in_the_words_of_its_own_system(
    ask: Callable[..., Ask], serve: Callable[..., str], path: str
) -> None:
    office = OfficeSettings(
        name="A", unit="31", agencies=("H23",), upstream=serve(counter("moi")), path=path
    )
    changed = RewriteSettings(path="/cu/:maHoSo", query=("set a=1",), request=("set x-khoa=1",))
    routes = tuple(one.model_copy(update={"rewrite": changed}) for one in ROUTES[1:])
    get = ask(routes=(ROUTES[0], *routes), offices=(office,))
    for asked in (f"/tra-cuu-tien-do?doccode={CODE.lower()}&y=1", f"/rest/ho-so/{CODE}"):
        told = get(asked).json()["hoi"]
        assert told.rstrip("?") == path.replace(":code", CODE)


def test_codes_are_nowhere_in_clear(
    ask: Callable[..., Ask], town: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    dead = OfficeSettings(
        name="Trung tâm", unit="31", agencies=("H24",), upstream="http://127.0.0.1:9"
    )
    get = ask(offices=(dead, CENTRE))
    codes = (CODE, "H24.7-260804-0583")
    for code in codes:
        get(f"/tra-cuu-tien-do?doccode={code}")
        get(f"/rest/ho-so/{code}")
    port = town.listening.getsockname()[1]
    metrics = httpx.get(f"http://127.0.0.1:{port}/metrics").text
    said = "".join(capfd.readouterr())
    secret = kept_secret(town.settings.dossier_secret)
    for code in codes:
        assert hidden_code(code, secret) in said
        for text in (said, metrics):
            assert code not in text
            assert code.rpartition("-")[0] not in text
    for path in town.settings.data.rglob("*.jsonl"):
        assert not re.search(r"-0114|-0583", path.read_text())
    assert "dossier.asked" in said


def test_nobody_tries_many_codes(ask: Callable[..., Ask]) -> None:
    few = RouteSettings(
        name="it", host=OLD, path="/it", dossier="so", rate=RateSettings(calls=3, seconds=600)
    )
    get = ask(routes=(*ROUTES, few))
    statuses = [get(f"/it?so=H24.7-260804-{n:04d}").status_code for n in range(5)]
    assert statuses == [200, 200, 200, 429, 429]
    refused = get("/it?so=H24.7-260804-0009", accept="application/json")
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0
    assert json.loads(refused.text)["status"] == 429
    usual = [get(f"/tra-cuu-tien-do?doccode=H24.7-260804-{n:04d}").status_code for n in range(12)]
    assert usual.count(200) == 10


@pytest.mark.browser
def test_the_page_fits_a_phone_and_is_open_to_everybody(
    ask: Callable[..., Ask], town: Any, browser: Browser
) -> None:
    ask()
    ARTEFACTS.mkdir(exist_ok=True)
    port = town.listening.getsockname()[1]
    for width in WIDTHS:
        context = browser.new_context(viewport={"width": width, "height": 800}, locale="vi")
        page = context.new_page()
        for name, query in (("found", f"doccode={CODE}"), ("form", ""), ("not", "doccode=1")):
            for language in ("vi", "en"):
                page.goto(f"http://{OLD}:{port}/tra-cuu-tien-do?{query}&lang={language}")
                page.screenshot(path=ARTEFACTS / f"dossier-{name}-{language}-{width}.png")
                assert page.evaluate("document.documentElement.scrollWidth") <= width
                found = Axe().run(page, options={"preload": False}).response["violations"]
                assert not found, [one["id"] for one in found]
        context.close()
