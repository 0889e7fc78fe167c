"""Short full collections: what has lived through one is left out of the next ones.

The collector of cyclic garbage looks at all objects now and then, and nobody runs meanwhile: 40 ms and more in a
process that knows what two hundred members hold. Nearly all of it stays. So after each full collection the rest is put
aside (``gc.freeze``). What is no longer referred to is freed as ever; only rings of objects could stay, and for those
all is looked at again now and then.
"""

from __future__ import annotations

import gc

#: In each so many-th full collection all objects are looked at.
EVERY = 50


class ShortCollections:
    """Puts aside what lives on, for the whole process, from ``begin`` to ``end``."""

    def __init__(self) -> None:
        self._turn = 0

    def begin(self) -> None:
        """From the next full collection on."""
        gc.callbacks.append(self._around)

    def end(self) -> None:
        """As it was before."""
        gc.callbacks.remove(self._around)
        gc.unfreeze()

    def _around(self, phase: str, info: dict[str, int]) -> None:
        """Called by the collector before (``start``) and after (``stop``) each of its turns."""
        if info["generation"] < 2:
            return
        if phase == "stop":
            gc.freeze()
            return
        self._turn += 1
        if self._turn % EVERY == 0:
            gc.unfreeze()
