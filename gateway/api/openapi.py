"""The description the API gives of itself: OpenAPI 3.1, kept in openapi.json and tested."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gateway.settings.portal import PortalSettings

_FILE = Path(__file__).with_name("openapi.json")


def description(portal: PortalSettings) -> dict[str, Any]:
    """Return the document with where this portal lives and whom to ask."""
    document: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    document["servers"] = [{"url": portal.url}]
    contact = {"name": portal.title, "url": f"{portal.url}/lien-he"}
    document["info"]["contact"] = contact | ({"email": portal.email} if portal.email else {})
    return document
