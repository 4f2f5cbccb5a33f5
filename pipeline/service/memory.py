"""Memory between two cycles: given back, for the next one is an hour away.

What a cycle needs at its peak, several times what stays, would otherwise remain with the process:
garbage in cycles of references (every figure is some) until Python's full collection, which waits
for a quarter more objects than there are, and freed pages in the pools of the C library, of which
every thread has its own.
"""

from __future__ import annotations

import ctypes
import gc

_libc = ctypes.CDLL(None)
_trim = getattr(_libc, "malloc_trim", None)  # of the GNU C library only


def settle() -> None:
    """Count all that is there as there to stay, so that no collection looks at it again."""
    gc.collect()
    gc.freeze()


def give_back() -> None:
    """Collect what is garbage, and return freed pages to the system."""
    gc.collect()
    if _trim is not None:
        _trim(0)
