"""A real browser for tests that look at pages: Debian's Chromium, driven by Playwright.

One a module, not one a session: while it is open its event loop runs in this thread, and a test of
another module that starts a loop of its own would be refused.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium, shared by the tests of one module."""
    if CHROMIUM is None:
        pytest.skip("needs a Chromium: scripts/test_setup.sh installs Debian's")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        yield launched
        launched.close()
