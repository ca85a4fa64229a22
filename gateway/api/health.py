"""Probes: is the process alive, and may it be sent visitors?"""

from __future__ import annotations

import json
import time

from gateway.answer import Answer, field_lines
from gateway.live import Live


class Health:
    """`/healthz/live` and `/healthz/ready`, on every host: a probe comes by address."""

    def __init__(self, live: Live) -> None:
        self._live = live

    def answer(self, path: bytes) -> Answer:
        """Answer a probe."""
        match path:
            case b"/healthz/live":
                return _json(200, {"status": "alive"})
            case b"/healthz/ready":
                return self._ready()
            case _:
                return _json(404, {"status": "no such probe"})

    def _ready(self) -> Answer:
        """Say what is served. A failed build is told, but what is live goes on being served."""
        published, failure = self._live.published, self._live.failure
        if published is None:
            return _json(503, {"status": "no snapshot", "last_error": failure})
        file = self._live.file
        status = "ready"
        if file is not None and file.failure is not None:
            status, failure = "ready, but the settings file cannot be used", file.failure
        elif failure is not None:
            status = "ready, but the last build failed"
        return _json(
            200,
            {
                "status": status,
                "revision": published.revision,
                "snapshot": published.snapshot.id,
                "age_seconds": round(time.monotonic() - published.opened_at, 1),
                "last_error": failure,
                "waits_for_restart": list(file.waiting) if file is not None else [],
            },
        )


def _json(status: int, values: dict[str, object]) -> Answer:
    body = json.dumps(values, ensure_ascii=False).encode() + b"\n"
    headers = (
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
    )
    return Answer(status, field_lines(headers), body)
