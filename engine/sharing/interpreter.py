"""The interpreter of a process that serves: neither its pauses nor its threads hold the event loop."""

from __future__ import annotations

import gc
import sys

SWITCH_SECONDS = 0.0005
# The youngest and the middle generation as by default; the oldest, which is the long pause, five times rarer.
COLLECTED_AFTER = (700, 10, 50)


def settle() -> None:
    """Call it once, when everything that stays is loaded.

    Threads hand over the interpreter ten times sooner than by default: the loop waits that long each time it
    comes back from the network while documents are prepared. What is loaded is left out of the collections of
    garbage, which would walk through all of it, a hundred milliseconds long.
    """
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTED_AFTER)
