"""From an error to the exit code of the command: the one table for it."""

from __future__ import annotations

from node import errors

#: Most specific class first is not needed: the table is searched along the error's own class hierarchy.
EXIT_CODES: dict[type[errors.NodeError], int] = {
    errors.NodeError: 1,
    errors.InvalidRequest: 2,
    errors.AccessDenied: 3,
    errors.ResourceError: 4,
    errors.LimitExceeded: 5,
    errors.MemberError: 6,
    errors.StoreError: 7,
    errors.Conflict: 7,
    errors.CurationError: 8,
    errors.ConfigurationError: 78,
}


def exit_code(error: errors.NodeError) -> int:
    """The exit code of the nearest class of the error that has one."""
    return next(EXIT_CODES[cls] for cls in type(error).__mro__ if cls in EXIT_CODES)
