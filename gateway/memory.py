"""How a serving process keeps its memory: settled once, before the first request."""

from __future__ import annotations

import ctypes
import gc
from contextlib import suppress

YOUNG_OBJECTS = 20_000
"""Made and not yet freed before the collector looks for cycles: requests themselves leave none."""
KEPT_FREE_BYTES = 16 * 1024 * 1024
"""Freed and not given back. A long answer frees a quarter of a megabyte with each piece: asked for
anew each time, and filled with zeros by the kernel, that costs as much as passing it on."""
BLOCK_BYTES = 8 * 1024 * 1024
"""A larger block is mapped by itself, and given back at once."""

# Names of glibc's malloc.h; another C library has nothing of the kind.
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3


def settle_memory() -> None:
    """Keep what is here out of the collector's way, and freed blocks at hand."""
    gc.collect()
    gc.freeze()  # what is here now is here to stay
    gc.set_threshold(YOUNG_OBJECTS)
    with suppress(AttributeError):
        set_option = ctypes.CDLL(None).mallopt
        set_option(_M_TRIM_THRESHOLD, KEPT_FREE_BYTES)
        set_option(_M_MMAP_THRESHOLD, BLOCK_BYTES)
