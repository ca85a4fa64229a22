"""Serve a captured Vietnamese portal on loopback and crawl it under its own name.

Input is ../shared/data/crawl/hanoi-liferay/portal.tar.gz: captures of a real Liferay portal with
two traps, languages appended for ever and sign-in links with a return address; its manifest is the
owner's inventory. Prints what was fetched, which of the texts served were seen, and what became of
them.

    python scripts/crawl_hanoi.py [--limit 600] [--keep DIRECTORY]
"""

from __future__ import annotations

import argparse
import hashlib
import re
import socketserver
import subprocess
import sys
import tarfile
import tempfile
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import unquote

from selectolax.lexbor import LexborHTMLParser

from catalogue.archive import Archive
from catalogue.captures import Captures
from catalogue.database import open_database
from catalogue.documents import Documents
from catalogue.filtering import DocumentFilter
from crawler.ledger import LedgerAccount, account
from redirects.site import Site

HOST = "sotttt.hanoi.gov.vn"
SITE = Site("hanoi", "Sở Thông tin và Truyền thông Hà Nội", HOST)
TARBALL = (
    Path(__file__).resolve().parents[1].parent / "shared/data/crawl/hanoi-liferay/portal.tar.gz"
)
FOLDER = "vn_portal_liferay_hanoi"
# The mirror that captured the portal rewrote its links to file names: both spellings are served.
SEEDS = (f"http://{HOST}/index.html", f"http://{HOST}/web/sotttt-eng.html")


SETTINGS = """
data = "."

[portal]
title = "Cổng thử"
url = "http://127.0.0.1:8080"

[[site]]
name = "{name}"
title = "{title}"
host = "{host}"
seeds = {seeds}
inventory = ["inventory.txt"]
address = "{address}"
delay = 0
connections = 4
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one crawl of the portal gave."""

    asked: int
    book: LedgerAccount
    texts_served: int
    texts_seen: int
    documents: dict[str, int]


def pages_of(directory: Path) -> dict[str, Path]:
    """Return path (decoded, without query) to file, for every capture the manifest lists."""
    pages: dict[str, Path] = {}
    folder = directory / FOLDER
    for line in (folder / "MANIFEST.tsv").read_text(encoding="utf-8").splitlines():
        kind, file, mirrored, original = line.split("\t")[:4]
        path = folder / kind.partition("-")[0] / file
        pages["/" + mirrored] = path
        if original:
            pages.setdefault(original.removeprefix(HOST) or "/", path)
    return pages


@contextmanager
def served(pages: dict[str, Path], asked: list[str]) -> Iterator[str]:
    """Serve the pages on a free port of 127.0.0.1, noting what is asked; yields host:port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            """Answer with the capture of that path, or 404."""
            target = unquote(self.path)
            asked.append(target)
            path = pages.get(target) or pages.get(target.partition("?")[0])
            body = path.read_bytes() if path else b"<h1>404</h1>"
            self.send_response(200 if path else 404)
            self.send_header("Content-Type", "text/html; charset=UTF-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
            """Say nothing."""

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def text_of(payload: bytes) -> str:
    """Return a digest of everything a page says, with spaces and digits folded."""
    tree = LexborHTMLParser(payload.decode("utf-8", "replace"))
    tree.strip_tags(["script", "style", "noscript"])
    text = tree.body.text(separator=" ") if tree.body is not None else ""
    folded = re.sub(r"\d+", "#", " ".join(unicodedata.normalize("NFC", text).lower().split()))
    return hashlib.sha256(folded.encode()).hexdigest()


def run(directory: Path, *, limit: int) -> Outcome:
    """Unpack, serve, and run `hopnhat crawl`; everything is written below `directory`."""
    with tarfile.open(TARBALL) as tarball:
        tarball.extractall(directory, filter="data")
    pages = pages_of(directory)
    listed = "".join(f"{path}\n" for path in pages if "?" not in path)
    (directory / "inventory.txt").write_text(listed, encoding="utf-8")
    asked: list[str] = []
    with served(pages, asked) as address:
        settings = directory / "hopnhat.toml"
        settings.write_text(
            SETTINGS.format(
                name=SITE.name, title=SITE.title, host=HOST, seeds=list(SEEDS), address=address
            ),
            encoding="utf-8",
        )
        verb = ["--settings", str(settings), "crawl", "--limit", str(limit)]
        subprocess.run([sys.executable, "-m", "gateway.cli", *verb], check=False)
    return _measured(directory, pages, len(asked))


def _measured(directory: Path, pages: dict[str, Path], asked: int) -> Outcome:
    archive = Archive(directory / "archive")
    opened = open_database(f"sqlite:///{directory / 'catalogue.db'}")
    with closing(opened) as database, database.reading() as connection:
        kept = [each for each in Captures(connection).of_site(SITE.name) if each.status == 200]  # noqa: PLR2004 - HTTP OK
        states = Documents(connection).facets(DocumentFilter()).states
        book = account(connection, SITE.name)
    seen = {text_of(archive.read(each.warc_file, each.warc_offset).payload) for each in kept}
    served_texts = {text_of(path.read_bytes()) for path in set(pages.values())}
    return Outcome(
        asked=asked,
        book=book,
        texts_served=len(served_texts),
        texts_seen=len(seen & served_texts),
        documents={state.value: count for state, count in states.items()},
    )


def main() -> None:
    """Run once and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=int, default=600)
    parser.add_argument("--keep", type=Path, default=None)
    arguments = parser.parse_args()
    if arguments.keep is not None:
        arguments.keep.mkdir(parents=True, exist_ok=True)
        _print(run(arguments.keep, limit=arguments.limit))
        return
    with tempfile.TemporaryDirectory() as directory:
        _print(run(Path(directory), limit=arguments.limit))


def _print(outcome: Outcome) -> None:
    rows = {
        "requests": outcome.asked,
        "discovered": outcome.book.discovered,
        "still pending": outcome.book.pending,
        "texts served": outcome.texts_served,
        "  of these seen": outcome.texts_seen,
        **{f"documents, {state}": count for state, count in outcome.documents.items()},
    }
    for name, value in rows.items():
        print(f"{name:32}{value:>8}")
    for state, count in sorted(outcome.book.states.items()):
        print(f"  ledger: {state.value:22}{count:>8}")


if __name__ == "__main__":
    main()
