"""Attachments: what kind of file an answer is, what it is called, and its safe name."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from pathlib import PurePosixPath
from urllib.parse import parse_qsl, unquote, unquote_to_bytes, urlsplit

from crawler.extract.section import fold_marks

_EXTENSION_LIST = (
    "pdf doc docx xls xlsx ppt pptx rtf odt ods odp csv txt zip rar 7z gz tar jpg jpeg png gif "
    "webp bmp tif tiff svg mp3 mp4 avi wmv flv mov wav epub dwg kml kmz shp"
)
EXTENSIONS = frozenset(_EXTENSION_LIST.split())
_IMAGE_LIST = "jpg jpeg png gif webp bmp tif tiff svg"
_IMAGES = frozenset(_IMAGE_LIST.split())
_BY_TYPE = {
    "application/pdf": "pdf",
    "application/msword": "doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.ms-powerpoint": "ppt",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "application/rtf": "rtf",
    "text/rtf": "rtf",
    "application/zip": "zip",
    "application/x-zip-compressed": "zip",
    "application/x-rar-compressed": "rar",
    "application/vnd.rar": "rar",
    "application/vnd.oasis.opendocument.text": "odt",
    "text/csv": "csv",
}
_NOT_FILES = (
    "text/html",
    "application/xhtml",
    "application/json",
    "application/xml",
    "text/xml",
    "application/rss",
    "application/atom",
    "text/css",
    "javascript",
    "application/javascript",
    "text/plain",
)
_STARRED = re.compile(r"filename\*\s*=\s*([\w-]*)'[^']*'([^;]+)", re.IGNORECASE)
_PLAIN = re.compile(r"filename\s*=\s*(?:\"((?:[^\"\\]|\\.)*)\"|([^;]+))", re.IGNORECASE)
_NAME_PARAMETERS = ("filename", "file", "sourceurl", "name", "tenfile")
_MAX_NAME = 140


class FileKind(StrEnum):
    """What a stored answer is, beside pages."""

    FILE = "file"
    IMAGE = "image"
    NONE = "none"  # an API answer, a feed, a style sheet


def kind_of(content_type: str, url: str) -> FileKind:
    """Return what an answer is by its type, else by its address."""
    media_type = content_type.partition(";")[0].strip().lower()
    extension = extension_of(urlsplit(url).path)
    if media_type.startswith("image/"):
        return FileKind.IMAGE
    if media_type.startswith(_NOT_FILES):
        named = media_type == "text/plain" and extension in EXTENSIONS
        return FileKind.FILE if named else FileKind.NONE
    if media_type in ("", "application/octet-stream") and extension in _IMAGES:
        return FileKind.IMAGE
    return FileKind.FILE


def looks_like_file(url: str) -> bool:
    """Return whether an address, never fetched, is a file's."""
    return extension_of(urlsplit(url).path) in EXTENSIONS


def name_of(url: str, content_type: str, disposition: str | None) -> str:
    """Return the file's name: from Content-Disposition, else the address; extension added if none.

    `disposition` holds bytes as Latin-1 (RFC 6266 with RFC 5987, or raw UTF-8 as old servers send).
    """
    name = (_disposition_name(disposition) if disposition else "") or _address_name(url)
    name = unicodedata.normalize("NFC", PurePosixPath(name.replace("\\", "/")).name.strip(" ."))
    expected = _BY_TYPE.get(content_type.partition(";")[0].strip().lower())
    if expected and extension_of(name) not in EXTENSIONS:
        return f"{name or 'tep'}.{expected}"
    return name or "tep"


def _disposition_name(disposition: str) -> str:
    starred = _STARRED.search(disposition)
    if starred is not None:
        data = unquote_to_bytes(starred[2].strip().strip('"'))
        return _decoded(data, starred[1] or "utf-8")
    plain = _PLAIN.search(disposition)
    if plain is None:
        return ""
    raw = (plain[1] or plain[2] or "").strip()
    raw = re.sub(r"\\(.)", r"\1", raw)
    text = _decoded(raw.encode("latin-1", "replace"), "utf-8")
    return unquote(text) if "%" in text else text


def _decoded(data: bytes, charset: str) -> str:
    for name in (charset, "utf-8", "cp1258"):
        try:
            return data.decode(name)
        except (LookupError, UnicodeDecodeError):
            continue
    return data.decode("latin-1")


def _address_name(url: str) -> str:
    parts = urlsplit(url)
    parameters = {name.lower(): value for name, value in parse_qsl(parts.query)}
    for name in _NAME_PARAMETERS:
        if extension_of(parameters.get(name, "")) in EXTENSIONS:
            return parameters[name]
    segments = [_decoded(unquote_to_bytes(segment), "utf-8") for segment in parts.path.split("/")]
    # Liferay puts an identifier behind the name: /documents/20182/1/Tên.pdf/<uuid>
    named = [segment for segment in segments if extension_of(segment) in EXTENSIONS]
    name = named[-1] if named else next((segment for segment in reversed(segments) if segment), "")
    return name.replace("+", " ")


def extension_of(name: str) -> str:
    """Return the extension in lower case, without its dot."""
    return PurePosixPath(unquote(name)).suffix.lower().lstrip(".").strip()


def safe_name(name: str) -> str:
    """Return a file name of ASCII letters, digits and hyphens, its extension kept."""
    stem, dot, extension = name.rpartition(".")
    if not dot or not re.fullmatch(r"[A-Za-z0-9]{1,5}", extension):
        stem, extension = name, ""
    slug = fold_marks(stem).replace(" ", "-")[:_MAX_NAME].strip("-") or "tep"
    return f"{slug}.{extension.lower()}" if extension else slug


def slug_of(title: str) -> str:
    """Return a title as a path segment: "Đấu thầu năm 2024" becomes "dau-thau-nam-2024"."""
    slug = fold_marks(title).replace(" ", "-")
    if len(slug) > _MAX_NAME:
        slug = slug[:_MAX_NAME].rpartition("-")[0]
    return slug.strip("-") or "trang"
