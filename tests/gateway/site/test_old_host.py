"""An old host's sitemaps: every address that moved, none cut off, in as many files as it takes."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime
from typing import Any

import pytest
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


def files_of(town: Any, scheme: str | None = None, most: int = SHARD_BYTES) -> OldHostFiles:
    notices = Notices(Pages(town.settings.portal))
    return OldHostFiles(town.database, notices, {SITE: scheme}, most=most)


def scope_of(
    path: str, host: str = HOST, proto: str | None = None, client: str = "127.0.0.1"
) -> dict[str, Any]:
    headers = [(b"host", host.encode())]
    headers += [(b"x-forwarded-proto", proto.encode())] if proto is not None else []
    return {
        "type": "http", "method": "GET", "scheme": "http", "client": (client, 1), "path": path,
        "raw_path": path.encode(), "query_string": b"", "headers": headers,
    }  # fmt: skip


def get(files: OldHostFiles, path: str, **asked: Any) -> str:
    scope = scope_of(path, **asked)
    answer = files.answer(scope, HOST, SITE)
    assert answer is not None
    body = bytearray()

    async def send(message: Any) -> None:
        if message.get("status", 200) >= 500:
            body.extend(f"{message['status']}\n".encode())
        body.extend(message.get("body", b""))

    async def receive() -> Any:
        await asyncio.sleep(60)

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

    assert files.answer(scope_of("/hopnhat-sitemap-x.xml"), HOST, SITE) is None
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


@pytest.mark.parametrize(
    ("set_to", "asked", "origin"),
    [
        (None, {}, f"http://{HOST}"),
        (None, {"proto": "https"}, f"https://{HOST}"),
        (None, {"proto": "https", "client": "203.0.113.7"}, f"http://{HOST}"),
        (None, {"proto": "gopher"}, f"http://{HOST}"),
        ("https", {"proto": "http"}, f"https://{HOST}"),
        ("http", {"proto": "https"}, f"http://{HOST}"),
        (None, {"host": f"{HOST}:8080"}, f"http://{HOST}:8080"),
        (None, {"host": f"{HOST}:80"}, f"http://{HOST}"),
        (None, {"host": f"{HOST}:443", "proto": "https"}, f"https://{HOST}"),
    ],
)
def test_addresses_begin_as_they_are_asked_for_unless_the_settings_say_otherwise(
    town: Any, set_to: str | None, asked: dict[str, str], origin: str
) -> None:
    fill(town, 1)
    files = files_of(town, set_to)
    (shard,) = locations(get(files, "/sitemap.xml", **asked))

    assert f"Sitemap: {origin}/sitemap.xml" in get(files, "/robots.txt", **asked)
    assert shard.startswith(f"{origin}/hopnhat-sitemap-")
    (listed,) = locations(get(files, shard.removeprefix(origin), **asked))
    assert listed.startswith(f"{origin}/Tin/0")


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
