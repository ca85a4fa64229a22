"""Looking up units over HTTP: a code and a day, names, history, conversion, many at once."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

Json = dict[str, Any]


def get(api: str, path: str, **headers: str) -> httpx.Response:
    return httpx.get(api + path, headers=headers)


def names(answer: httpx.Response) -> list[str]:
    return [unit["ten"] for unit in answer.json()["don_vi"]]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/api/v1/don-vi/24?ngay=2025-06-30", "Tỉnh Bắc Giang"),
        ("/api/v1/don-vi/24?ngay=01/07/2025", "Tỉnh Bắc Ninh"),
        ("/api/v1/don-vi/24?ngay=1/7/2025&cap=tinh", "Tỉnh Bắc Ninh"),
        ("/api/v1/don-vi/297?ngay=2025-06-30", "Huyện Gia Lộc"),
        ("/api/v1/don-vi/huyen-297-2004", "Huyện Gia Lộc"),
        ("/api/v1/don-vi/75?ngay=2026-04-29", "Tỉnh Đồng Nai"),
        ("/api/v1/don-vi/75", "Thành phố Đồng Nai"),
        ("/api/v1/don-vi/75?_=1561", "Thành phố Đồng Nai"),
    ],
)
def test_a_code_and_a_day_are_a_unit(api: str, path: str, name: str) -> None:
    assert get(api, path).json()["ten"] == name


def test_a_unit_is_told_whole(api: str) -> None:
    answer = get(api, "/api/v1/don-vi/297?ngay=2025-06-30")
    assert answer.json() == {
        "ma": "297",
        "cap": "huyen",
        "ten": "Huyện Gia Lộc",
        "loai": "Huyện",
        "ten_day_du": "Huyện Gia Lộc, tỉnh Hải Dương",
        "ten_khong_dau": "huyen gia loc",
        "ten_tieng_anh": "Gia Loc District",
        "ma_cha": "30",
        "hieu_luc_tu": "2004-07-08",
        "hieu_luc_den": "2025-06-30",
        "can_cu": "Quyết định 124/2004/QĐ-TTg ngày 08/7/2004 và các văn bản sửa đổi, bổ sung",
        "dinh_danh": "huyen-297-2004",
        "ngay": "2025-06-30",
    }
    assert answer.headers["x-don-vi-ngay"] == "2025-06-30"
    assert answer.headers["access-control-allow-origin"] == "*"


def test_a_code_used_again_is_answered_with_a_warning_where_no_day_is_named(api: str) -> None:
    answer = get(api, "/api/v1/don-vi/24")
    assert answer.json()["ten"] == "Tỉnh Bắc Ninh"
    assert answer.headers["x-don-vi-canh-bao"] == "ma-dung-lai"
    assert "Mã dùng lại" in answer.json()["canh_bao"]
    assert [unit["ten"] for unit in answer.json()["tung_la"]] == ["Tỉnh Bắc Giang"]
    with_day = get(api, "/api/v1/don-vi/24?ngay=2026-11-24")
    assert "canh_bao" not in with_day.json()
    assert "x-don-vi-canh-bao" not in with_day.headers


def test_a_code_nobody_bore_that_day_says_who_bore_it_when(api: str) -> None:
    answer = get(api, "/api/v1/don-vi/297")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["ngay"] == "2026-11-24"
    assert [unit["hieu_luc_den"] for unit in answer.json()["tung_la"]] == ["2025-06-30"]
    assert answer.json()["lien_he"] == {"dien_thoai": "0225 3747 474"}


def test_names_are_found_by_their_beginning_with_or_without_marks(api: str) -> None:
    assert "Huyện Gia Lộc" in names(get(api, "/api/v1/don-vi?ten=gia+lo"))
    assert "Huyện Gia Lộc" in names(get(api, "/api/v1/don-vi?ten=Huy%E1%BB%87n+Gia+L%E1%BB%99c"))
    only_then = get(api, "/api/v1/don-vi?ten=gia+loc&ngay=2025-06-30&cap=huyen").json()
    assert [unit["ma"] for unit in only_then["don_vi"]] == ["297"]
    assert names(get(api, "/api/v1/don-vi?ten=xyz")) == []
    assert names(get(api, "/api/v1/don-vi?ten=%3F")) == []


def test_long_lists_come_in_pages(api: str) -> None:
    first = get(api, "/api/v1/don-vi?cap=xa&so_dong=2").json()
    second = get(api, "/api/v1/don-vi?cap=xa&so_dong=2&bo_qua=2").json()
    assert first["tong"] == second["tong"] == 3_321
    assert len(first["don_vi"]) == 2
    assert first["don_vi"][1]["ma"] < second["don_vi"][0]["ma"]
    assert len(names(get(api, "/api/v1/don-vi"))) == 34
    assert len(names(get(api, "/api/v1/don-vi?ngay=2025-06-30"))) == 63


def test_a_list_is_a_table_where_one_is_asked_for(api: str) -> None:
    answer = get(api, "/api/v1/don-vi/297/truc-thuoc?ngay=2025-06-30&dang=csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == 14
    assert {row["ma_cha"] for row in rows} == {"297"}


def test_the_communes_of_a_city_are_below_it_on_each_day(api: str) -> None:
    assert len(names(get(api, "/api/v1/don-vi/75/truc-thuoc"))) == 95
    assert len(names(get(api, "/api/v1/don-vi/75/truc-thuoc?ngay=2025-07-01"))) == 95
    below = get(api, "/api/v1/don-vi/75/truc-thuoc").json()["don_vi"][0]
    assert below["ten_day_du"].endswith(", thành phố Đồng Nai")


def test_the_history_of_a_code_tells_every_unit_that_bore_it(api: str) -> None:
    lives = get(api, "/api/v1/don-vi/75/lich-su").json()["don_vi"]
    assert [life["ten"] for life in lives] == [
        "Thành phố Đồng Nai", "Tỉnh Đồng Nai", "Tỉnh Đồng Nai",
    ]  # fmt: skip
    assert lives[0]["truoc_do"][0]["quan_he"] == "doi_loai"
    assert {one["ten"] for one in lives[1]["truoc_do"]} == {"Tỉnh Đồng Nai", "Tỉnh Bình Phước"}
    on_a_day = get(api, "/api/v1/don-vi/75/lich-su?ngay=2025-06-30&cap=tinh").json()["don_vi"]
    assert [life["dinh_danh"] for life in on_a_day] == ["tinh-75-2004"]
    assert get(api, "/api/v1/don-vi/tinh-75-2026/lich-su").json()["don_vi"] == lives[:1]
    assert get(api, "/api/v1/don-vi/tinh-99-2026/lich-su").status_code == 404


def test_a_conversion_states_what_is_ambiguous(api: str) -> None:
    found = get(api, "/api/v1/chuyen-doi?ma=11008&tu=2025-06-30&den=2025-07-01").json()
    assert [(one["ma"], one["quan_he"], one["mac_dinh"]) for one in found["ket_qua"]] == [
        ("11020", "mot_phan", True),
        ("11002", "mot_phan", False),
    ]
    assert (found["mo_ho"], found["ma_mac_dinh"]) == (True, "11020")
    district = get(api, "/api/v1/chuyen-doi?ma=297&tu=2025-06-30").json()
    assert (district["mo_ho"], district["ma_mac_dinh"], len(district["ket_qua"])) == (True, None, 5)
    back = get(api, "/api/v1/chuyen-doi?ma=31&tu=2026-01-01&den=2025-06-30").json()
    assert {one["ma"] for one in back["ket_qua"]} == {"30", "31"}


def test_a_batch_answers_each_row_for_itself(api: str) -> None:
    rows = "ma,tu,cap\n11008,,\n297,30/06/2025,huyen\nxx,,\n297,2025-07-01,\n24,2025-06-30,sai\n"
    answer = httpx.post(
        f"{api}/api/v1/chuyen-doi/lo?tu=2025-06-30&den=2025-07-01",
        content="\ufeff" + rows,
        headers={"content-type": "text/csv"},
    )
    lines = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    found: dict[str, list[str]] = {}
    for line in lines:
        found.setdefault(line["dong"], []).append(line["ma_moi"] or line["loi"])
    assert found["1"] == ["11020", "11002"]
    assert found["2"] == ["10999", "11020", "11050", "11065", "11002"]
    assert found["3"] == ["ma: Cần một mã đơn vị hành chính, ví dụ 297."]
    assert found["4"] == ["Không có đơn vị nào mang mã này vào ngày đó."]
    assert found["5"] == ["cap: Cần một trong các cấp: tinh, huyen, xa."]


def test_a_batch_in_json_is_answered_in_json_or_as_a_table(api: str) -> None:
    body = {"dong": [{"ma": "30", "tu": "2025-06-30", "den": "2025-07-01"}, {"ma": "=1+1"}]}
    answer = httpx.post(f"{api}/api/v1/chuyen-doi/lo", json=body).json()
    assert answer["dong"][0]["ma_mac_dinh"] == "31"
    assert answer["dong"][1]["loi"].startswith("ma: ")
    table = httpx.post(f"{api}/api/v1/chuyen-doi/lo?dang=csv", json=body["dong"])
    assert "\r\n2,'=1+1," in table.text  # a spreadsheet must not run what a caller wrote


def test_ten_thousand_rows_are_converted_and_one_more_is_refused(api: str) -> None:
    row = {"ma": "11008", "tu": "2025-06-30"}
    url = f"{api}/api/v1/chuyen-doi/lo"
    assert len(httpx.post(url, json=[row] * 10_000, timeout=60).json()["dong"]) == 10_000
    refused = httpx.post(url, json=[row] * 10_001, timeout=60)
    assert (refused.status_code, refused.json()["tham_so"]) == (400, "dong")


def test_a_body_too_long_is_refused(api: str) -> None:
    answer = httpx.post(f"{api}/api/v1/chuyen-doi/lo", content=b" " * 2_200_000)
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("path", "culprit"),
    [
        ("/api/v1/don-vi/297?ngya=2025-06-30", "ngya"),
        ("/api/v1/don-vi/297?ngay=2025-02-30", "ngay"),
        ("/api/v1/don-vi/297?ngay=", "ngay"),
        ("/api/v1/don-vi/297?ngay=2025-06-30&ngay=2025-07-01", "ngay"),
        ("/api/v1/don-vi/297?cap=quan", "cap"),
        ("/api/v1/don-vi/%32", "ma"),
        ("/api/v1/don-vi/29a", "ma"),
        ("/api/v1/don-vi/297?a=%FF", ""),
        ("/api/v1/don-vi?" + "&".join(f"a{n}=1" for n in range(50)), ""),
        ("/api/v1/don-vi?ten=" + "a" * 201, "ten"),
        ("/api/v1/don-vi?cap=xa&so_dong=-1", "so_dong"),
        ("/api/v1/don-vi?cap=xa&so_dong=99999999999", "so_dong"),
        ("/api/v1/don-vi?cap=xa&dang=xml", "dang"),
        ("/api/v1/chuyen-doi?tu=2025-06-30", "ma"),
        ("/api/v1/chuyen-doi?ma=297", "tu"),
    ],
)
def test_a_bad_question_is_told_its_culprit(api: str, path: str, culprit: str) -> None:
    answer = get(api, path)
    assert answer.status_code == 400
    assert answer.json()["tham_so"] == culprit


@pytest.mark.parametrize(
    ("kind", "body", "culprit"),
    [
        ("application/json", b"{", ""),
        ("application/json", b'{"dong": 3}', "dong"),
        ("application/json", b'{"dong": [{"ma": 3}]}', "ma"),
        ("application/json", b'{"dong": [{"code": "3"}]}', "ma"),
        ("application/json", b'{"dong": [{"ma": "3", "x": "3"}]}', "x"),
        ("application/json", b"[" * 100_000, ""),
        ("text/csv", b"ma\n\xff", ""),
        ("text/csv", b"code\n1", "ma"),
        ("text/csv", b'ma\n"1', ""),
    ],
)
def test_a_bad_batch_is_told_its_culprit(api: str, kind: str, body: bytes, culprit: str) -> None:
    headers = {"content-type": kind}
    answer = httpx.post(f"{api}/api/v1/chuyen-doi/lo", content=body, headers=headers)
    assert (answer.status_code, answer.json()["tham_so"]) == (400, culprit)


def test_what_a_caller_holds_is_not_sent_again(api: str) -> None:
    path = "/api/v1/don-vi/31?ngay=2026-01-01"
    first = get(api, path)
    again = get(api, path, **{"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert get(api, path, **{"if-none-match": '"other"'}).status_code == 200


def test_an_old_portals_host_name_gives_its_unit_and_what_that_is_now(api: str) -> None:
    told = get(api, "/api/v1/ten-mien/GiaLoc.haiduong.gov.vn").json()
    assert (told["ten_mien"], told["ma"], told["tu"]) == (
        "gialoc.haiduong.gov.vn",
        "297",
        "2025-06-30",
    )
    assert told["don_vi"]["ten"] == "Huyện Gia Lộc"
    assert (told["mo_ho"], told["ma_mac_dinh"]) == (True, None)
    assert [one["ma"] for one in told["ket_qua"]] == ["10999", "11020", "11050", "11065", "11002"]
    before = get(api, "/api/v1/ten-mien/gialoc.haiduong.gov.vn?ngay=2025-06-30").json()
    assert [one["ma"] for one in before["ket_qua"]] == ["297"]
    province = get(api, "/api/v1/ten-mien/haiduong.gov.vn").json()
    assert (province["mo_ho"], province["ma_mac_dinh"]) == (False, "31")


@pytest.mark.parametrize(
    ("path", "status", "member"),
    [
        ("sotaichinh.haiduong.gov.vn", 404, "ten_mien"),
        ("a.test", 404, "ten_mien"),
        ("a..test", 400, "tham_so"),
        ("a%20b", 400, "tham_so"),
        ("a." + "b" * 64, 400, "tham_so"),
        (".".join(["a" * 60] * 5), 400, "tham_so"),
        ("haiduong.gov.vn?cap=xa", 400, "tham_so"),
    ],
)
def test_a_host_name_that_says_nothing_is_told(
    api: str, path: str, status: int, member: str
) -> None:
    answer = get(api, f"/api/v1/ten-mien/{path}")
    assert answer.status_code == status
    assert member in answer.json()


def test_other_methods_are_told_which_are_right(api: str) -> None:
    for path, allowed in (("/api/v1/don-vi/31", "GET"), ("/api/v1/chuyen-doi/lo", "POST")):
        answer = httpx.request("DELETE", api + path)
        assert answer.status_code == 405
        assert allowed in answer.headers["allow"]
    asked = httpx.options(f"{api}/api/v1/chuyen-doi/lo")
    assert "POST" in asked.headers["access-control-allow-methods"]
    assert get(api, "/api/v2/don-vi").status_code == 404


def test_the_description_names_every_address_and_its_examples_are_true(api: str) -> None:
    document = get(api, "/api/openapi.json").json()
    assert document["openapi"] == "3.1.0"
    assert document["servers"] == [{"url": api}]
    tried = 0
    for path, operations in document["paths"].items():
        for parameter in operations.get("get", {}).get("parameters", []):
            if parameter["in"] == "path":
                hole = f"{{{parameter['name']}}}"
                path = path.replace(hole, parameter["example"])  # noqa: PLW2901 - the path, filled in
        query = {
            parameter["name"]: parameter["example"]
            for parameter in operations.get("get", {}).get("parameters", [])
            if parameter["in"] == "query" and "example" in parameter
        }
        if "get" in operations:
            answer = httpx.get(api + path, params=query)
            assert answer.status_code == 200, (path, answer.text)
            tried += 1
    assert tried == 7


def test_the_api_keeps_to_its_own_description(api: str, tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("schemathesis")
    command = [
        str(program), "run", f"{api}/api/openapi.json", "--seed", "1", "--max-examples", "15",
        "--checks", "all", "--workers", "1", "--no-color",
    ]  # fmt: skip
    # Unmeasured: a tracer in its threads has been seen to trip its own generators.
    alone = {name: value for name, value in os.environ.items() if "COVERAGE" not in name}
    done = subprocess.run(
        command, cwd=tmp_path, env=alone, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:]
    assert "No issues found" in done.stdout


def test_json_is_utf8_without_escapes(api: str) -> None:
    raw = get(api, "/api/v1/don-vi/31").content
    assert "Thành phố Hải Phòng".encode() in raw
    assert json.loads(raw)["ma"] == "31"
