"""What lives on is put aside by full collections, and looked at again in time."""

from __future__ import annotations

import gc
import weakref

from node.web.garbage import EVERY, ShortCollections


class Ring:
    """Refers to itself."""

    def __init__(self) -> None:
        self.itself = self


def test_what_lives_is_put_aside_and_rings_are_found_in_the_end() -> None:
    collections = ShortCollections()
    gc.collect()
    collections.begin()
    try:
        ring, short = Ring(), Ring()
        seen, gone = weakref.ref(ring), weakref.ref(short)
        del short
        gc.collect()
        assert gone() is None
        assert gc.get_freeze_count() > 0
        del ring
        gc.collect()
        assert seen() is not None
        for _ in range(EVERY):
            gc.collect()
        assert seen() is None
    finally:
        collections.end()
    assert gc.get_freeze_count() == 0
