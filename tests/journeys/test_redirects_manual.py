"""Everything that docs/redirects.md and its pages show, typed and asked for as a reader would."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gateway.cli.exporting import ExportFormat
from gateway.cli.output import out
from gateway.importing import ImportFormat
from redirects.mapping import MappingKind
from redirects.presets import PRESETS
from tests.journeys.manual import EXAMPLES, SETTINGS, Reader
from tests.journeys.pages import Section, read_page

DOCS = Path(__file__).resolve().parents[2] / "docs"
FIRST = DOCS / "redirects.md"
PAGES = [FIRST, *sorted((DOCS / "redirects").glob("*.md"))]
SECTIONS = [section for page in PAGES for section in read_page(page)]
SHOWN = [one for one in SECTIONS if any(block.label in EXAMPLES for block in one.blocks)]
WITHOUT_EXAMPLES = {"measured"}
"""Pages of figures: a bench makes them, not a reader."""
BASE = [block for block in read_page(FIRST)[0].blocks if block.label.endswith(SETTINGS)]


class OldServer(BaseHTTPRequestHandler):
    """The old server that still answers: says what it was asked."""

    def do_GET(self) -> None:
        body = f"Máy chủ cũ nhận {self.command} {self.path}".encode()
        self.send_response(200)
        self.send_header("content-type", "text/plain; charset=utf-8")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - the name that http.server looks for

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def old_server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), OldServer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def reader(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    serve: Callable[..., str],
    blank_catalogue: Path,
    old_server: str,
) -> Reader:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(out, "width", 100)
    return Reader(tmp_path, serve, blank_catalogue, old_server)


@pytest.mark.parametrize("section", SHOWN, ids=str)
def test_the_manual_is_true(section: Section, reader: Reader) -> None:
    blocks = section.blocks if section.blocks[:1] == tuple(BASE) else (*BASE, *section.blocks)
    tried = [reader.follow(block) for block in blocks]
    assert any(tried)


def test_every_section_shows_an_example_that_is_tried() -> None:
    silent = [
        str(one)
        for one in SECTIONS
        if one.depth > 1 and not one.is_parent and one not in SHOWN
        if one.page not in WITHOUT_EXAMPLES
    ]
    assert silent == []


def text_of(page: str) -> str:
    return (DOCS / "redirects" / f"{page}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", MappingKind)
def test_every_kind_has_its_section(kind: MappingKind) -> None:
    (line,) = re.findall(rf"^\| \[(.+)\]\(#.+\) \| `{kind}`", text_of("kinds"), re.MULTILINE)
    assert any(one.title.startswith(line.capitalize()) for one in SHOWN if one.page == "kinds")


@pytest.mark.parametrize("form", ImportFormat)
def test_every_format_that_is_read_is_shown(form: ImportFormat) -> None:
    assert re.search(rf"^[^ ]+: {form}(,|$)", text_of("importing"), re.MULTILINE)


@pytest.mark.parametrize("form", ExportFormat)
def test_every_format_that_is_written_is_shown(form: ExportFormat) -> None:
    assert re.search(
        rf"^\$ hopnhat redirects export .*\b{form}\b", text_of("exporting"), re.MULTILINE
    )


@pytest.mark.parametrize("cms", PRESETS)
def test_every_system_has_the_key_of_a_page_of_its_own(cms: str) -> None:
    assert re.search(rf"^{cms} /.* -> /", text_of("keys"), re.MULTILINE)
