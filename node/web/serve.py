"""``onconode serve``: the web application behind granian, until SIGINT or SIGTERM."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server

from node.assembly import Node, build
from node.config import load_settings
from node.errors import ConfigurationError, NodeError
from node.observability import log, log_to_stderr
from node.web.app import create_app
from node.web.call import SERVICE, VALIDATORS, root_of
from node.web.garbage import ShortCollections
from node.web.gateway import Gateway
from node.web.looks import Looks
from node.web.promising import Promising

#: How long requests in flight may take to finish once the server is asked to stop.
STOP_SECONDS = 3
#: How long a thread runs Python while others wait to (``sys.setswitchinterval``). The event loop waits for its turn
#: each time it comes back from the system, up to ten times for one small query. With the usual 5 ms and three busy
#: threads of federated queries a tenth of these waits took 46 ms or more, with 1 ms 17; with one, 5.2 and 1.2.
_TURN_SECONDS = 0.001
_HEADER_MILLISECONDS = 10_000
#: A request line holds at most 64 KiB (granian answers 414), 100 header fields, and all of it at least so many bytes:
#: more than the node itself takes, which says so in a problem document.
_HEAD_BYTES = 200_000


def serve(folder: Path, host: str | None, port: int | None) -> None:
    """Serve the node in ``folder`` until SIGINT or SIGTERM; its address is printed once it listens.

    ``host`` and ``port`` override the settings; port 0 takes a free one. Raises ConfigurationError when the settings
    are wrong or the address cannot be listened on. Returns when the server has stopped and its query workers with it.
    """
    settings = load_settings(folder)
    run(
        lambda: build(folder),
        host=host or settings.server.host,
        port=settings.server.port if port is None else port,
        base=settings.node.base_iri,
        head_bytes=2 * (settings.server.max_address_bytes + settings.server.max_header_bytes),
    )


def run(make_node: Callable[[], Node], *, host: str, port: int, base: str, head_bytes: int = _HEAD_BYTES) -> None:
    """Serve the node that ``make_node`` gives; it is called in the process that serves. ``base``: its base IRI.

    ``head_bytes``: what the head of a request may have for the server to read it at all.

    Raises ConfigurationError when the address cannot be listened on or the node cannot be made.
    """
    address, chosen = _free(host, port)
    log_to_stderr()
    # Closed by the kernel when this process ends, however it ends: the serving process sees that and ends as well.
    alive_read, alive_write = os.pipe()
    failure_read, failure_write = os.pipe()

    def load() -> Any:
        """Build the node in the serving process, so that its threads and workers belong to it."""
        os.close(alive_write)
        os.close(failure_read)
        _end_with_parent(alive_read)
        log_to_stderr()
        sys.setswitchinterval(_TURN_SECONDS)
        ShortCollections().begin()
        try:
            node = make_node()
        except NodeError as error:
            os.write(failure_write, str(error).encode()[:4000])
            sys.exit(1)
        finally:
            os.close(failure_write)
        app = create_app(node)
        return Gateway(
            app,
            app.extensions[SERVICE],
            base=node.identifiers.base,
            root=root_of(node),
            server=node.settings.server,
            limits=node.settings.limits,
            looks=Looks(node, app.extensions[VALIDATORS], root_of(node)),
            promising=Promising(node, app.extensions[VALIDATORS]),
            on_stop=node.close,
        )

    server = Server(
        "onconode",
        address=address,
        port=chosen,
        interface=Interfaces.RSGI,
        workers=1,
        loop=Loops.asyncio,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(
            header_read_timeout=_HEADER_MILLISECONDS, max_buffer_size=max(head_bytes, _HEAD_BYTES)
        ),
        websockets=False,
        log_level=LogLevels.error,
        workers_kill_timeout=STOP_SECONDS,
    )
    server.main_loop_interrupt = _Wakeup()  # type: ignore[assignment]
    shown = f"[{host}]" if ":" in host else host
    server.on_startup(lambda: _announce(f"http://{shown}:{chosen}/", base))
    try:
        server.serve(target_loader=load, wrap_loader=False)
    except SystemExit:
        os.close(failure_write)
        reason = os.read(failure_read, 4000).decode(errors="replace")
        raise ConfigurationError(
            f"the server could not start: {reason or 'its process ended unexpectedly.'}",
            remedy=None if reason else "The log on standard error says more.",
        ) from None
    log("stopped")


def _free(host: str, port: int) -> tuple[str, int]:
    """The numeric address of a host and a port on it that can be listened on. Raises ConfigurationError.

    Granian shares ports (SO_REUSEPORT), so that a second node on the same port would answer every other request;
    hence this try without sharing.
    """
    try:
        family, kind, number, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (socket.gaierror, UnicodeError, OverflowError) as error:
        raise ConfigurationError(
            f"{host!r} is not a host that this machine knows ({getattr(error, 'strerror', error)}).",
            remedy="Give a name or address of this machine with --host, such as 127.0.0.1 or 0.0.0.0.",
        ) from None
    with socket.socket(family, kind, number) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            raise ConfigurationError(
                f"{host}, port {port}, cannot be listened on: {error.strerror}.",
                remedy="Choose another with --port, or end the program that uses it.",
            ) from None
        bound = probe.getsockname()
        return bound[0], bound[1]


class _Wakeup:
    """What the server's main loop waits for, in place of ``threading.Event``.

    An Event that a signal handler sets can deadlock: the handler waits for a lock that the code it interrupted holds,
    as two signals in a row show. A byte in a pipe needs no lock.
    """

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)

    def set(self) -> None:
        with contextlib.suppress(BlockingIOError):  # then the pipe is full of wake-ups
            os.write(self._write, b"!")

    def wait(self) -> None:
        os.read(self._read, 1)

    def clear(self) -> None:
        pass


def _announce(address: str, base: str) -> None:
    where = "" if base == address else f" (its IRIs begin with {base})"
    print(f"Serving at {address}{where}; Ctrl-C ends it.", flush=True)


def _end_with_parent(alive: int) -> None:
    """End this process when the one that started it is gone and could not say so (SIGKILL)."""

    def watch() -> None:
        os.read(alive, 1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()
