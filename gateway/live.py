"""What is live: one immutable snapshot, swapped by one reference when the catalogue changes.

Anything that goes wrong while the next one is built leaves the present one in place.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, Lock, Thread

from catalogue.database import CatalogueError, Database
from gateway.compiling import Compiler
from gateway.logs import log
from gateway.publishing import Ground, snapshots_on_disk
from gateway.settings.file import SettingsFile
from redirects.patterns import PatternError
from redirects.resolver import Resolver
from redirects.route import ApiRoute
from redirects.sites import SiteError
from redirects.snapshot import Snapshot, SnapshotError, open_snapshot

KEPT_FILES = 3


@dataclass(frozen=True, slots=True)
class Published:
    """One revision, ready to answer. `opened_at` is seconds of the monotonic clock."""

    revision: int
    id: str
    snapshot: Snapshot
    resolver: Resolver
    routes: tuple[ApiRoute, ...]
    path: Path
    opened_at: float


class Live:
    """Holds what is published. Read `published` once per request: it may be swapped at any time."""

    def __init__(
        self,
        database: Database,
        ground: Ground,
        directory: Path,
        file: SettingsFile | None = None,
    ) -> None:
        """`file` is where `ground` comes from; unless given, the ground stays as it is."""
        self.published: Published | None = None
        self.failure: str | None = None
        self.file = file
        self._compiler = Compiler(database, ground, directory)
        self._directory = directory
        self._retired: Published | None = None
        self._routes = tuple(ground.routes)
        self._swapping = Lock()

    def follow(self) -> None:
        """Take over the settings file's routes at once, and its rules with the next snapshot.

        Another thread may be compiling meanwhile, which takes as long as a catalogue is large.
        """
        changed = self.file.changed() if self.file is not None else None
        if changed is None:
            return
        self._compiler.build_on(changed)
        with self._swapping:
            self._routes = tuple(changed.routes)
            if self.published is not None:
                self.published = _along(self._routes, self.published)

    def look(self) -> None:
        """Publish the catalogue's revision if it, or what it stands on, is not what is live."""
        try:
            fresh = self._fresh()
        except (CatalogueError, SnapshotError, SiteError, PatternError, OSError) as error:
            if self.failure != str(error):
                log.error("snapshot.failed", error=str(error))
            self.failure = str(error)
            if self.published is None:
                self._fall_back()
            return
        self.failure = None
        if fresh is not None:
            self._swap(fresh)
            self._remove_old_files()

    def routes(self) -> tuple[ApiRoute, ...]:
        """Return the preserved APIs that are live."""
        published = self.published
        return published.routes if published is not None else ()

    def close(self) -> None:
        """Let go of the files. Nothing may be asked afterwards."""
        for one in (self.published, self._retired):
            if one is not None:
                one.snapshot.close()
        self.published = self._retired = None

    def _fresh(self) -> Published | None:
        path = self._compiler.path()
        if self.published is not None and self.published.path == path:
            return None
        if path.exists():
            try:
                return _open(path)
            except SnapshotError as error:
                log.warning("snapshot.unusable", file=path.name, error=str(error))
            path.unlink(missing_ok=True)
        return _open(self._compiler.compile())

    def _fall_back(self) -> None:
        """Open the newest file that can be opened: old addresses outlive their database."""
        for path in snapshots_on_disk(self._directory):
            try:
                self._swap(_open(path))
            except (SnapshotError, OSError) as error:
                log.warning("snapshot.unusable", file=path.name, error=str(error))
            else:
                return

    def _swap(self, fresh: Published) -> None:
        # The one before last is closed: no request that began under it can still be resolving.
        if self._retired is not None:
            self._retired.snapshot.close()
        with self._swapping:
            self._retired, self.published = self.published, _along(self._routes, fresh)
        log.info("snapshot.live", revision=fresh.revision, snapshot=fresh.snapshot.id)

    def _remove_old_files(self) -> None:
        for path in snapshots_on_disk(self._directory)[KEPT_FILES:]:
            if self.published is None or path != self.published.path:
                path.unlink(missing_ok=True)


class Heartbeat:
    """Does one small thing again and again on a thread of its own."""

    def __init__(self, seconds: float, beat: Callable[[], None]) -> None:
        self._seconds = seconds
        self._do = beat
        self._stopped = Event()
        self._thread = Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        """Do it once, then go on in the background."""
        self._beat()
        self._thread.start()

    def stop(self) -> None:
        """Stop, and do it a last time, so that nothing counted is lost."""
        self._stopped.set()
        self._thread.join()
        self._beat()

    def _run(self) -> None:
        while not self._stopped.wait(self._seconds):
            self._beat()

    def _beat(self) -> None:
        try:
            self._do()
        except Exception:  # noqa: BLE001 - a heart that stops at the first surprise is no heart
            log.exception("heartbeat.failed", beat=repr(self._do))


def _open(path: Path) -> Published:
    snapshot = open_snapshot(path)
    return Published(
        revision=snapshot.revision,
        id=snapshot.id,
        snapshot=snapshot,
        resolver=snapshot.resolver(),
        routes=snapshot.manifest.routes,
        path=path,
        opened_at=time.monotonic(),
    )


def _along(routes: tuple[ApiRoute, ...], published: Published) -> Published:
    """Pass calls on along other routes than those a snapshot was compiled with."""
    if routes == published.routes:
        return published
    return replace(published, resolver=published.snapshot.resolver_with(routes), routes=routes)
