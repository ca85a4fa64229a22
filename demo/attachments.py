"""Files of the old portals: small but valid PDF and RTF, with names as clerks gave them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from demo.article import StoredFile
from demo.text import Draft

if TYPE_CHECKING:
    import random

    from demo.article import Article

PDF = "application/pdf"
WORD = "application/msword"

SHARES = {"van-ban": 0.3, "thu-tuc": 0.5, "thong-bao": 0.4}
"""Of documents the share kept as .doc; of procedures and notices the share with a file at all."""

_FONT = (
    b"<< /Type /Font /Subtype /Type0 /BaseFont /TimesNewRoman /Encoding /Identity-H"
    b" /DescendantFonts [4 0 R] /ToUnicode 5 0 R >>"
)
_GLYPHS = (
    b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /TimesNewRoman /DW 500"
    b" /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>"
)


def files_for(ident: int, kind: str, draft: Draft, rng: random.Random) -> tuple[StoredFile, ...]:
    """The files that a page of a kind offers; most news offer none."""
    match kind:
        case "van-ban" if rng.random() < SHARES[kind]:
            stem = (draft.number or "").replace("/", "-")
            return (
                StoredFile(ident * 10, f"QD {stem} ({rng.randint(1, 3)}).doc", WORD, rtf(draft)),
            )
        case "van-ban":
            stem = draft.title.split(" số ")[0] + " " + (draft.number or "").replace("/", "-")
            return (StoredFile(ident * 10, f"{stem} (đã ký số).pdf", PDF, pdf(draft)),)
        case "quy-hoach":
            return (
                StoredFile(ident * 10, f"Hồ sơ kèm theo & bản đồ {ident}.pdf", PDF, pdf(draft)),
            )
        case "thu-tuc" if rng.random() < SHARES[kind]:
            return (StoredFile(ident * 10, f"Mẫu đơn {draft.number}.doc", WORD, rtf(draft)),)
        case "thong-bao" if rng.random() < SHARES[kind]:
            return (StoredFile(ident * 10, f"Danh sách kèm theo {ident}.pdf", PDF, pdf(draft)),)
        case _:
            return ()


def refreshed(article: Article, old_number: str) -> tuple[StoredFile, ...]:
    """The article's files after its number changed: their names and contents follow it."""
    draft = Draft(article.title, article.paragraphs)
    old, new = (n.replace("/", "-") for n in (old_number, article.number or ""))
    return tuple(
        replace(
            file,
            name=file.name.replace(old, new),
            body=rtf(draft) if file.media_type == WORD else pdf(draft),
        )
        for file in article.files
    )


def rtf(draft: Draft) -> bytes:
    """The draft as rich text, which old offices saved under the name .doc."""
    lines = (draft.title, *draft.paragraphs)
    body = "\\par\n".join(_rtf_escaped(line) for line in lines)
    return f"{{\\rtf1\\ansi\\deff0{{\\fonttbl{{\\f0 Times New Roman;}}}}\n{body}\\par\n}}".encode(
        "ascii"
    )


def _rtf_escaped(text: str) -> str:
    plain = text.replace("\\", "\\\\").replace("{", "\\{").replace("}", "\\}")
    return "".join(c if c.isascii() else f"\\u{ord(c)}?" for c in plain)


def pdf(draft: Draft) -> bytes:
    """The draft as a PDF whose text can be read back (a ToUnicode map; ISO 32000-1, 9.10.3)."""
    lines = [line for text in (draft.title, *draft.paragraphs) for line in _wrapped(text, 84)]
    pages = [lines[start : start + 44] for start in range(0, len(lines), 44)]
    codes = {char: code for code, char in enumerate(sorted({c for line in lines for c in line}), 1)}
    kids = " ".join(f"{6 + 2 * n} 0 R" for n in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        _FONT,
        _GLYPHS,
        _stream(_to_unicode(codes)),
    ]
    for number, page in enumerate(pages):
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842]"
            b" /Resources << /Font << /F1 3 0 R >> >> /Contents %d 0 R >>" % (7 + 2 * number)
        )
        objects.append(_stream(_page_content(page, codes)))
    return assemble(objects)


def assemble(objects: list[bytes]) -> bytes:
    """Numbered objects with the cross-reference table and trailer that make them a PDF file."""
    out, offsets = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"), []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\n" % (len(objects) + 1)
    out += b"startxref\n%d\n%%%%EOF\n" % start
    return bytes(out)


def _wrapped(text: str, width: int) -> list[str]:
    lines, line = [], ""
    for word in text.split(" "):
        if line and len(line) + len(word) >= width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return [*lines, line]


def _page_content(lines: list[str], codes: dict[str, int]) -> bytes:
    shown = (
        "<" + "".join(f"{codes[char]:04X}" for char in line) + "> Tj T*" for line in lines
    )  # fmt: skip
    return "\n".join(("BT /F1 11 Tf 16 TL 56 780 Td", *shown, "ET")).encode()


def _to_unicode(codes: dict[str, int]) -> bytes:
    entries = [f"<{code:04X}> <{char.encode('utf-16-be').hex()}>" for char, code in codes.items()]
    blocks = [entries[start : start + 100] for start in range(0, len(entries), 100)]
    body = "\n".join(f"{len(b)} beginbfchar\n" + "\n".join(b) + "\nendbfchar" for b in blocks)
    return (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
        "/CMapName /Adobe-Identity-UCS def /CMapType 2 def\n"
        "1 begincodespacerange <0000> <FFFF> endcodespacerange\n"
        f"{body}\nendcmap CMapName currentdict /CMap defineresource pop end end"
    ).encode()


def _stream(content: bytes) -> bytes:
    return b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content)
