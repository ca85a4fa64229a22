"""Write docs/settings.md anew from the settings' declarations."""

from __future__ import annotations

from pathlib import Path

from gateway.settings.manual import manual

page = Path(__file__).parents[1] / "docs" / "settings.md"
page.write_text(manual(), encoding="utf-8")
print(f"wrote {page.name}")
