"""Vietnamese syllables: which words can be Vietnamese at all, so that a wrong decoding shows.

A syllable is an onset, a rhyme and at most one tone; the lists are the closed sets of the
standard orthography. Read by the charset decision, which counts valid syllables per candidate.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_ONSET_LIST = "ngh ng nh gh gi ch kh ph qu th tr b c d đ g h k l m n p r s t v x"
_ONSETS = _ONSET_LIST.split()  # longest first
_RHYME_LIST = """
    a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây
    e ec em en eng eo ep et ê êch êm ên ênh êp êt êu i ia ich iêc iêm iên iêng iêp iêt iêu im in
    inh ip it iu o oa oac oach oai oam oan oang oanh oao oap oat oay oăc oăm oăn oăng oăt oc oe oen
    oeo oet oi om on ong ooc oong op ot ô ôc ôi ôm ôn ông ôp ôt ơ ơi ơm ơn ơp ơt u ua uân uâng uât
    uây uc uê uêch uênh ui um un ung uôc uôi uôm uôn uông uôt uơ up ut uy uya uych uyên uyêt uynh
    uyp uyt uyu ak ăk âk ek êk ok ôk uk ik ưk ư ưa ưc ưi ưm ưn ưng ươc ươi ươm ươn ương ươp ươt
    ươu ưt ưu y yêm yên yêng yêt yêu
"""
_RHYMES = frozenset(_RHYME_LIST.split())
_AFTER_QU_LIST = "yt ynh ych yêch yên yêt yn"  # "uy" is written with the u of "qu"
_AFTER_QU = {rhyme for rhyme in _RHYMES if rhyme[0] in "aăâeêiơyô"} | set(_AFTER_QU_LIST.split())
_AFTER_GI = _RHYMES | {"", "n", "m", "êng", "êt", "êm", "êc"}
_TONES = dict.fromkeys((0x300, 0x301, 0x303, 0x309, 0x323))
_TONE_MARKS = frozenset(map(chr, _TONES))
_SHARP_OR_HEAVY = frozenset("\u0301\u0323")
_STOPS = ("p", "t", "c", "ch", "k")  # k: names of the highlands, "Đắk Lắk"
_TOKEN = re.compile(r"[^\s!-@\[-`{-~\u2013\u2014\u2018-\u201f\u2026\u2022\ufeff]+")


@lru_cache(maxsize=65_536)
def is_syllable(word: str) -> bool:
    """Return whether the word can be one Vietnamese syllable, tone and all."""
    decomposed = unicodedata.normalize("NFD", word.lower())
    tones = [mark for mark in decomposed if mark in _TONE_MARKS]
    if len(tones) > 1:
        return False
    bare = unicodedata.normalize("NFC", decomposed.translate(_TONES))
    if not _has_valid_shape(bare):
        return False
    return not bare.endswith(_STOPS) or (bool(tones) and tones[0] in _SHARP_OR_HEAVY)


def _has_valid_shape(bare: str) -> bool:
    if bare in _RHYMES:
        return True
    return any(bare.startswith(onset) and _fits(onset, bare[len(onset) :]) for onset in _ONSETS)


def _fits(onset: str, rhyme: str) -> bool:
    match onset:
        case "qu":
            return rhyme in _AFTER_QU
        case "gi":
            return rhyme in _AFTER_GI
        case _:
            return rhyme in _RHYMES


def count_marked(text: str) -> tuple[int, int]:
    """Return how many words with non-ASCII letters are valid syllables, and how many there are."""
    marked = [token for token in _TOKEN.findall(text) if not token.isascii()]
    return sum(1 for token in marked if is_syllable(token)), len(marked)


def share_of_valid(text: str) -> float:
    """Return the share of valid syllables among marked words; 1.0 where no word is marked."""
    valid, marked = count_marked(text)
    return valid / marked if marked else 1.0
