"""Folding: the spelling under which a Vietnamese title is filtered, without marks or capitals."""

from __future__ import annotations

import unicodedata

_LETTERS = str.maketrans({"đ": "d", "Đ": "d"})


def fold(text: str) -> str:
    """Strip every mark, write đ as d, lower the case: "Đắk Lắk" is "dak lak"."""
    apart = unicodedata.normalize("NFD", text.translate(_LETTERS).casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))
