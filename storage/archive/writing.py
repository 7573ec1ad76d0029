"""Write rows as CSV, JSON or Parquet."""

from __future__ import annotations

import csv
import io
import json
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from autoclip.csv_fields import no_formula


def written_rows(table: pa.Table, form: Literal["csv", "json", "parquet"]) -> bytes:
    """Return rows as CSV (RFC 4180, with a header), as a JSON array of objects, or as a Parquet file.

    In CSV, lists and structures are JSON text, null is an empty field, and texts that a spreadsheet would compute begin
    with an apostrophe.
    """
    if form == "parquet":
        sink = io.BytesIO()
        pq.write_table(table, sink, compression="zstd")
        return sink.getvalue()
    rows = table.to_pylist()
    if form == "json":
        return (json.dumps(rows, ensure_ascii=False, indent=2, default=str) + "\n").encode()
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(table.column_names)
    writer.writerows([_field(value) for value in row.values()] for row in rows)
    return text.getvalue().encode()


def _field(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return no_formula(value) if isinstance(value, str) else value
