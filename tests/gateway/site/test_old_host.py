"""An old host's sitemaps: every address that moved, none cut off, in as many files as it takes."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text

from catalogue.mappings import Mappings
from gateway.rendering import Pages
from gateway.site.notices import Notices
from gateway.site.old_host import SHARD_BYTES, OldHostFiles
from redirects.mapping import CanonicalUrl, Mapping, MappingKind

HOST, SITE = "www.haiduong.localhost", "haiduong"
NOW = datetime(2025, 7, 1, tzinfo=UTC)


def fill(town: Any, count: int) -> None:
    placed = [
        (SITE, Mapping(CanonicalUrl(f"{HOST}/tin/{n}"), f"http://{HOST}/Tin/{n}?a=đ&b", kind, "/"))
        for n in range(count)
        for kind in [MappingKind.TEMPORARY if n == 7 else MappingKind.MOVED]
    ]
    with town.database.writing() as connection:
        for first in range(0, count, 20_000):
            Mappings(connection).put_all(
                placed[first : first + 20_000], state="active", source="import", now=NOW
            )


def files_of(town: Any, scheme: str = "http", most: int = SHARD_BYTES) -> OldHostFiles:
    notices = Notices(Pages(town.settings.portal))
    return OldHostFiles(town.database, notices, {SITE: scheme}, most=most)


def get(files: OldHostFiles, path: str) -> str:
    answer = files.answer(path.encode(), HOST, SITE)
    assert answer is not None
    body = bytearray()

    async def send(message: Any) -> None:
        if message.get("status", 200) >= 500:
            body.extend(f"{message['status']}\n".encode())
        body.extend(message.get("body", b""))

    async def receive() -> Any:
        await asyncio.sleep(60)

    scope = {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(),
        "query_string": b"", "headers": [(b"host", HOST.encode())],
    }  # fmt: skip
    asyncio.run(answer(scope, receive, send))
    return body.decode()


def locations(page: str) -> list[str]:
    return re.findall("<loc>(.*?)</loc>", page)


def test_of_120_000_mappings_every_address_that_moved_is_listed_once(town: Any) -> None:
    fill(town, 120_000)
    files = files_of(town)
    shards = locations(get(files, "/sitemap.xml"))
    listed = [locations(get(files, url.removeprefix(f"http://{HOST}"))) for url in shards]

    assert [len(each) for each in listed] == [50_000, 50_000, 19_999]
    assert len({address for each in listed for address in each}) == 119_999
    assert listed[0][0] == f"http://{HOST}/Tin/0?a=%C4%91&amp;b"
    assert f"http://{HOST}/Tin/7?a=%C4%91&amp;b" not in listed[0][:10]


def test_a_sitemap_is_cut_by_bytes_too(town: Any) -> None:
    fill(town, 40)
    files = files_of(town, most=2_000)
    shards = locations(get(files, "/sitemap.xml"))
    listed = [get(files, url.removeprefix(f"http://{HOST}")) for url in shards]

    assert all(len(each) <= 2_000 for each in listed)
    assert sum(len(locations(each)) for each in listed) == 39


def test_what_is_no_sitemap_is_answered_by_others_or_not_found(town: Any) -> None:
    files = files_of(town)

    assert files.answer(b"/hopnhat-sitemap-x.xml", HOST, SITE) is None
    assert locations(get(files, "/sitemap.xml")) == []
    assert get(files, "/hopnhat-sitemap-1.xml") == "not found\n"


def test_a_host_with_a_certificate_lists_its_secure_addresses(town: Any) -> None:
    fill(town, 1)
    files = files_of(town, "https")
    assert f"Sitemap: https://{HOST}/sitemap.xml" in get(files, "/robots.txt")
    (shard,) = locations(get(files, "/sitemap.xml"))
    assert shard.startswith(f"https://{HOST}/")
    assert locations(get(files, shard.removeprefix(f"https://{HOST}")))[0].startswith(
        f"https://{HOST}/Tin/0"
    )


def test_without_the_catalogue_an_engine_is_asked_to_come_again(town: Any) -> None:
    fill(town, 5_000)
    files = files_of(town)
    (shard,) = locations(get(files, "/sitemap.xml"))
    path = shard.removeprefix(f"http://{HOST}")
    with town.database.writing() as connection:
        connection.execute(text("ALTER TABLE mapping RENAME TO away"))
    files = files_of(town)
    for asked in ("/sitemap.xml", path):
        assert get(files, asked).startswith("503\n")
    assert get(files, "/robots.txt").startswith("User-agent")
