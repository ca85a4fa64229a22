"""The settings file of the demo: three old portals, one new one, all on loopback."""

from __future__ import annotations

import json
from dataclasses import dataclass
from urllib.parse import urlsplit

from demo.truth import DemoSite
from demo.world import World

_NEW_HOST = "haiphong.gov.vn.localhost"
_OLD_PROVINCE = "www.haiduong.gov.vn.localhost"
_DISTRICT = "gialoc.haiduong.gov.vn.localhost"
_ROUTES: tuple[dict[str, str], ...] = (
    {"name": "danh-muc-don-vi", "host": _NEW_HOST, "path": "/webservice/DMDVHC.asmx"},
    {"name": "van-ban", "host": _NEW_HOST, "path": "/api/vanban"},
    {"name": "van-ban-viet-hoa", "host": _NEW_HOST, "path": "/API/VanBan"},
    {"name": "nguon-tin", "host": _NEW_HOST, "path": "/_layouts/listfeed.aspx"},
    {"name": "gop-y", "host": _NEW_HOST, "path": "/gop-y"},
    {"name": "ho-so", "host": _OLD_PROVINCE, "path": "/o/rest/v2/*"},
    {"name": "du-lieu-mo", "host": _OLD_PROVINCE, "path": "/api/3/*"},
    {"name": "tin-rss", "host": _OLD_PROVINCE, "path": "/rss/*"},
    {"name": "tin-joomla", "host": _DISTRICT, "path": "/index.php", "query": "format=feed"},
)
# DNN, then Joomla: to one ItemID is the page, to the other Itemid is the menu that led there.
_ON_TWO_SYSTEMS = "gialoc"
_DOSSIERS = {"host": _OLD_PROVINCE, "path": "/tra-cuu-tien-do", "dossier": "doccode"}


@dataclass(frozen=True, slots=True)
class DemoPorts:
    """The three ports of the demo on loopback."""

    site: int
    console: int
    old: int

    def public(self, url: str) -> str:
        """Return an old address as it is reached through the gateway: same host, our port."""
        parts = urlsplit(url)
        return parts._replace(scheme="http", netloc=f"{parts.hostname}:{self.site}").geturl()


def demo_settings(world: World, ports: DemoPorts) -> str:
    """Return the TOML text an operator would have written for these portals."""
    tables = [_portal(ports)]
    tables += [_site(site, ports) for site in world.sites]
    upstream = f"http://127.0.0.1:{ports.old}"
    tables += [_table("[[route]]", **route, upstream=upstream) for route in _ROUTES]
    tables.append(_table("[[route]]", name="tra-cuu-ho-so", **_DOSSIERS))
    tables.append(_office(upstream))
    return "\n".join(tables)


def _office(upstream: str) -> str:
    """The office that has taken over what the two old provinces took in."""
    return _table(
        "[[office]]",
        name="Trung tâm Phục vụ hành chính công thành phố Hải Phòng",
        unit="31",
        agencies=["H23", "H24"],
        phone="0225 000 0001",
        upstream=upstream,
    )


def _site(site: DemoSite, ports: DemoPorts) -> str:
    return _table(
        "[[site]]",
        name=site.name,
        title=site.title,
        host=site.host,
        aliases=list(site.aliases),
        unit=site.unit,
        cms=site.cms,
        **_parameters(site),
        seeds=list(site.seeds),
        address=f"127.0.0.1:{ports.old}",
        logs=[f"logs/{site.name}.log"],
        obey_robots=site.host != _NEW_HOST,  # it hides /_layouts/, where its own files live
        delay=0,
        connections=4,
    )


def _parameters(site: DemoSite) -> dict[str, object]:
    """Name the parameters that count where no one system knows them."""
    if site.name != _ON_TWO_SYSTEMS:
        return {}
    return {"query": site.query_mode, "parameters": list(site.query_names)}


def _portal(ports: DemoPorts) -> str:
    portal = _table(
        "[portal]",
        title="Cổng Thông tin điện tử thành phố Hải Phòng",
        url=f"http://{_NEW_HOST}:{ports.site}",
        hosts=[_NEW_HOST, "127.0.0.1", "localhost"],
        unit="31",
        allowed_targets=["dichvucong.gov.vn"],
        hotline="0225 000 0000",
        email="hotro@haiphong.gov.vn.localhost",
    )
    serve = _table("[serve]", port=ports.site)
    console = _table("[console]", port=ports.console)
    return f'data = "."\n\n{portal}\n{serve}\n{console}'


def _table(header: str, **values: object) -> str:
    lines = [
        f"{name} = {json.dumps(value, ensure_ascii=False)}"
        for name, value in values.items()
        if value not in (None, [])
    ]
    return "\n".join([header, *lines, ""])
