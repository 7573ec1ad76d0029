"""Ctrl-C within a query of DuckDB."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb


@contextmanager
def interruptible(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Raise `KeyboardInterrupt` where Ctrl-C stops a query.

    DuckDB raises a `RuntimeError` caused by it, and the next use of the connection would go on with the query.
    """
    try:
        yield
    except RuntimeError as error:
        if not isinstance(error.__cause__, KeyboardInterrupt):
            raise
        connection.interrupt()
        raise KeyboardInterrupt from error
