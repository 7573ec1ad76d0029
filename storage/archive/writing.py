"""Write rows as CSV, JSON or Parquet, a part at a time: as Python's objects all of them would take 30 times as much."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from autoclip.csv_fields import no_formula

ROWS_AT_ONCE = 10_000


def text_of_rows(table: pa.Table, form: Literal["csv", "json"]) -> Iterator[str]:
    """Yield rows as parts of a CSV (RFC 4180, with a header), or of a JSON array of objects.

    In CSV, lists and structures are JSON text, null is an empty field, and texts that a spreadsheet would compute begin
    with an apostrophe.
    """
    parts = (batch.to_pylist() for batch in table.to_batches(max_chunksize=ROWS_AT_ONCE) if batch.num_rows)
    if form == "json":
        yield "["
        for number, rows in enumerate(parts):
            lines = json.dumps(rows, ensure_ascii=False, indent=2, default=str)
            yield ("," if number else "") + lines.removeprefix("[").removesuffix("\n]")
        yield "\n]\n" if table.num_rows else "]\n"
        return
    yield _csv([table.column_names])
    for rows in parts:
        yield _csv([_field(value) for value in row.values()] for row in rows)


def write_text(parts: Iterator[str], path: Path) -> None:
    """Write the parts of `text_of_rows` to a file, in UTF-8 and with the line ends that they have."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(parts)


def write_parquet(table: pa.Table, path: Path) -> None:
    """Write rows as a Parquet file."""
    with path.open("wb") as file:  # not its path: Arrow treats a folder with a colon, such as "s3:x", as an address
        pq.write_table(table, file, compression="zstd")


def _csv(rows: Any) -> str:  # noqa: ANN401 - whatever csv takes
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _field(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return no_formula(value) if isinstance(value, str) else value
