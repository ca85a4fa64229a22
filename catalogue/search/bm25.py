"""How well an entry answers, by BM25 over each field: the scores that every engine aims at.

Engines differ in what they round; scoring by one formula of our own keeps them alike.
"""

from __future__ import annotations

import math

from catalogue.search import weights


def rarity(holding: int, entries: int) -> float:
    """Give the weight of a token that `holding` of all `entries` hold: rare says more."""
    return math.log(1 + (entries - holding + 0.5) / (holding + 0.5))


def length_norm(length: int, average: float) -> float:
    """Give what the length of a field adds to the divisor of `saturate`."""
    return weights.K1 * (1 - weights.B + weights.B * (length / average if average else 1))


def saturate(frequency: float, norm: float) -> float:
    """Give the share that a frequency earns: it grows ever more slowly."""
    return frequency * (weights.K1 + 1) / (frequency + norm)
