"""Settings of hosts and offices, checked against the register before the portal is started."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gateway.checking import check
from gateway.settings.sites import SiteSettings
from gateway.settings.whole import SettingsError, load_settings

UNITS = (
    '[[route]]\nname = "a"\nhost = "a.test"\npath = "/a"\nupstream = "http://10.0.0.5"\n'
    "[route.units]\n"
)
SOUND = """
[[host]]
name = "cu.test"
unit = "297"
[[office]]
name = "Trung tâm"
unit = "31"
agencies = ["H23", "000.00.19.H47", "H57.132"]
url = "https://hcc.test/"
"""


@pytest.fixture
def path(tmp_path: Path, blank_catalogue: Path) -> Path:
    (tmp_path / "data").mkdir()
    shutil.copy(blank_catalogue, tmp_path / "data" / "catalogue.db")
    return tmp_path / "hopnhat.toml"


def findings(path: Path, text: str) -> list[str]:
    path.write_text(text, encoding="utf-8")
    return check(load_settings(path), path)


def test_hosts_and_offices_of_real_units_are_fine(path: Path) -> None:
    assert findings(path, SOUND) == []
    settings = load_settings(path)
    (office,) = settings.offices()
    assert (office.name, office.unit, office.agencies[0]) == ("Trung tâm", "31", "H23")


@pytest.mark.parametrize(
    ("text", "line", "trouble"),
    [
        ('[[host]]\nname = "cu.test"\nunit = "99"', 1, "no unit ever bore the code 99"),
        (
            '[[site]]\nname = "a"\ntitle = "A"\nhost = "a.test"\nunit = "999"',
            1,
            "site a: no unit ever bore the code 999",
        ),
        (
            (
                '[[site]]\nname = "a"\ntitle = "A"\nhost = "a.test"\n'
                '[[office]]\nname = "A"\nunit = "31"\nupstream = "http://a.test"'
            ),
            5,
            "office A: http://a.test is answered by this gateway itself",
        ),
        ('[[office]]\nname = "A"\nunit = "30"', 1, "office A: no unit bears the code 30 today"),
        (
            SOUND + '[[office]]\nname = "B"\nunit = "31"\nagencies = ["000.00.00.H23"]',
            10,
            "office B: Trung tâm holds H23 already",
        ),
        (
            '[[office]]\nname = "A"\nunit = "31"\nupstream = "http://127.0.0.1:9"',
            1,
            "office A: http://127.0.0.1:9 cannot be reached",
        ),
    ],
)
def test_what_cannot_be_is_told_with_its_line(
    path: Path, text: str, line: int, trouble: str
) -> None:
    (found,) = findings(path, text)
    assert found.startswith(f"{path}:{line}: ")
    assert trouble in found


@pytest.mark.parametrize(
    "text",
    [
        '[[host]]\nname = "cu.test"\nunit = "1"',
        '[[office]]\nname = "A"\nunit = "31"\nagencies = ["47"]',
        '[[office]]\nname = "A"\nunit = "31"\nurl = "javascript:alert(1)"',
        '[[office]]\nname = ""\nunit = "31"',
        '[[office]]\nname = "A"\nunit = "31"\npath = "/tra-cuu"',  # for every dossier the same
        '[[route]]\nname = "a"\nhost = "a.test"\npath = "/a"\ndossier = "a b"',
        '[[route]]\nname = "a"\nhost = "a.test"\npath = "/a"',
        UNITS + 'parameters = ["ma"]',  # one day for both sides
        UNITS + "callers = 2025-06-30",  # no place
        UNITS + 'callers = 2025-06-30\nparameters = ["a b"]',
        UNITS + 'callers = 2025-06-30\nanswers = ["$"]',
    ],
)
def test_what_is_no_code_or_address_is_refused(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError):
        load_settings(path)


@pytest.mark.parametrize(
    ("host", "unit", "code"),
    [
        ("www.haiduong.gov.vn", None, "30"),  # as the decree names its portal
        ("haiduong.gov.vn", "297", "297"),
        ("sotaichinh.haiduong.gov.vn", None, None),
        ("*.haiduong.gov.vn", None, None),
    ],
)
def test_a_site_without_a_unit_has_that_of_its_host(
    host: str, unit: str | None, code: str | None
) -> None:
    seeds = ("http://a.haiduong.gov.vn/",)
    site = SiteSettings(name="a", title="A", host=host, unit=unit, seeds=seeds).as_site()
    assert site.unit == code


def test_a_route_for_dossiers_needs_no_upstream_and_takes_only_questions(path: Path) -> None:
    path.write_text(
        '[[route]]\nname = "a"\nhost = "a.test"\npath = "/a"\ndossier = "doccode"', encoding="utf-8"
    )
    (route,) = load_settings(path).routes()
    assert (route.upstreams, route.methods) == ((), {"GET", "HEAD"})
