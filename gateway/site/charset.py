"""Old text read as it was meant, for copies that never became a document."""

from __future__ import annotations

import codecs
import re

from catalogue.capture import StoredResponse

_DECLARED = re.compile(
    rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{1,40})", re.IGNORECASE
)
_IN_HEADER = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{1,40})", re.IGNORECASE)
_HEAD = 4_096
_LAST_RESORT = "cp1258"  # the Vietnamese code page of the years before UTF-8
# Python knows codecs that make no text ("hex") or fail on any ("undefined"): only these are used.
_OF_THE_WEB = re.compile(
    r"cp\d+|iso8859-\d+|koi8-[rtu]|tis-620|mac-\w+|utf-16(?:-[lb]e)?|gb\w+|big5\w*|euc_\w+"
    r"|shift_jis\w*"
)
_AS_WINDOWS = frozenset({"ascii", "iso8859-1"})  # what browsers read these as (WHATWG Encoding)


def decode(stored: StoredResponse) -> str:
    """Return a page's text: UTF-8 if it is, else as claimed, else windows-1258. Never raises."""
    payload = stored.payload
    try:
        return payload.decode("utf-8-sig")
    except UnicodeDecodeError:
        return payload.decode(_claimed(stored), errors="replace")


def _claimed(stored: StoredResponse) -> str:
    header = next((value for name, value in stored.headers if name.lower() == "content-type"), "")
    in_header = _IN_HEADER.search(header)
    in_page = _DECLARED.search(stored.payload[:_HEAD])
    names = [in_header[1]] if in_header else []
    names += [in_page[1].decode("ascii")] if in_page else []
    for name in names:
        try:
            found = codecs.lookup(name).name
        except LookupError:
            continue
        if found in _AS_WINDOWS:
            return "cp1252"
        if _OF_THE_WEB.fullmatch(found):
            return found
    return _LAST_RESORT
