"""A small world to compile snapshots from: two old portals, one of them on the new one's host."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from redirects.mapping import CanonicalUrl, Mapping, MappingKind, QueryHandling, SplitTarget
from redirects.resolution import Request, Resolution
from redirects.route import ApiRoute
from redirects.rule import Rule
from redirects.site import Portal, QueryPolicy, Site
from redirects.sites import Sites
from redirects.snapshot import Snapshot, SnapshotReport, compile_snapshot, open_snapshot

PORTAL = Portal(
    url="https://haiphong.gov.vn",
    hosts=("haiphong.gov.vn", "www.haiphong.gov.vn"),
    allowed_targets=frozenset({"dichvucong.gov.vn", "*.chinhphu.vn"}),
    live=("/", "/tin-tuc/*", "/van-ban/:id"),
)
SITES = (
    Site(
        "haiduong",
        "Hải Dương",
        "haiduong.gov.vn",
        ("www.haiduong.gov.vn",),
        old_server="http://10.0.0.5:8080",
    ),
    Site(
        "haiphong",
        "Hải Phòng",
        "haiphong.gov.vn",
        query=QueryPolicy("significant", frozenset({"ItemID", "DocID"})),
    ),
)
KNOWN = {"doc:7": "/tai-lieu/7", "unit:31": "/don-vi/31", "section:tin-tuc": "/tin-tuc"}


@dataclass
class World:
    """Everything a snapshot is made of; tests change what they are about."""

    folder: Path
    portal: Portal = PORTAL
    sites: tuple[Site, ...] = SITES
    mappings: list[Mapping] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    routes: list[ApiRoute] = field(default_factory=list)
    archived: list[CanonicalUrl] = field(default_factory=list)
    opened: list[Snapshot] = field(default_factory=list)

    def key(self, address: str) -> CanonicalUrl:
        found = Sites(self.sites).key_of(address)
        return CanonicalUrl(address) if found is None else found[1]

    def map(
        self,
        address: str,
        target: str | None = None,
        kind: MappingKind = MappingKind.MOVED,
        *,
        targets: Iterable[SplitTarget] = (),
        reason: str | None = None,
        query: QueryHandling = "drop",
    ) -> None:
        key = self.key(address)
        mapping = Mapping(
            key, address, kind, target, targets=tuple(targets), reason=reason, query=query
        )
        self.mappings.append(mapping)

    def archive(self, *addresses: str) -> None:
        self.archived.extend(self.key(address) for address in addresses)

    def compile(self, name: str = "redirects.cdb", revision: int = 1) -> SnapshotReport:
        return compile_snapshot(
            self.folder / name,
            portal=self.portal,
            sites=self.sites,
            mappings=self.mappings,
            rules=self.rules,
            routes=self.routes,
            archived=self.archived,
            locate=KNOWN.get,
            revision=revision,
        )

    def open(self) -> Snapshot:
        self.opened.append(open_snapshot(self.compile().path))
        return self.opened[-1]


def lead(world: World, request: Request) -> Resolution:
    return world.open().resolver().resolve(request)
