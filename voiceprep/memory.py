"""How the C library deals out memory, set for what the models ask of it."""

from __future__ import annotations

import ctypes
import sys
from functools import cache

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
"""Parameters of mallopt (glibc `malloc.h`)."""

_NEVER_BYTES = 1 << 30
"""More than any block that the encoder asks for."""


@cache
def keep_large_blocks() -> None:
    """Make glibc keep the large blocks that it is given back; elsewhere do nothing.

    By default it returns blocks of 32 MB and more to the system at once. The attention of
    a window of 30 s takes 54 MB, anew in every layer, and half of the encoder's time went
    into having those pages cleared. One arena for all threads bounds what is kept: what
    one model was loaded with serves the other (364 MB instead of 478 in a session). A
    thread that has an arena stays with it, so this comes before the first thread.
    """
    if sys.platform != "linux":
        return
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):  # not in musl
        library.mallopt(_M_MMAP_THRESHOLD, _NEVER_BYTES)
        library.mallopt(_M_TRIM_THRESHOLD, _NEVER_BYTES)
        library.mallopt(_M_ARENA_MAX, 1)
