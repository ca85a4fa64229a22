"""The child process that reads files: it may crash, hang or fill its memory, and only it.

Speaks on its pipes: extension line, length line, bytes in; length line, UTF-8 text out.
"""

from __future__ import annotations

import io
import re
import resource
import sys
import zipfile
from typing import BinaryIO

import pypdfium2
from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

MEMORY = 1 << 30  # bytes of address space
MAX_PAGES = 500
MAX_PART = 50_000_000  # bytes of one unpacked part of an Office file
MAX_TEXT = 2_000_000  # characters
_RTF_UNICODE = re.compile(r"\\u(-?\d+)\s?(?:\\'[0-9a-f]{2}|\?)?")
_RTF_HEX = re.compile(r"\\'([0-9a-fA-F]{2})")
_RTF_GROUPS = re.compile(
    r"\{\\(?:\*|fonttbl|colortbl|stylesheet|info|pict)[^{}]*(?:\{[^{}]*\}[^{}]*)*\}"
)
_RTF_WORD = re.compile(r"\\([a-z]+)(-?\d+)? ?")


def text_of(extension: str, data: bytes) -> str:
    """Return the text of a file, "" for kinds that are not read."""
    if data.startswith(b"%PDF"):
        return _pdf(data)
    if data.startswith(b"{\\rtf"):
        return _rtf(data)
    if data.startswith(b"PK") and extension in ("docx", "xlsx", "pptx", "odt", "ods"):
        return _zipped(data)
    return ""


def _pdf(data: bytes) -> str:
    document = pypdfium2.PdfDocument(data)
    texts = []
    for number in range(min(len(document), MAX_PAGES)):
        page = document[number]
        texts.append(page.get_textpage().get_text_bounded())
        page.close()
    return "\n\n".join(texts).replace("\r\n", "\n")


def _rtf(data: bytes) -> str:
    text = data.decode("latin-1")
    while (shorter := _RTF_GROUPS.sub("", text)) != text:
        text = shorter
    text = _RTF_UNICODE.sub(lambda match: chr(int(match[1]) % 65_536), text)
    text = _RTF_HEX.sub(lambda match: bytes.fromhex(match[1]).decode("cp1258", "replace"), text)
    text = _RTF_WORD.sub(lambda match: "\n" if match[1] in ("par", "line", "row") else "", text)
    return re.sub(r"[{}]", "", text)


def _zipped(data: bytes) -> str:
    texts = []
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for entry in archive.infolist():
            wanted = re.search(r"(?:document|sharedStrings|slide\d+|content)\.xml$", entry.filename)
            if wanted and entry.file_size <= MAX_PART:
                texts.append(_xml_text(archive.read(entry)))
    return "\n".join(texts)


def _xml_text(data: bytes) -> str:
    parser = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True)
    root = etree.fromstring(data, parser)
    lines = []
    for paragraph in root.iter("{*}p", "{*}si", "{*}h"):
        line = "".join(paragraph.itertext())
        if line.strip():
            lines.append(line)
    return "\n".join(lines)


def serve(requests: BinaryIO, replies: BinaryIO) -> None:
    """Answer until the pipe is closed; a file that cannot be read has no text."""
    while line := requests.readline():
        extension = line.decode().strip()
        data = requests.read(int(requests.readline()))
        try:
            text = text_of(extension, data)[:MAX_TEXT]
        except (
            pypdfium2.PdfiumError,
            zipfile.BadZipFile,
            etree.XMLSyntaxError,
            ValueError,
            KeyError,
        ):
            text = ""
        encoded = text.encode("utf-8", "replace")
        replies.write(b"%d\n" % len(encoded) + encoded)
        replies.flush()


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    serve(sys.stdin.buffer, sys.stdout.buffer)
