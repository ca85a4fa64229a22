"""Fixtures of the drills: the real site on a real socket."""

from __future__ import annotations

from tests.gateway.conftest import blank_catalogue, open_town, serve, town

__all__ = ["blank_catalogue", "open_town", "serve", "town"]
