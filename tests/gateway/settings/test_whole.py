"""The settings file: what an operator may write, and what is said about a slip."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.settings.whole import SettingsError, load_settings
from redirects.site import QueryPolicy

GOOD = """
data = "kho"

[portal]
title = "Cổng thử"
url = "https://haiphong.gov.vn"
hosts = ["HaiPhong.gov.vn"]

[[site]]
name = "haiduong"
title = "Cổng TTĐT tỉnh Hải Dương"
host = "www.haiduong.gov.vn"
query = "significant"
parameters = ["ItemID"]

[[site]]
name = "gialoc"
title = "Trang TTĐT huyện Gia Lộc"
host = "gialoc.haiduong.gov.vn"

[[route]]
name = "danh-muc"
host = "haiphong.gov.vn"
path = "/api/*"
upstream = "http://10.0.0.5:8080"
methods = ["get"]

[[rule]]
name = "trang-cu"
site = "gialoc"
pattern = "/xa/:ten"
target = "/tim-kiem?q=:ten"
"""


def written(directory: Path, text: str) -> Path:
    path = directory / "hopnhat.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_good_file_gives_sites_routes_and_rules(tmp_path: Path) -> None:
    settings = load_settings(written(tmp_path, GOOD))
    haiduong, gialoc = settings.sites()
    assert haiduong.query == QueryPolicy("significant", frozenset({"itemid"}))
    assert gialoc.hosts == ("gialoc.haiduong.gov.vn",)
    assert settings.routes()[0].methods == {"GET"}
    assert settings.rules()[0].target == "/tim-kiem?q=:ten"
    assert settings.as_portal(("/tin-tuc",)).hosts == ("haiphong.gov.vn",)


def test_directories_are_taken_from_the_files_own_directory(tmp_path: Path) -> None:
    settings = load_settings(written(tmp_path, GOOD))
    assert settings.archive_directory == tmp_path / "kho" / "archive"
    assert settings.database_url == f"sqlite:///{tmp_path / 'kho' / 'catalogue.db'}"


def test_the_environment_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOPNHAT_SERVE__PORT", "9090")
    assert load_settings(written(tmp_path, GOOD + "\n[serve]\nport = 80\n")).serve.port == 9090


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("[portal]\ntitel = 'x'\n", '2: unknown setting portal.titel; did you mean "title"?'),
        ("[srve]\nport = 1\n", '1: unknown setting srve; did you mean "serve"?'),
        ("[serve]\nport = 'tám'\n", "2: serve.port = 'tám'"),
        ("[portal]\nurl = 'https://a.vn/x'\n", "2: portal.url = 'https://a.vn/x'"),
        ("\n[[site]]\nname = 'a'\ntitle = 'A'\n", "2: site.0.host is missing"),
        (
            "[[site]]\nname = 'a'\ntitle = 'A'\nhost = 'a.vn'\n[[site]]\nname = 'B b'\n",
            ":6: site.1",
        ),
        ("[portal\n", "not TOML"),
    ],
)
def test_a_slip_is_named_with_its_line(tmp_path: Path, text: str, finding: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(SettingsError) as caught:
        load_settings(path)
    assert finding in str(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        '[route.rewrite]\nrequest = ["set Authorization: Bearer bi-mat"]\n',
        '[route.rewrite]\nrequest = "set X-Api-Key=bi-mat"\n',
        '[route.rewrite]\nquery = ["set apikey:bi-mat"]\n',
        '[[caller]]\nname = "mot-cua"\nkeys = ["bi-mat"]\n',
        '[[route]]\nname = "b"\nhost = "b.vn"\npath = "/"\nupstream = "http://ai:bi-mat@b.vn"\n',
    ],
)
def test_a_slip_never_shows_a_key_or_a_password(tmp_path: Path, text: str) -> None:
    route = '[[route]]\nname = "a"\nhost = "a.vn"\npath = "/"\nupstream = "http://b.vn"\n'
    with pytest.raises(SettingsError) as caught:
        load_settings(written(tmp_path, route + text))
    assert "…" in str(caught.value)
    assert "bi-mat" not in str(caught.value)


@pytest.mark.parametrize(
    "origin",
    ["http://", "http://a:b", "http://a:0", "http://a:99999", "http://a?b", "http://[::1", "a.vn"],
)
def test_what_is_no_origin_is_refused_as_it_is_read(tmp_path: Path, origin: str) -> None:
    with pytest.raises(SettingsError, match=r":2: portal\.url = "):
        load_settings(written(tmp_path, f"[portal]\nurl = '{origin}'\n"))


def test_a_missing_file_says_what_writes_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="hopnhat init"):
        load_settings(tmp_path / "hopnhat.toml")
