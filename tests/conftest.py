"""For all tests: laws are judged by what they claim, never by how long a busy machine takes."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("hopnhat", deadline=None)
settings.load_profile("hopnhat")
