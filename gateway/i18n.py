"""Two languages for the chrome: Vietnamese as written, English from the catalogues in locale/.

The texts in code and templates are Vietnamese; a .po file is read as it lies, with no compile step.
Shared by the public site and the console.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from babel.messages.pofile import read_po

LANGUAGES = ("vi", "en")
LOCALE = Path(__file__).parent / "locale"


def _(text: str) -> str:
    """Mark a Vietnamese text for translation; it is translated where it is printed."""
    return text


@dataclass(frozen=True, slots=True)
class Translation:
    """One language of the chrome."""

    language: str
    messages: Mapping[str, tuple[str, ...]]

    def gettext(self, text: str) -> str:
        """Return `text` in this language; an unknown text stays Vietnamese."""
        forms = self.messages.get(text)
        return forms[0] if forms else text

    def ngettext(self, one: str, many: str, number: int) -> str:
        """Return the form that goes with `number`; Vietnamese has a single one."""
        forms = self.messages.get(one)
        if not forms:
            return one if number == 1 else many
        return forms[0] if number == 1 else forms[-1]


def load_translations(locale: Path = LOCALE) -> dict[str, Translation]:
    """Read every catalogue: language to translation. Vietnamese needs none."""
    return {language: _load(language, locale / language) for language in LANGUAGES}


def _load(language: str, directory: Path) -> Translation:
    messages: dict[str, tuple[str, ...]] = {}
    for path in sorted(directory.glob("LC_MESSAGES/*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=language, abort_invalid=True):
                _keep(messages, message.id, message.string)
    return Translation(language, messages)


def _keep(
    messages: dict[str, tuple[str, ...]],
    msgid: str | tuple[str, ...] | list[str],
    string: str | tuple[str, ...] | list[str] | None,
) -> None:
    key = msgid if isinstance(msgid, str) else msgid[0]
    forms = (string,) if isinstance(string, str) else tuple(string or ())
    if key and all(forms):
        messages[key] = forms
