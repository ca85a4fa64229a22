"""The settings file of a site that runs: its routes and rules are read again when it changes.

The rest of the file (portal, sites, ports) is what the site was built from and waits for a restart.
Each process watches by itself, and the same file makes the same snapshot in all of them.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gateway.checking import faults
from gateway.logs import log
from gateway.publishing import Ground, ground_of
from gateway.settings.whole import Settings, SettingsError, load_settings

_READ_AGAIN = {"route", "rule"}

_Stamp = tuple[int, int, int]


class SettingsFile:
    """Watches one file. `failure` says why it cannot be used, `waiting` what needs a restart."""

    def __init__(self, path: Path, settings: Settings) -> None:
        self.failure: str | None = None
        self.waiting: tuple[str, ...] = ()
        self._path = path
        self._settings = settings
        self._ground = ground_of(settings)
        self._read = self._seen = self._stamp()

    def changed(self) -> Ground | None:
        """Return what the file says now if that is something else, and can be used.

        It is read once it has stayed the same from one look to the next: an editor may save it in
        two steps, and half a file can be a whole one with fewer routes.
        """
        stamp = self._stamp()
        if stamp == self._read or stamp != self._seen:
            self._seen = stamp
            return None
        self._read = stamp
        try:
            fresh = load_settings(self._path)
            if findings := faults(fresh, self._path):
                raise SettingsError(findings)  # noqa: TRY301 - refused alike, whoever finds fault
        except (SettingsError, OSError) as error:
            self.failure = str(error)
            log.error("settings.refused", error=self.failure)
            return None
        self.failure = None
        self.waiting = _what_differs(self._settings, fresh)
        self._ground = replace(self._ground, routes=fresh.routes(), rules=fresh.rules())
        log.info("settings.read", routes=len(fresh.route), waiting=self.waiting)
        return self._ground

    def _stamp(self) -> _Stamp | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino


def _what_differs(old: Settings, new: Settings) -> tuple[str, ...]:
    names = sorted(set(type(old).model_fields) - _READ_AGAIN)
    return tuple(name for name in names if getattr(old, name) != getattr(new, name))
