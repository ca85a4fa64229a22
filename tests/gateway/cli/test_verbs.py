"""Every verb an operator types, on a real small portal: what it says and how it exits."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from catalogue import decisions
from catalogue.database import CatalogueError
from catalogue.document import DocumentState
from catalogue.documents import Documents
from catalogue.editors import Editors
from catalogue.filtering import DocumentFilter
from catalogue.misses import MissCount, Misses
from catalogue.review import Decision, Verb
from gateway.cli.workplace import Workplace
from redirects.mapping import Mapping, MappingKind
from redirects.sites import Sites
from tests.gateway.cli.conftest import TEXTS, Operator

BRIDGE = TEXTS["/tin/1"][0]
NOW = datetime(2026, 11, 24, tzinfo=UTC)


def accept_all(operator: Operator) -> None:
    place = Workplace(operator.settings)
    with place.database() as database, database.writing() as connection:
        waiting = Documents(connection).ids(DocumentFilter(state=DocumentState.IMPORTED))
        verdicts = [Decision(each, Verb.ACCEPT) for each in waiting]
        decisions.take(connection, verdicts, editor="bientap", now=NOW)


def test_init_writes_a_file_that_check_can_read_and_never_overwrites_one(tmp_path: Path) -> None:
    newcomer = Operator(tmp_path / "hopnhat.toml")
    assert newcomer.types("init").exit_code == 0
    again = newcomer.types("init")
    assert again.exit_code == 1
    assert "--force" in again.stderr
    assert newcomer.types("init", "--force").exit_code == 0


def test_a_crawl_fills_the_catalogue_and_ends_complete(crawled: Operator) -> None:
    status = json.loads(crawled.types("status", "--json").stdout)
    assert status["documents"]["imported"] >= 2
    assert status["mappings"]["suggested"] >= 2
    assert status["sites"]["gialoc"]["captured"] >= 2
    assert "pending" not in status["sites"]["gialoc"]
    assert "gialoc" in crawled.types("status").stdout


def test_what_was_lost_is_named_with_its_reason_and_nothing_else_is(operator: Operator) -> None:
    result = operator.types("crawl")
    assert result.exit_code == 0
    said = result.stderr.replace("\n", " ")
    assert "too_large http://gialoc.haiduong.gov.vn/ban-do.pdf: " in said
    assert "failed http://gialoc.haiduong.gov.vn/hong: " in said
    assert "failed http://gialoc.haiduong.gov.vn/mat: 404 (linked from " in said
    assert "Traceback" not in result.output
    assert "/tin/1" not in said


def test_a_second_crawl_reads_only_what_is_new(crawled: Operator) -> None:
    again = crawled.types("crawl")
    assert again.exit_code == 0
    assert "reading gialoc" not in again.stdout
    assert "unchanged" in again.stdout


def test_robots_that_forbid_everything_are_said_to(crawled: Operator, tmp_path: Path) -> None:
    shut = Operator(tmp_path / "kin" / "hopnhat.toml")
    shut.settings.parent.mkdir()
    text = crawled.settings.read_text(encoding="utf-8")
    shut.settings.write_text(
        text.replace('host = "gialoc.haiduong.gov.vn"', 'host = "kin.haiduong.gov.vn"'),
        encoding="utf-8",
    )
    result = shut.types("crawl")
    assert "robots.txt forbids all of it" in result.stderr, result.output


def test_rereading_makes_the_same_documents_without_the_network(crawled: Operator) -> None:
    before = crawled.types("status", "--json").stdout
    assert crawled.types("reread", "gialoc").exit_code == 0
    assert crawled.types("status", "--json").stdout == before


def test_an_old_address_is_resolved_in_a_few_lines(crawled: Operator) -> None:
    address = "http://gialoc.haiduong.gov.vn/tin/1?fbclid=x"
    assert "archived copy" in crawled.types("resolve", address).stdout

    accept_all(crawled)
    lines = crawled.types("resolve", address).stdout.splitlines()
    assert lines[0].endswith(address)
    assert lines[-1].split()[:3] == ["answer", "301", "to"]
    assert len(lines) <= 7

    answer = json.loads(crawled.types("resolve", "--json", address).stdout)["answer"]
    assert (answer["resolution"], answer["status"]) == ("moved", 301)
    posted = json.loads(crawled.types("resolve", "--json", "--method", "post", address).stdout)
    assert posted["answer"]["status"] == 308
    ruled = crawled.types("resolve", "gialoc.haiduong.gov.vn/xa/Gia Tân").stdout
    assert "by rule trang-cu" in ruled


def test_an_address_without_a_host_is_a_slip_of_usage(crawled: Operator) -> None:
    result = crawled.types("resolve", "/tin/1")
    assert result.exit_code == 2
    assert "names no host" in result.stderr


def test_what_was_accepted_is_found_with_and_without_marks(crawled: Operator) -> None:
    accept_all(crawled)
    assert "documents indexed" in crawled.types("index").stdout
    for query in ("khánh thành cầu hàm rồng", "khanh thanh cau ham rong"):
        found = json.loads(crawled.types("search", "--json", query).stdout)
        assert found["hits"][0]["title"] == BRIDGE
    assert BRIDGE in crawled.types("search", "cau ham rong", "--site", "gialoc").stdout
    assert crawled.types("search", "khongcotrongkho").exit_code == 1
    assert crawled.types("index", "--rebuild").exit_code == 0
    assert BRIDGE in crawled.types("search", "cau ham rong").stdout


def test_an_index_of_the_other_engine_is_made_anew_when_asked(crawled: Operator) -> None:
    accept_all(crawled)
    crawled.types("index")
    crawled.append('[search]\nengine = "whoosh"\n')
    refused = crawled.types("search", "cau ham rong")
    assert refused.exit_code == 1
    assert "hopnhat index --rebuild" in str(refused.exception)
    assert crawled.types("index", "--rebuild").exit_code == 0
    assert BRIDGE in crawled.types("search", "cau ham rong").stdout


def test_verify_agrees_until_a_byte_of_the_archive_changes(crawled: Operator) -> None:
    accept_all(crawled)
    crawled.types("index")
    fine = crawled.types("verify")
    assert fine.exit_code == 0, fine.output

    (archive,) = (crawled.settings.parent / "data" / "archive").rglob("*.warc.gz")
    content = bytearray(archive.read_bytes())
    content[len(content) // 2] ^= 0xFF
    archive.write_bytes(content)
    damaged = crawled.types("verify", "--json")
    assert damaged.exit_code == 1
    assert archive.name in damaged.output


def test_mappings_come_from_a_table_in_one_transaction_or_not_at_all(crawled: Operator) -> None:
    table = crawled.settings.parent / "cu.csv"
    table.write_text(
        "old_url,kind,target\n"
        "http://gialoc.haiduong.gov.vn/lien-he,moved,/lien-he\n"
        "http://khac.gov.vn/x,moved,/\n",
        encoding="utf-8",
    )
    refused = crawled.types("redirects", "import", str(table))
    assert refused.exit_code == 1
    assert "cu.csv:3" in refused.stderr
    assert "khac.gov.vn" in refused.stderr

    dry = crawled.types("redirects", "import", "--dry-run", "--skip-bad-rows", str(table))
    assert "1 new" in dry.stdout
    done = crawled.types("redirects", "import", "--skip-bad-rows", str(table))
    assert (done.exit_code, "1 new" in done.stdout) == (0, True)
    assert "1 same" in crawled.types("redirects", "import", "--skip-bad-rows", str(table)).stdout

    exported = crawled.settings.parent / "moi.csv"
    assert crawled.types("redirects", "export", str(exported)).exit_code == 0
    assert "/lien-he" in exported.read_text(encoding="utf-8-sig")
    assert "/lien-he" in crawled.types("redirects", "export").stdout


def test_decisions_go_out_in_the_language_of_other_servers(crawled: Operator) -> None:
    folder = crawled.settings.parent
    table = folder / "cu.csv"
    table.write_text(
        "old_url,kind,target\n"
        "http://gialoc.haiduong.gov.vn/liên-hệ,moved,/lien-he\n"
        "http://gialoc.haiduong.gov.vn/cu,gone,\n",
        encoding="utf-8",
    )
    assert crawled.types("redirects", "import", str(table)).exit_code == 0

    for name in ("nginx", "apache", "haproxy", "caddy", "netlify"):
        done = crawled.types("redirects", "export", "--format", name, str(folder / name))
        assert done.exit_code == 0, done.output
        assert "not-exported trang-cu" in done.stderr
        written = b"".join(path.read_bytes() for path in (folder / name).iterdir())
        assert "gialoc.haiduong.gov.vn/liên-hệ".encode() in written
    assert "not-exported gialoc.haiduong.gov.vn/cu" in done.stderr
    assert "/lien-he 301" in crawled.types("redirects", "export", "--format", "netlify").stdout
    assert crawled.types("redirects", "export", "--format", "nginx").exit_code == 2
    assert crawled.types("redirects", "export", "--format", "nginx", str(table)).exit_code == 2

    assert crawled.types("redirects", "export", str(folder / "all.json")).exit_code == 0
    assert '"kind": "gone"' in (folder / "all.json").read_text(encoding="utf-8")


def test_files_of_other_servers_come_in_with_their_rules(crawled: Operator) -> None:
    folder = crawled.settings.parent
    (folder / "_redirects").write_text("/cũ/a /lien-he\n/cũ/* /tim-kiem?q=:splat 302\n", "utf-8")
    listed = str(folder / "_redirects")

    assert crawled.types("redirects", "import", listed).exit_code == 1
    assert crawled.types("redirects", "import", "--site", "khac", listed).exit_code == 2
    done = crawled.types("redirects", "import", "--site", "gialoc", listed)
    assert "1 new, 0 changed, 0 same, 0 conflict, 1 rules new" in done.stdout
    old = "http://gialoc.haiduong.gov.vn/C%C5%A9/y-te"
    answer = json.loads(crawled.types("resolve", "--json", old).stdout)["answer"]
    assert (answer["status"], "q=y-te" in answer["location"]) == (302, True)

    for name in ("a.json", "a.xlsx", "a.conf", ".htaccess"):
        (folder / name).write_text("hỏng", encoding="utf-8")
        wrong = crawled.types("redirects", "import", str(folder / name))
        assert (wrong.exit_code, f"{name}:1" in wrong.stderr) == (1, True)
    nothing = ("redirects", "import", "--format", "wordpress", str(folder / "a.json"))
    assert "Không phải JSON" in crawled.types(*nothing).stderr


def test_an_import_says_what_it_found_and_keeps_what_editors_decided(crawled: Operator) -> None:
    folder = crawled.settings.parent
    host = "http://gialoc.haiduong.gov.vn"
    first = folder / "một.csv"
    first.write_bytes(f"old_url;target\n{host}/lịch;/lich\n{host}/lịch/;/khac\n".encode("utf-16"))
    second = folder / "hai.tsv"
    second.write_text(f"{host}/lịch\t301\t/nữa\n/cũ\tgone\n", encoding="utf-8")

    done = crawled.types("redirects", "import", "--site", "gialoc", str(first), str(second))
    assert done.exit_code == 0, done.output
    assert "một.csv: csv, utf-16-le, parted by semicolon" in done.stdout
    assert "hai.tsv: csv, utf-8, parted by tab" in done.stdout
    assert "2 new, 0 changed, 0 same, 2 conflict, 0 refused" in done.stdout
    said = " ".join(done.stderr.split())
    assert f"một.csv:3: {host}/lịch/: not taken, " in said
    assert "một.csv:2 decides otherwise" in said

    place = Workplace(crawled.settings)
    with place.database() as database, database.writing() as connection:
        found = Sites(place.settings.sites()).key_of(f"{host}/lịch")
        assert found is not None
        mine = Mapping(found[1], f"{host}/lịch", MappingKind.MOVED, "/cua-toi")
        decisions.decide_mapping(connection, "gialoc", mine, editor="bientap", now=NOW)
    kept = crawled.types("redirects", "import", "--json", str(first))
    assert json.loads(kept.stdout)["conflict"] == 2
    assert "an editor's decision stands" in kept.stderr
    answer = ("resolve", "--json", f"{host}/lịch")
    assert "/cua-toi" in crawled.types(*answer).stdout
    assert crawled.types("redirects", "import", "--overwrite", str(first)).exit_code == 0
    assert "/cua-toi" not in crawled.types(*answer).stdout

    wrong = (
        "redirects",
        "import",
        "--separator",
        "pipe",
        "--encoding",
        "windows-1258",
        str(second),
    )
    refused = crawled.types(*wrong)
    assert refused.exit_code == 1
    assert "windows-1258, parted by pipe" in refused.stdout


def test_a_file_is_linted_before_it_is_imported(crawled: Operator) -> None:
    table = crawled.settings.parent / "cu.csv"
    rows = "".join(f"http://gialoc.haiduong.gov.vn/a,301,/{n}\n" for n in range(1, 24))
    table.write_text(f"{rows}http://gialoc.haiduong.gov.vn/b,bay,/b\n", encoding="utf-8")

    result = crawled.types("redirects", "lint", str(table))
    assert result.exit_code == 1
    assert "22 contradiction-as-written, 20 shown" in result.stdout
    assert "cu.csv:24 bay" in result.stdout
    assert "22 contradiction-as-written\n" in crawled.types(
        "redirects", "lint", "--limit", "0", str(table)
    ).stdout  # fmt: skip
    found = json.loads(crawled.types("redirects", "lint", "--json", str(table)).stdout)
    assert len(found) == 23

    done = crawled.types("redirects", "import", "--skip-bad-rows", str(table))
    assert "22 conflict" in done.stdout
    many = "".join(f"http://khac.vn/{n},301,/\n" for n in range(150))
    table.write_text(many, encoding="utf-8")
    assert "150 in all, 100 shown" in crawled.types("redirects", "import", str(table)).stderr


def test_lint_names_what_would_mislead_visitors(crawled: Operator) -> None:
    assert crawled.types("redirects", "lint").exit_code == 0
    table = crawled.settings.parent / "vong.csv"
    table.write_text(
        "old_url,kind,target\nhttp://gialoc.haiduong.gov.vn/xa/gia-tan,gone,\n",
        encoding="utf-8",
    )
    assert crawled.types("redirects", "import", str(table)).exit_code == 0
    findings = json.loads(crawled.types("redirects", "lint", "--json").stdout)
    assert isinstance(findings, list)
    crawled.types("redirects", "lint")


def test_suggestions_are_made_for_the_most_visited_misses(crawled: Operator) -> None:
    accept_all(crawled)
    place = Workplace(crawled.settings)
    raw = "http://gialoc.haiduong.gov.vn/khanh-thanh-cau-ham-rong-bac-qua-song-sat.html"
    with place.database() as database, database.writing() as connection:
        key = "gialoc.haiduong.gov.vn/khanh-thanh-cau-ham-rong-bac-qua-song-sat.html"
        Misses(connection).add([MissCount("gialoc", key, raw, 7, date(2026, 11, 24))])  # type: ignore[arg-type]  # a key is made by canonicalize; here it is written
    result = crawled.types("redirects", "suggest")
    assert result.exit_code == 0
    assert "7" in result.stdout


def test_an_editor_is_added_or_given_a_new_password_from_a_file(crawled: Operator) -> None:
    secret = crawled.settings.parent / "mat-khau"
    secret.write_text("mot-mat-khau-dai\n", encoding="utf-8")
    result = crawled.types("user", "add", "bientap", "--password-file", str(secret))
    assert result.exit_code == 0, result.output
    with Workplace(crawled.settings).database() as database, database.writing() as connection:
        assert Editors(connection).verify("bientap", "mot-mat-khau-dai") is not None

    secret.write_text("mot-mat-khau-khac\n", encoding="utf-8")
    again = crawled.types("user", "add", "bientap", "--password-file", str(secret))
    assert again.exit_code == 0, again.output
    with Workplace(crawled.settings).database() as database, database.writing() as connection:
        assert Editors(connection).verify("bientap", "mot-mat-khau-dai") is None
        assert Editors(connection).verify("bientap", "mot-mat-khau-khac") is not None


def test_check_is_quiet_when_all_is_fine_and_names_lines_when_not(crawled: Operator) -> None:
    fine = crawled.types("check")
    assert fine.exit_code == 0, fine.output

    crawled.append(
        """
[[rule]]
name = "la"
site = "khong-co"
pattern = "/x"
target = "/y"

[[rule]]
name = "ra-ngoai"
site = "gialoc"
pattern = "/y"
target = "https://evil.example/"

[[route]]
name = "chet"
host = "gialoc.haiduong.gov.vn"
path = "/api/*"
upstream = "http://127.0.0.1:9"

[[route]]
name = "rong"
host = "haiphong.gov.vn"
path = "/api/*"
upstream = "http://127.0.0.1:9"
"""
    )
    result = crawled.types("check")
    assert result.exit_code == 1
    own = "route rong: /api/* takes the portal's own /api/v1/ too"
    for culprit in ("khong-co", "evil.example", "127.0.0.1:9", own):
        assert culprit in result.stderr, culprit


def test_two_sites_cannot_claim_one_host(operator: Operator) -> None:
    operator.append('[[site]]\nname = "hai"\ntitle = "Hai"\nhost = "gialoc.haiduong.gov.vn"\n')
    result = operator.types("check")
    assert result.exit_code == 1
    assert "gialoc.haiduong.gov.vn belongs to gialoc and to hai" in result.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["status"], "hopnhat migrate"),
        (["crawl", "khong-co"], "no site is called 'khong-co'"),
        (["search", "x"], ""),
    ],
)
def test_a_failure_is_one_line_and_no_traceback(
    operator: Operator, words: list[str], said: str
) -> None:
    command = [sys.executable, "-m", "gateway.cli", "-s", str(operator.settings), *words]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 1
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_unreachable_portal_is_named_and_the_crawl_goes_on_later(operator: Operator) -> None:
    text = operator.settings.read_text(encoding="utf-8")
    port = text.partition('address = "127.0.0.1:')[2].partition('"')[0]
    operator.settings.write_text(text.replace(port, "9"), encoding="utf-8")
    result = operator.types("crawl")
    assert result.exit_code == 1
    assert "gialoc" in result.stderr

    operator.settings.write_text(text, encoding="utf-8")
    assert operator.types("crawl").exit_code == 0


def test_a_changed_policy_is_told_and_the_keys_are_made_anew(crawled: Operator) -> None:
    folder = crawled.settings.parent
    host = "http://gialoc.haiduong.gov.vn"
    table = folder / "a.csv"
    table.write_text(f"old_url,target\n{host}/a?n=1,/x\n{host}/a?n=2,/y\n{host}/b?n=1,/z\n")
    assert crawled.types("redirects", "import", str(table)).exit_code == 0
    text = crawled.settings.read_text(encoding="utf-8")
    name = 'name = "gialoc"\n'
    assert name in text
    crawled.settings.write_text(text.replace(name, f'{name}query = "none"\n'), encoding="utf-8")

    assert "makes other keys now: run `hopnhat redirects rekey`" in crawled.types("check").output
    assert f"{host}/b" in crawled.types("resolve", f"{host}/b?n=7").stdout
    assert "/z" in crawled.types("resolve", f"{host}/b?n=7").stdout  # before the rows are re-keyed
    tried = crawled.types("redirects", "rekey", "--dry-run", "gialoc")
    assert "gialoc: would change 3 mapping" in tried.stdout
    done = crawled.types("redirects", "rekey")
    assert "1 collisions" in done.stdout
    assert f"{host}/a?n=1 stands before {host}/a?n=2, which decides otherwise" in done.stdout
    assert "makes other keys now" not in crawled.types("check").output
    again = json.loads(crawled.types("redirects", "rekey", "--json", "gialoc").stdout)
    assert again[0]["changed"]["mapping"] == 0


def test_the_demo_names_the_port_that_is_taken_before_it_begins(
    tmp_path: Path, old_portal: int
) -> None:
    data = tmp_path / "demo"
    ended = Operator(tmp_path / "x.toml").types(
        "demo", "--data", str(data), "--console-port", str(old_portal), "--port", "0"
    )
    assert ended.exit_code == 1
    assert f"port {old_portal} cannot be had" in ended.output
    assert "--console-port" in ended.output
    assert not data.exists()


def test_an_unknown_batch_is_not_taken_back(operator: Operator) -> None:
    operator.types("migrate")
    ended = operator.types("redirects", "undo", "khong-co")
    assert isinstance(ended.exception, CatalogueError)
