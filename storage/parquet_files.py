"""Parquet files: how they are written, the metadata in their footer, and the translation of Arrow's errors."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ValidationError

from autoclip.errors import StorageError
from storage.atomic import storage_faults

FOOTER_KEY = b"autoclip"
UNIT_KEY = b"unit"

Footer = TypeVar("Footer", bound=BaseModel)


def with_units(columns: Mapping[str, pa.Array], units: Mapping[str, str]) -> pa.Table:
    """Create a table whose fields have their units as Arrow metadata, under `UNIT_KEY`."""
    fields = [
        pa.field(name, column.type, metadata={UNIT_KEY: units[name].encode()} if units.get(name) else None)
        for name, column in columns.items()
    ]
    return pa.table(list(columns.values()), schema=pa.schema(fields))


def write_table(table: pa.Table, footer: BaseModel, path: Path) -> None:
    """Write one file: zstd 3 + byte stream split, no dictionary, one row group.

    Half the size of the default encoding at the same speed for 4 hours of 9 signals (577 against 1,178 KiB measured;
    docs/decisions/0005-features-in-parquet.md). Checksums let a reader distinguish a damaged page from an unusual
    value.
    """
    floating = [field.name for field in table.schema if pa.types.is_floating(field.type)]
    metadata = {FOOTER_KEY: footer.model_dump_json().encode()}
    with (
        path.open("wb") as file,
        pq.ParquetWriter(
            file,  # not its path: Arrow treats a name with a colon, such as "s3:x", as an address
            table.schema.with_metadata(metadata),
            compression="zstd",
            compression_level=3,
            use_dictionary=False,
            use_byte_stream_split=floating,
            write_page_checksum=True,
        ) as writer,
    ):
        writer.write_table(table.replace_schema_metadata(metadata), row_group_size=max(1, table.num_rows))


def metadata_in(path: Path, file: pa.NativeFile) -> Mapping[bytes, bytes] | None:
    """Read one file's footer."""
    with reading(path), pq.ParquetFile(file) as parquet:
        metadata: Mapping[bytes, bytes] | None = parquet.metadata.metadata
        return metadata


def read_table(path: Path, file: pa.NativeFile) -> pa.Table:
    """Read one file and verify the pages' checksums."""
    with reading(path), pq.ParquetFile(file, page_checksum_verification=True) as parquet:
        return parquet.read(use_threads=False)


def footer_in(path: Path, metadata: Mapping[bytes, bytes] | None, model: type[Footer], version: int) -> Footer:
    """Read and validate our entry in the footer of a file.

    Raises
    ------
    StorageError
        If it is damaged, or its ``format_version`` is not `version`.
    """
    try:
        found = json.loads((metadata or {})[FOOTER_KEY])
    except (KeyError, ValueError) as error:
        raise damaged(path, "its footer is not ours") from error
    written = found.get("format_version") if isinstance(found, dict) else None
    if written != version:
        raise StorageError(
            f"{path}: has format {written}, this autoclip reads {version}; "
            f"update autoclip, or remove {path} and analyze again"
        )
    try:
        return model.model_validate(found)
    except ValidationError as error:
        raise damaged(path, "its footer is not ours") from error


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Translate Arrow's errors; those with an error number concern the system, the others the content."""
    try:
        with storage_faults(path):
            try:
                yield
            except OSError as error:
                if error.errno is not None:
                    raise
                raise damaged(path, str(error)) from error
    except pa.ArrowException as error:
        raise damaged(path, str(error)) from error


def damaged(path: Path, reason: str) -> StorageError:
    """Return an error that a file is damaged, with the advice to analyze again."""
    first_line = reason.splitlines()[0] if reason else "unreadable"
    return StorageError(f"{path}: is damaged ({first_line}); remove {path} and analyze the video again")
