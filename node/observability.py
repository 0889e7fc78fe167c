"""Structured logging: one JSON object a line on standard error."""

from __future__ import annotations

import datetime as dt
import json
import logging
import sys
from types import TracebackType
from typing import Any

LOGGER = logging.getLogger("onconode")
_ENCODER = json.JSONEncoder(ensure_ascii=False, default=str)


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
        }
        line.update(getattr(record, "fields", {}))
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return _ENCODER.encode(line)


def log_to_stderr() -> None:
    """Send this program's log to standard error as JSON lines. Called once, by whatever starts the process."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines())
    LOGGER.handlers[:] = [handler]
    # Looked up for each line, and in none of ours.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    LOGGER.setLevel(logging.INFO)
    LOGGER.propagate = False


def log(event: str, *, level: int = logging.INFO, exception: BaseException | None = None, **fields: Any) -> None:
    """Write one line: what happened and its fields. Never pass query results or record contents."""
    if LOGGER.isEnabledFor(level):
        # Not LOGGER.log, which looks for the line that called it; that is half of what a line costs.
        record = logging.LogRecord(
            LOGGER.name, level, "", 0, event, None, None if exception is None else _info(exception)
        )
        record.fields = fields
        LOGGER.handle(record)


def _info(error: BaseException) -> tuple[type[BaseException], BaseException, TracebackType | None]:
    return type(error), error, error.__traceback__
