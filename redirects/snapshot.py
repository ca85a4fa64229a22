"""The snapshot: one revision of everything redirects need, in one immutable file that is mapped.

A file is written beside its place, synced, read back, and renamed over the old one: a reader sees
the whole old snapshot or the whole new one (docs/decisions/0003).
"""

from __future__ import annotations

import os
import struct
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b
from itertools import islice
from pathlib import Path

import cdbx

from redirects.compiling import Draft, Locate
from redirects.crowding import Crowding
from redirects.finding import Finding
from redirects.manifest import Manifest, ManifestError, read_manifest, write_manifest
from redirects.mapping import CanonicalUrl, Mapping
from redirects.resolver import Resolver
from redirects.route import ApiRoute
from redirects.rule import Rule
from redirects.site import Portal, Site
from redirects.sites import Sites

_MANIFEST_KEY = b"manifest"  # 8 bytes: never the 12 of a digest
_TABLES = struct.Struct("<II")  # cdb: 256 pairs of position and slots, 8 bytes a slot
_HEADER_BYTES = 256 * _TABLES.size
_AT_ONCE = 4_096
_MOST_BYTES = 2**32 - 2**20  # positions are 32 bits wide
_BYTES_AN_ENTRY = 12 + 8 + 16  # digest, two lengths, two slots
_ABANDONED_AFTER = 3_600  # seconds: no compilation takes an hour


class SnapshotError(Exception):
    """A file that is no whole snapshot of this version; `path` is the culprit."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


@dataclass(frozen=True, slots=True)
class SnapshotReport:
    """What was compiled: where, which revision, how many entries, and what was left out and why."""

    path: Path
    revision: int
    id: str
    entries: int
    findings: tuple[Finding, ...]


class Snapshot:
    """An open snapshot; its pages are shared by all processes that map the same file."""

    def __init__(self, path: Path, cdb: cdbx.CDB, manifest: Manifest) -> None:
        self.path = path
        self.manifest = manifest
        self._cdb = cdb

    @property
    def revision(self) -> int:
        """The catalogue's revision it was compiled from."""
        return self.manifest.revision

    @property
    def id(self) -> str:
        """A digest of its contents in their order: what is compiled again has the same id."""
        return self.manifest.id

    def resolver(self) -> Resolver:
        """Answer requests from this snapshot; built once."""
        return self._resolver

    def resolver_with(self, routes: Iterable[ApiRoute]) -> Resolver:
        """Answer requests from this snapshot, but pass calls on along other routes."""
        return Resolver(replace(self.manifest, routes=tuple(routes)), self._cdb.get)

    @cached_property
    def _resolver(self) -> Resolver:
        return Resolver(self.manifest, self._cdb.get)

    def verify(self) -> None:
        """Read everything back.

        Raises:
            SnapshotError: the contents are not those the id was made of.
        """
        records = (item for item in self._cdb.items() if item[0] != _MANIFEST_KEY)
        try:
            found = _identify(records, self.manifest)
        except OSError as error:
            raise SnapshotError(self.path, f"cannot be read: {error}") from error
        if found != self.id:
            raise SnapshotError(self.path, "is damaged: its contents do not match its id")

    def close(self) -> None:
        """Unmap the file; resolvers made from it must not be asked any more."""
        self._cdb.close()


def compile_snapshot(
    path: Path,
    *,
    portal: Portal,
    sites: Iterable[Site],
    mappings: Iterable[Mapping],
    rules: Iterable[Rule],
    routes: Iterable[ApiRoute],
    archived: Iterable[CanonicalUrl],
    locate: Locate,
    revision: int,
) -> SnapshotReport:
    """Compile one revision to `path`, replacing what was there in one step.

    Mappings and rules that cannot be served are left out and reported; their addresses fall to
    the archived copy or stay unresolved.

    Raises:
        SiteError: two sites claim one host.
        PatternError: a pattern of `portal.live` is not understood.
        SnapshotError: it is more than one file can hold.
        OSError: the file cannot be written; what was at `path` is untouched.
    """
    known = Sites(sites)
    draft = Draft(portal, known, locate)
    crowding = Crowding(known)
    draft.add_mappings(crowding.watch(mappings))
    draft.flatten()
    draft.add_copies(archived)
    count = len(draft.entries)
    draft.add_names()
    manifest = Manifest(
        revision=revision,
        portal=portal,
        sites=tuple(known),
        rules=draft.usable_rules(rules),
        routes=tuple(routes),
        entries=count,
        exact=tuple(sorted(draft.exact)),
    )
    _refuse_giants(path, draft.entries)
    manifest = replace(manifest, id=_identify(draft.entries.items(), manifest))
    _write_file(path, draft.entries.items(), manifest)
    return SnapshotReport(
        path, revision, manifest.id, count, (*draft.findings, *crowding.findings(portal))
    )


def open_snapshot(path: Path) -> Snapshot:
    """Map a snapshot file.

    Raises:
        SnapshotError: there is none, or it is foreign, torn, or of another version.
    """
    try:
        _check_size(path)
        cdb = cdbx.CDB(str(path), mmap=True)
        text = cdb.get(_MANIFEST_KEY)
    except OSError as error:
        raise SnapshotError(path, f"cannot be opened: {error.strerror or error}") from error
    try:
        manifest = read_manifest(text or b"")
    except ManifestError as error:
        cdb.close()
        raise SnapshotError(path, str(error)) from error
    return Snapshot(path, cdb, manifest)


def _check_size(path: Path) -> None:
    with path.open("rb") as file:
        header = file.read(_HEADER_BYTES)
        size = os.fstat(file.fileno()).st_size
    if len(header) < _HEADER_BYTES:
        raise SnapshotError(path, "not a snapshot of hopnhat")
    whole = max(position + 8 * slots for position, slots in _TABLES.iter_unpack(header))
    if size != whole:
        raise SnapshotError(path, f"torn: {size} bytes of {whole}, or not a snapshot of hopnhat")


def _refuse_giants(path: Path, entries: dict[bytes, bytes]) -> None:
    """Refuse what a constant database cannot address, before hours are spent on writing it."""
    size = sum(map(len, entries.values())) + len(entries) * _BYTES_AN_ENTRY
    if size > _MOST_BYTES:
        raise SnapshotError(path, f"{size} bytes of decisions are more than a file of 4 GiB holds")


def _identify(records: Iterable[tuple[bytes, bytes]], manifest: Manifest) -> str:
    total = blake2b(write_manifest(replace(manifest, id="")), digest_size=16)
    rest = iter(records)
    while some := list(islice(rest, _AT_ONCE)):
        total.update(b"".join([b"%b%d:%b" % (key, len(entry), entry) for key, entry in some]))
    return total.hexdigest()


def _write_file(path: Path, records: Iterable[tuple[bytes, bytes]], manifest: Manifest) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".new")
    beside = Path(name)
    _remove_abandoned(path, beside.stat().st_mtime - _ABANDONED_AFTER)
    try:
        with os.fdopen(descriptor, "w+b") as file:
            maker = cdbx.CDB.make(file)
            for key, entry in records:
                maker.add(key, entry)
            maker.add(_MANIFEST_KEY, write_manifest(manifest))
            maker.commit().close()
            os.fsync(file.fileno())
        _verify_file(beside)
        beside.chmod(0o644)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _remove_abandoned(path: Path, before: float) -> None:
    """Remove what compilations that were killed left behind."""
    for left in path.parent.glob(f".{path.name}.*.new"):
        if left.stat().st_mtime < before:
            left.unlink(missing_ok=True)


def _verify_file(path: Path) -> None:
    snapshot = open_snapshot(path)
    try:
        snapshot.verify()
    finally:
        snapshot.close()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
