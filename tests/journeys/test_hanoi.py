"""A real portal with its traps, served under its own name and crawled within 600 fetches."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
TARBALL = ROOT.parent / "shared/data/crawl/hanoi-liferay/portal.tar.gz"


def load_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("crawl_hanoi", ROOT / "scripts/crawl_hanoi.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(not TARBALL.exists(), reason="../shared/data/crawl is not on this machine")
def test_every_text_of_the_captured_portal_is_seen_within_600_fetches(tmp_path: Path) -> None:
    outcome = load_script().run(tmp_path, limit=600)
    print(outcome)
    assert outcome.asked <= 600 + 2, "robots.txt and the sitemap are asked for besides"
    assert outcome.texts_seen == outcome.texts_served
    assert sum(outcome.book.states.values()) == outcome.book.discovered
    assert 0 < outcome.documents["imported"] <= 200
