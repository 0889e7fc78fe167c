"""The TCP connections of this process: found by their client's address, and broken."""

from __future__ import annotations

import os
import socket
from pathlib import Path

_DESCRIPTORS = (Path("/proc/self/fd"), Path("/dev/fd"))


def break_connection(client: str) -> bool:
    """Shut down this process' TCP connection to a client (``address:port``); whether there was one.

    Nothing more is sent then, not even the end of a chunked body. The descriptor stays the server's own to close.
    """
    address, _, port = client.rpartition(":")
    if not port.isdigit():
        return False
    folder = next((f for f in _DESCRIPTORS if f.is_dir()), None)
    for name in os.listdir(folder) if folder else ():  # noqa: PTH208 - names are all that is wanted
        try:
            copy = os.dup(int(name))
        except OSError:
            continue
        try:
            connection = socket.socket(fileno=copy)
        except OSError:
            os.close(copy)
            continue
        with connection:
            try:
                if connection.family in (socket.AF_INET, socket.AF_INET6):
                    peer = connection.getpeername()
                    if peer[1] == int(port) and peer[0] == address.strip("[]"):
                        connection.shutdown(socket.SHUT_RDWR)
                        return True
            except OSError:
                continue
    return False
