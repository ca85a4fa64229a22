"""What is found wrong with routes before a call is made, with the line and the culprit."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from gateway.checking import check, faults
from gateway.settings.whole import SettingsError, load_settings

HEAD = """
[portal]
url = "https://haiphong.gov.vn"
hosts = ["haiphong.gov.vn"]

[[site]]
name = "haiduong"
title = "Hải Dương"
host = "haiduong.gov.vn"
aliases = ["www.haiduong.gov.vn"]

[[route]]
name = "mot"
host = "haiduong.gov.vn"
path = "/api/:ma"
"""  # 15 lines; what a case adds begins on line 16


def checked(directory: Path, text: str) -> list[str]:
    path = directory / "hopnhat.toml"
    path.write_text(HEAD + text, encoding="utf-8")
    try:
        return [line.removeprefix(str(path)) for line in faults(load_settings(path), path)]
    except SettingsError as error:
        return [line.removeprefix(str(path)) for line in error.findings]


UP = 'upstream = "http://10.0.0.5:8080"\n'
TWIN = '[[route]]\nname = "hai"\nhost = "www.haiduong.gov.vn"\npath = "/api/:ma"\n'


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("", ":12: route.0: needs upstream, or [[route.upstreams]], and not both"),
        (UP + "[[route.upstreams]]\norigin = 'http://a'\n", "and not both"),
        ("[[route.upstreams]]\norigin = 'http://a'\nweight = 0\n", "spare upstreams alone"),
        ("[[route.upstreams]]\norigin = 'http://a'\n" * 2, "names one upstream twice"),
        ("[[route.upstreams]]\norigin = 'http://a/b'\n", ":17: route.0.upstreams.0.origin = "),
        (UP + "[route.rewrite]\npath = '/v2/:khac'\n", "rewrite.path uses khac"),
        (UP + "[route.rewrite]\npath = 'v2'\n", ":18: route.0.rewrite.path = 'v2': "),
        (UP + "[route.rewrite]\nquery = ['sets a=b']\n", ":18: route.0.rewrite.query.0 = "),
        (UP + "[route.rewrite]\nrequest = ['set Host=a']\n", "gateway's own part"),
        (UP + '[route.rewrite]\nanswer = ["set X=a\\nb"]\n', 'must read "set name=value"'),
        (UP + "[route.rate]\ncalls = 0\n", ":18: route.0.rate.calls = 0: "),
        (UP + "[route.rate]\ncalls = 1\nkey = 'cookie:a'\n", ":19: route.0.rate.key = "),
        (UP + "[route.cache]\nfresh = 1\n", ":18: unknown setting route.0.cache.fresh; known"),
        (UP + "[route.health]\npath = 'song'\n", ":18: route.0.health.path = 'song'"),
        (UP + "valid_from = 2027-01-01\nvalid_until = 2026-01-01\n", "valid_until is before"),
        (UP + "credentials = ['co dau']\n", ":17: route.0.credentials.0 = 'co dau'"),
        (UP + "timout = 3\n", ':17: unknown setting route.0.timout; did you mean "timeout"?'),
        (UP + TWIN + UP, ":15: route mot gets no call: hai takes them all"),
        (UP + TWIN.replace("hai", "mot", 1) + UP, ":18: two routes are called mot"),
        ('upstream = "http://www.haiduong.gov.vn"\n', ":16: route mot: http://www.haiduong"),
        ('upstream = "https://haiphong.gov.vn:443"\n', "is answered by this gateway itself"),
        (
            UP + f'[[route]]\nname = "rong"\nhost = "haiphong.gov.vn"\npath = "/:a/*"\n{UP}',
            ":20: route rong: /:a/* takes the portal's own /api/v1/ too",
        ),
    ],
)
def test_a_fault_is_named_with_its_line_and_its_culprit(
    tmp_path: Path, text: str, finding: str
) -> None:
    findings = checked(tmp_path, text)
    assert any(finding in one for one in findings), findings
    assert all(len(one) < 300 for one in findings), "a finding is a line, not a file"


@pytest.mark.parametrize(
    "text",
    [
        UP,
        UP + "[route.rewrite]\npath = '/v2/:ma'\nquery = ['set a=:ma']\n",
        "[[route.upstreams]]\norigin = 'http://a'\n[[route.upstreams]]\norigin = 'http://b'\nweight = 0\n",
        UP + TWIN + UP + "methods = ['POST']\n",
        UP + TWIN + UP + "query = 'format=feed'\n",
        UP + "valid_until = 2026-12-31\n" + TWIN + UP + "valid_from = 2027-01-01\n",
        'upstream = "http://www.haiduong.gov.vn:8080"\n',
        UP + f'[[route]]\nname = "khac"\nhost = "haiphong.gov.vn"\npath = "/rest/*"\n{UP}',
    ],
)
def test_what_can_be_used_is_left_alone(tmp_path: Path, text: str) -> None:
    assert checked(tmp_path, text) == []


def test_an_upstream_that_cannot_be_reached_is_named_with_its_own_line(tmp_path: Path) -> None:
    path = tmp_path / "hopnhat.toml"
    dead = "[[route.upstreams]]\norigin = 'http://127.0.0.1:9'\n"
    with socket.create_server(("127.0.0.1", 0)) as listening:
        well = f"[[route.upstreams]]\norigin = 'http://127.0.0.1:{listening.getsockname()[1]}'\n"
        path.write_text(HEAD + well + dead, encoding="utf-8")
        findings = check(load_settings(path), path)
    assert any(f"{path}:19: route mot: http://127.0.0.1:9 cannot be" in one for one in findings)
    assert not any(f"{path}:17" in one for one in findings)
