"""The program of a worker that is started before it is needed: ``python -m node.store.spare [FOLDER]``.

It becomes what ``python -m node.store.worker`` is, with the generation in ``FOLDER`` open. Importing and opening take
some 0.1 s of processor time, which queries have better use for: they happen on a thread that gets less of the machine
and then ends. The process itself never does, because an ordinary user could not undo it.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from node.store.worker import Evaluator

#: A third of what a query gets, and three times what a long query gets.
_NICE = 5


def main() -> NoReturn:
    """Prepare, then answer queries until standard input ends."""
    folder = sys.argv[1] if len(sys.argv) > 1 else None
    prepared: list[Evaluator] = []

    def prepare() -> None:
        os.setpriority(os.PRIO_PROCESS, 0, max(os.getpriority(os.PRIO_PROCESS, 0), _NICE))
        from node.store.worker import Evaluator  # noqa: PLC0415  # this is what takes long

        prepared.append(Evaluator(folder))

    thread = threading.Thread(target=prepare)
    thread.start()
    thread.join()
    if not prepared:
        sys.exit(1)
    prepared[0].serve()


if __name__ == "__main__":
    main()
