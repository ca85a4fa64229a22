"""Bytes from the archive, sent so that no browser takes them for a page of ours."""

from __future__ import annotations

import re
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from catalogue.capture import StoredResponse
from gateway.security import FILE_POLICY

_SHOWN_INLINE = frozenset(
    {"application/pdf", "image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp"}
    | {"text/plain", "audio/mpeg", "video/mp4"}
)
_BY_EXTENSION = {
    "pdf": "application/pdf",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "zip": "application/zip",
    "rar": "application/vnd.rar",
    "txt": "text/plain",
}
_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,63}/[a-z0-9][a-z0-9.+-]{0,99}")
_UNSAFE_IN_NAME = re.compile(r'[\x00-\x1f\x7f"\\/]')
_ANY = "application/octet-stream"


def file_response(request: Request, stored: StoredResponse, *, name: str, digest: str) -> Response:
    """Return the bytes with a safe type: shown if a browser cannot run them, else downloaded."""
    media_type = media_type_of(stored, name)
    etag = f'"{digest.removeprefix("sha256:")[:32]}"'
    headers = {
        "etag": etag,
        "cache-control": "no-cache",
        "content-security-policy": FILE_POLICY.decode("ascii"),
        "x-content-type-options": "nosniff",
        "content-disposition": disposition(media_type, name),
    }
    if etag in request.headers.get("if-none-match", ""):
        return Response(None, 304, headers)
    response = Response(stored.payload, 200, headers)
    # Set by hand: Starlette would add a charset that the old server never claimed.
    response.raw_headers.append((b"content-type", media_type.encode("ascii")))
    return response


def media_type_of(stored: StoredResponse, name: str) -> str:
    """Return the type the old server named; a generic one yields to the file's extension."""
    named = next((value for key, value in stored.headers if key.lower() == "content-type"), "")
    media_type = named.partition(";")[0].strip().lower()
    if not _TYPE.fullmatch(media_type) or media_type == _ANY:
        return _BY_EXTENSION.get(name.rpartition(".")[2].lower(), _ANY)
    return media_type


def disposition(media_type: str, name: str) -> str:
    """Return Content-Disposition (RFC 6266): inline only for what a browser cannot run."""
    how = "inline" if media_type in _SHOWN_INLINE else "attachment"
    clean = _UNSAFE_IN_NAME.sub("_", name) or "tep"
    if clean.isascii():
        return f'{how}; filename="{clean}"'
    return f"{how}; filename*=UTF-8''{quote(clean, safe='')}"
