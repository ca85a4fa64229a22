"""Secrets of one installation: made once, kept in its data directory for its owner alone."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

_BYTES = 32


def kept_secret(path: Path, *, keep: bool = True) -> bytes:
    """Return the secret in a file, made where there is none. Programs that make it at once agree.

    Without `keep` a new one is not written: it holds for this once.
    """
    if path.exists():
        return path.read_bytes()
    secret = os.urandom(_BYTES)
    if not keep:
        return secret
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.parent / f"{path.name}.{uuid.uuid4().hex}"
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secret)
            file.flush()
            os.fsync(file.fileno())
        os.link(unfinished, path)  # fails where another was faster
    except FileExistsError:
        return path.read_bytes()
    finally:
        unfinished.unlink()
    return secret
