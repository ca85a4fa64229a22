"""A reader of the manual of redirects: types what a page shows, in a folder of its own.

What a block is follows from the words behind its fence:

- `toml hopnhat.toml`: more settings. Any other `LANGUAGE NAME`: a file of that name; the cells of a
  table where the name is that of a spreadsheet. `decisions.csv` is imported as soon as it is there.
  A third word is the charset of the file.
- `console`: `$ hopnhat …`, `$ curl …` and looks at files, each with what it prints; "…" stands for
  anything, and `BATCH` for the batch named last.
- `answers`: requests to the served site, and what comes back: `GET URL -> STATUS` and a Location,
  or words of the page.
- `keys`: addresses and the key of each; `keys-by-cms` of one site of a system, by their paths.
  `same-key`: spellings of one address.
- `refused`: targets nobody is sent to.
"""

from __future__ import annotations

import csv
import io
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from unicodedata import decomposition
from urllib.parse import quote, urlsplit

import httpx2 as httpx
import pytest
from selectolax.lexbor import LexborHTMLParser
from typer.testing import CliRunner

from catalogue.database import open_database
from catalogue.sites import Sites as SiteTable
from gateway.app import create_site
from gateway.cli.main import app
from gateway.settings.portal import ServeSettings
from gateway.settings.sites import SiteSettings
from gateway.settings.whole import Settings, load_settings
from gateway.site.paths import LIVE_PATHS
from redirects.sites import Sites
from redirects.targets import TargetError, check_target
from tests.gateway.conftest import Town, listen
from tests.journeys.pages import Block
from tests.redirects.workbooks import workbook

SETTINGS = "hopnhat.toml"
DECISIONS = "decisions.csv"
_OLD_SERVER = "http://10.0.0.5:8080"
_SITE = re.compile(r'^\[\[site\]\]\nname = "(\w+)"$', re.MULTILINE)
_COMMAND = re.compile(r"^\$ (.+)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
_BATCH = re.compile(r"^batch (\w+)", re.MULTILINE)
_LOOKS = ("cat", "grep", "head", "ls")


@dataclass(slots=True)
class Reader:
    """Someone with the settings of the manual in an empty folder."""

    folder: Path
    serve: Callable[..., str]
    blank_catalogue: Path
    old_server: str
    origin: str | None = None
    is_ready: bool = False
    batch: str = ""

    @property
    def settings(self) -> Settings:
        return load_settings(self.folder / SETTINGS)

    def follow(self, block: Block) -> bool:
        """Do what a block shows; says whether it was an example that could have failed."""
        example = EXAMPLES.get(block.label)
        if example is not None:
            example(self, block)
            return True
        match block.label.split():
            case [_language, name]:
                self._write(name, block.text)
            case [_language, name, charset]:
                (self.folder / name).write_bytes(in_charset(block.text, charset))
        return False

    def _write(self, name: str, text: str) -> None:
        path = self.folder / name
        self.origin = None
        if name == SETTINGS:
            before = path.read_text(encoding="utf-8") if path.exists() else ""
            for site in _SITE.findall(text):  # a site that is shown again is a site that changed
                before = re.sub(rf'\[\[site\]\]\nname = "{site}"\n(.+\n)*', "", before)
            text = f"{before}\n{text}".replace(_OLD_SERVER, self.old_server)
            path.write_text(text, encoding="utf-8")
        elif path.suffix == ".xlsx":
            cells = csv.reader(io.StringIO(text))
            path.write_bytes(workbook([[as_cell(cell) for cell in row] for row in cells]))
        else:
            path.write_text(text, encoding="utf-8")
        if name == DECISIONS:
            assert self._hopnhat("redirects", "import", name)[0] == 0

    def _prepare(self) -> None:
        """Lay out the catalogue that the first page of the manual tells of."""
        if self.is_ready:
            return
        self.is_ready = True
        settings = self.settings
        settings.data.mkdir(exist_ok=True)
        shutil.copy(self.blank_catalogue, settings.data / "catalogue.db")
        database = open_database(settings.database_url)
        with database.writing() as connection:
            for site in settings.sites():
                SiteTable(connection).keep(site)
        town = Town(settings, database, listen())
        if {"haiduong"} <= {site.name for site in settings.sites()}:
            old = "http://haiduong.gov.vn"
            town.page(f"{old}/dang-bo/dai-hoi.html", "Đại hội Đảng bộ xã Gia Lộc", slug="dai-hoi")
            for path, text in (("gioi-thieu-2009", "Giới thiệu"), ("khuyen-mai", "Khuyến mại")):
                town.capture(f"{old}/{path}", f"<title>{text}</title><p>{text}</p>".encode())
        town.listening.close()
        database.close()

    def type_all(self, block: Block) -> None:
        self._prepare()
        commands = _COMMAND.findall(block.text)
        assert commands, block
        for command, shown in commands:
            program, *words = shlex.split(command)
            if program == "hopnhat":
                _, printed = self._hopnhat(*words)
            elif program == "curl":
                printed = self._curl(words)
            else:
                assert program in _LOOKS, command
                printed = self._run([program, *words])
            assert _pattern(shown).fullmatch(printed.strip()), f"$ {command}\n{printed}"

    def _hopnhat(self, *words: str) -> tuple[int, str]:
        self._prepare()
        self.origin = None
        done = CliRunner().invoke(app, [self.batch if word == "BATCH" else word for word in words])
        self.batch = next(iter(_BATCH.findall(done.output)), self.batch)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.output

    def _curl(self, words: list[str]) -> str:
        if shutil.which("curl") is None:
            pytest.skip("needs curl")
        port = self._site().rpartition(":")[2]
        to_us = ["-q", "-sS", "--noproxy", "*", "--connect-to", f"::127.0.0.1:{port}"]
        return self._run(["curl", *to_us, *words])

    def _run(self, command: list[str]) -> str:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
            cwd=self.folder,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
        )
        return done.stdout.replace("\r\n", "\n")

    def ask_all(self, block: Block) -> None:
        for line in block.lines:
            self._ask(line)

    def check_keys(self, block: Block) -> None:
        for line in block.lines:
            address, _, key = line.partition(" -> ")
            assert self._key_of(address) == key, line

    def check_one_key(self, block: Block) -> None:
        assert len({self._key_of(line) for line in block.lines}) == 1

    def check_systems(self, block: Block) -> None:
        for line in block.lines:
            asked, _, key = line.partition(" -> ")
            cms, _, address = asked.partition(" ")
            one = SiteSettings(name="cu", title="Cũ", host="cu.vn", cms=cms)
            found = Sites([one.as_site()]).key_of(f"http://cu.vn{address}")
            assert found is not None, line
            assert found[1] == f"cu.vn{key}", line

    def _ask(self, line: str) -> None:
        asked, _, expected = line.partition(" -> ")
        method, _, url = asked.partition(" ")
        status, _, rest = expected.partition(" ")
        parts = urlsplit(url)
        target = quote(parts.path, safe="/%:;=&()!$,.~") or "/"
        target += f"?{quote(parts.query, safe='%&=+/:;~.')}" if parts.query else ""
        answer = httpx.request(
            method,
            self._site() + target,
            headers={"host": parts.netloc},
            trust_env=False,
            follow_redirects=False,
            timeout=30,
        )
        assert str(answer.status_code) == status, f"{line}\n{answer.text}"
        if "location" in answer.headers:
            assert answer.headers["location"] == rest, line
        else:
            assert rest in _words(answer.text), f"{line}\n{answer.text}"

    def _site(self) -> str:
        """Serve what the catalogue holds now; gives the origin."""
        if self.origin is None:
            self._prepare()
            settings = self.settings.model_copy(update={"serve": ServeSettings(poll=0.05)})
            self.origin = self.serve(create_site(settings))
        return self.origin

    def _key_of(self, address: str) -> str:
        found = Sites(self.settings.sites()).key_of(address)
        assert found is not None, address
        return found[1]

    def refuse_all(self, block: Block) -> None:
        portal = self.settings.as_portal(LIVE_PATHS)
        for line in block.lines:
            try:
                check_target(line, portal)
            except TargetError:
                continue
            raise AssertionError(f"{line} is taken")


EXAMPLES: dict[str, Callable[[Reader, Block], None]] = {
    "console": Reader.type_all,
    "answers": Reader.ask_all,
    "keys": Reader.check_keys,
    "keys-by-cms": Reader.check_systems,
    "same-key": Reader.check_one_key,
    "refused": Reader.refuse_all,
}


def in_charset(text: str, charset: str) -> bytes:
    """Encode with tones as marks of their own where a charset has no letter for both."""
    return b"".join(_encode(letter, charset) for letter in text)


def _encode(letter: str, charset: str) -> bytes:
    try:
        return letter.encode(charset)
    except UnicodeEncodeError:
        first, *marks = (chr(int(code, 16)) for code in decomposition(letter).split())
        return _encode(first, charset) + "".join(marks).encode(charset)


def as_cell(text: str) -> str | int:
    return int(text) if text.isdecimal() else text


def _words(page: str) -> str:
    if "<" not in page:
        return page
    return " ".join((LexborHTMLParser(page).body or LexborHTMLParser(page)).text().split())  # type: ignore[union-attr]  # a page has a body


def _pattern(shown: str) -> re.Pattern[str]:
    """Read what is shown: "…" stands for anything left out."""
    return re.compile(".*".join(map(re.escape, shown.strip().split("…"))), re.DOTALL)
