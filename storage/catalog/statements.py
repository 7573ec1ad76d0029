"""Statements that all repositories share: insert, change with a revision, find, list.

Values are always bound. The only text put into SQL is the name of a table or column, which repositories take from their
records and tables, never from outside.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel
from pydantic_core import to_json

from autoclip.errors import ConflictError, NotFoundError, ParameterError, RevisionError

Row = dict[str, Any]


class Statements(Protocol):
    """The database interface that a repository needs: SQL with ``?`` in, all rows out."""

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Run one statement in the unit's transaction.

        Raises
        ------
        StorageError
            If it fails; the unit can then no longer be committed.
        """

    def insert(self, table: str, columns: Sequence[str], records: str) -> None:
        """Insert rows in the unit's transaction; `records` is a JSON array of objects that all have `columns`.

        Raises
        ------
        StorageError
            As in `rows`.
        """


def columns_of(record: BaseModel, *left_out: str) -> Row:
    """Return the fields of a record, which are the columns of its table, without those kept elsewhere."""
    return {name: getattr(record, name) for name in type(record).model_fields if name not in left_out}


def insert(statements: Statements, table: str, records: Iterable[Mapping[str, object]]) -> None:
    """Insert rows that all have the same columns.

    They are passed as one JSON text: bound one by one, each value costs 75 microseconds (DuckDB looks for pandas and
    others every time), 270 ms for 200 clips; as JSON it is 5 ms.
    """
    rows = [{name: _in_json(value) for name, value in record.items()} for record in records]
    if rows:
        statements.insert(table, tuple(rows[0]), to_json(rows).decode())


def insert_new(statements: Statements, table: str, what: str, record: Mapping[str, object]) -> None:
    """Insert a row whose ``id`` must be new.

    Raises
    ------
    ConflictError
        If the id is already used.
    """
    if statements.rows(f"SELECT 1 FROM {table} WHERE id = ?", [record["id"]]):  # noqa: S608
        raise ConflictError(f"there is already a {what} {record['id']}; choose another id")
    insert(statements, table, [record])


def update(statements: Statements, table: str, before: Mapping[str, object], after: Mapping[str, object]) -> None:
    """Update the row with the ``id`` of both, writing only changed columns: DuckDB rewrites all it is given."""
    changes = {name: _stored(value) for name, value in after.items() if value != before[name]}
    if changes:
        assignments = ", ".join(f'"{name}" = ?' for name in changes)
        statements.rows(f"UPDATE {table} SET {assignments} WHERE id = ?", [*changes.values(), before["id"]])  # noqa: S608


AMONG = """IN (SELECT unnest(from_json(?, '["VARCHAR"]')))"""
"""Matches any of the texts in the single parameter that `listed` creates.

`from_json` is DuckDB's; for PostgreSQL we define it.
"""


def listed(values: Iterable[str]) -> str:
    """Return the parameter of `AMONG`."""
    return to_json([require_text(value) for value in values]).decode()


def delete(statements: Statements, table: str, column: str, values: Iterable[str]) -> None:
    """Remove the rows whose `column` has one of `values`."""
    statements.rows(f"DELETE FROM {table} WHERE {column} {AMONG}", [listed(values)])  # noqa: S608


def find(statements: Statements, sql: str, what: str, key: str) -> Row:
    """Return the single row that `sql` finds by `key`.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    rows = statements.rows(sql, [key])
    if not rows:
        raise NotFoundError(f"there is no {what} {key[:80]!r}; it may have been deleted")
    return rows[0]


def require_project(statements: Statements, project_id: str) -> Row:
    """Return a project's row; raise `NotFoundError` if it does not exist or is deleted."""
    return find(statements, "SELECT * FROM projects WHERE deleted_at IS NULL AND id = ?", "project", project_id)


def page(
    statements: Statements,
    table: str,
    conditions: Mapping[str, object],
    *,
    order: str,
    limit: int | None,
    offset: int,
) -> tuple[list[Row], int]:
    """Return some rows, and the number of all that meet `conditions` (SQL with one ``?`` -> value; None is left out).

    Raises
    ------
    ParameterError
        If `limit` or `offset` is negative.
    """
    where, values = where_of(conditions, limit, offset)
    (count,) = statements.rows(f"SELECT count(*) AS total FROM {table} {where}", values)  # noqa: S608
    sql = f"SELECT * FROM {table} {where} ORDER BY {order} LIMIT ? OFFSET ?"  # noqa: S608
    return statements.rows(sql, [*values, count["total"] if limit is None else limit, offset]), int(count["total"])


def where_of(conditions: Mapping[str, object], limit: int | None, offset: int) -> tuple[str, list[object]]:
    """Return the WHERE clause of `page` and its values; raises the same error."""
    if offset < 0 or (limit is not None and limit < 0):
        raise ParameterError(f"limit {limit} and offset {offset} must not be negative")
    met = {condition: _stored(value) for condition, value in conditions.items() if value is not None}
    return (f"WHERE {' AND '.join(met)}" if met else ""), list(met.values())


def order_by(sort: str, sortable: Sequence[str]) -> str:
    """Convert ``"name"`` or ``"-name"`` (descending) into an ORDER BY without ties.

    Raises
    ------
    ParameterError
        If the field is not one of `sortable`.
    """
    name = sort.removeprefix("-")
    if name not in sortable:
        raise ParameterError(
            f"can't sort by {name[:80]!r}; sort by one of {', '.join(sortable)}, or -NAME for descending"
        )
    return f'"{name}" {"DESC" if sort.startswith("-") else "ASC"} NULLS LAST, id'


def require_revision(what: str, identity: str, stored: int, expected: int | None) -> None:
    """Refuse a change based on another revision than the stored one; None accepts any.

    Raises
    ------
    RevisionError
        If they differ.
    """
    if expected is not None and stored != expected:
        raise RevisionError(
            f"the {what} {identity} was changed meanwhile (revision {stored}, not {expected}); "
            "read it again and repeat the change"
        )


def require_text(value: str) -> str:
    """Return a text that can be stored: file names on Linux may contain bytes that are not UTF-8.

    Raises
    ------
    ParameterError
        If the text can't be stored.
    """
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ParameterError(f"{value[:200]!r} contains bytes that are not UTF-8; rename the file") from error
    return value


def _in_json(value: object) -> object:
    """Prepare a field for JSON, where structures are not encoded as text."""
    return _stored(value) if isinstance(value, datetime | Path | float | str) else value


def _stored(value: object) -> object:
    """Convert a field for storage in DuckDB: times without zone in UTC, structures as JSON."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None)
    if isinstance(value, Path | str):
        return require_text(str(value))
    if isinstance(value, float):
        return float(value)
    if value is None or isinstance(value, int):
        return value
    return to_json(value).decode()
