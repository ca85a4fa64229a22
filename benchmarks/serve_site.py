"""Serves the real public site for a bench: `python -m benchmarks.serve_site SETTINGS.toml PORT`."""

from __future__ import annotations

import sys
from pathlib import Path

from gateway.app import create_site
from gateway.server.serving import run
from gateway.settings.whole import load_settings

if __name__ == "__main__":
    run(create_site(load_settings(Path(sys.argv[1]))), host="127.0.0.1", port=int(sys.argv[2]))
