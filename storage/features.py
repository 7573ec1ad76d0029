"""Features on disk: three Parquet files that are read together or not at all.

``signals.parquet`` has one row per grid step (``time_sec``, each signal raw and as ``<name>_z``, ``frame_hash``),
``events.parquet`` one row per event, ``envelope.parquet`` the fine loudness envelope. A value that was not measured is
null, never 0. Each footer has the same `Origin` and the same id of the write, so a set that a crash left inconsistent
counts as missing.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from autoclip.errors import NotFoundError, StorageError
from autoclip.settings import ExtractionSettings
from autoclip.signals.normalization import z_score
from autoclip.signals.table import ENVELOPE_STEP_SEC, SIGNAL_UNITS, Event, Features
from autoclip.timeline import Grid
from storage.atomic import replacing_together
from storage.keys import extraction_key
from storage.parquet_files import damaged, footer_in, metadata_in, read_table, reading, with_units, write_table

READ_ATTEMPTS = 3
RENAMES_SEC = 0.02
"""How long another process may take to put a new set in place: its three renames take much less."""

FORMAT_VERSION = 1
Z_UNIT = "standard deviations"
SIGNALS, EVENTS, ENVELOPE = "signals.parquet", "events.parquet", "envelope.parquet"
FILES = (SIGNALS, EVENTS, ENVELOPE)


@dataclass(frozen=True, slots=True)
class Origin:
    """The origin of features, which determines every value in them.

    Attributes
    ----------
    fingerprint : str
        Fingerprint of the video's content.
    settings : ExtractionSettings
        Settings of the extraction.
    version : int or str
        ``autoclip.extraction.EXTRACTION_VERSION`` of the code that measured.
    """

    fingerprint: str
    settings: ExtractionSettings
    version: int | str

    @property
    def key(self) -> str:
        """Return the features' key; see `storage.keys.extraction_key`."""
        return extraction_key(self.fingerprint, self.settings, self.version)


class _Footer(BaseModel):
    """Metadata of the whole set, in the footer of every file."""

    model_config = ConfigDict(frozen=True)

    format_version: int
    write: str
    key: str
    fingerprint: str
    settings: ExtractionSettings
    version: int | str
    duration_sec: float
    step_sec: float
    count: int
    measured: tuple[str, ...]
    hashed: bool
    audible: bool
    absent: dict[str, str]
    warnings: tuple[str, ...]


def write_features(folder: Path, features: Features, origin: Origin) -> None:
    """Write the three files of `features` to `folder`, as a set.

    Parameters
    ----------
    folder : Path
        The folder; created if missing. An older set in it is replaced.
    features : Features
        The features.
    origin : Origin
        Their origin, which identifies the set.

    Raises
    ------
    StorageError
        If the disk is full or the folder is not writable; an older set is then still complete.
    """
    footer = _footer_of(features, origin)
    tables = (_signals_table(features), _events_table(features), _envelope_table(features))
    with replacing_together([folder / name for name in FILES]) as partials:
        for table, partial in zip(tables, partials, strict=True):
            write_table(table, footer, partial)


def read_features(folder: Path) -> Features:
    """Read what `write_features` wrote, with equal values.

    Raises
    ------
    NotFoundError
        If there is no complete set in `folder`.
    StorageError
        If a file is damaged, or its format is unknown to this version.
    """
    for _ in range(READ_ATTEMPTS):
        with _opened(folder) as files:
            if not files:
                break
            tables = tuple(read_table(path, file) for path, file in files.items())
        footers = [
            footer_in(path, table.schema.metadata, _Footer, FORMAT_VERSION)
            for path, table in zip(files, tables, strict=True)
        ]
        if all(footer == footers[0] for footer in footers):
            return _features_in(folder, footers[0], *tables)
        time.sleep(RENAMES_SEC)
    raise NotFoundError(f"{folder}: contains no complete features; analyze the video first")


def features_origin(folder: Path) -> Origin | None:
    """Return the origin of the features in `folder`, from the footers alone; None without a complete set.

    Raises
    ------
    StorageError
        As in `read_features`.
    """
    footer = _read_footer(folder)
    return Origin(footer.fingerprint, footer.settings, footer.version) if footer else None


def features_key(folder: Path) -> str | None:
    """Return the key of the complete set in `folder`; None if there is none that can be reused.

    A damaged set can't be reused, and extracting again replaces it, so it counts as missing.
    """
    try:
        footer = _read_footer(folder)
    except StorageError:
        return None
    return footer.key if footer else None


def _features_in(folder: Path, footer: _Footer, signals: pa.Table, events: pa.Table, envelope: pa.Table) -> Features:
    """Combine the tables."""
    if signals.num_rows != footer.count:
        raise damaged(folder / SIGNALS, f"{signals.num_rows} rows instead of {footer.count}")
    _require_columns(folder / SIGNALS, signals, {*footer.measured, *(["frame_hash"] if footer.hashed else [])})
    _require_columns(folder / EVENTS, events, {field.name for field in fields(Event)})
    _require_columns(folder / ENVELOPE, envelope, {"rms_dbfs"})
    return Features(
        duration_sec=footer.duration_sec,
        grid=Grid(footer.step_sec, footer.count),
        series={name: _floats(signals[name]) for name in footer.measured},
        absent=footer.absent,
        frame_hash=signals["frame_hash"].to_numpy() if footer.hashed else np.zeros(0, np.uint64),
        envelope_dbfs=_floats(envelope["rms_dbfs"]) if footer.audible else None,
        events=tuple(Event(**row) for row in events.to_pylist()),
        warnings=footer.warnings,
    )


def _require_columns(path: Path, table: pa.Table, names: AbstractSet[str]) -> None:
    """Refuse a table whose column names were damaged, because names have no checksum, unlike the pages."""
    missing = names - set(table.column_names)
    if missing:
        raise damaged(path, f"no column {', '.join(sorted(missing))}")


def _footer_of(features: Features, origin: Origin) -> _Footer:
    return _Footer(
        format_version=FORMAT_VERSION,
        write=secrets.token_hex(8),
        key=origin.key,
        fingerprint=origin.fingerprint,
        settings=origin.settings,
        version=origin.version,
        duration_sec=features.duration_sec,
        step_sec=features.grid.step_sec,
        count=features.grid.count,
        measured=tuple(features.series),
        hashed=features.frame_hash.size > 0,
        audible=features.envelope_dbfs is not None,
        absent=dict(features.absent),
        warnings=features.warnings,
    )


def _signals_table(features: Features) -> pa.Table:
    """Return one row per step: time, every known signal raw and z-scored, the frame's hash."""
    count = features.grid.count
    columns: dict[str, pa.Array] = {"time_sec": pa.array(features.grid.times)}
    for name in {**SIGNAL_UNITS, **features.series}:
        values = features.series.get(name)
        columns[name] = _nullable(values, count)
        columns[f"{name}_z"] = _nullable(z_score(values) if values is not None else None, count)
    hashes = features.frame_hash
    columns["frame_hash"] = pa.array(hashes) if hashes.size else pa.nulls(count, pa.uint64())
    units = {**SIGNAL_UNITS, **{f"{name}_z": Z_UNIT for name in SIGNAL_UNITS}}
    return with_units(columns, {"time_sec": "s", **units})


def _events_table(features: Features) -> pa.Table:
    """Return one row per event, ordered by start time."""
    events = features.events
    columns = {
        "kind": pa.array([event.kind for event in events], pa.string()),
        "start_sec": pa.array([event.start_sec for event in events], pa.float64()),
        "end_sec": pa.array([event.end_sec for event in events], pa.float64()),
        "score": pa.array([event.score for event in events], pa.float64()),
    }
    return with_units(columns, {"start_sec": "s", "end_sec": "s"})


def _envelope_table(features: Features) -> pa.Table:
    """Return one row every `ENVELOPE_STEP_SEC`; none without audio."""
    values = features.envelope_dbfs if features.envelope_dbfs is not None else np.zeros(0, np.float32)
    times = np.arange(values.size, dtype=np.float64) * ENVELOPE_STEP_SEC
    columns = {"time_sec": pa.array(times), "rms_dbfs": _nullable(values, values.size)}
    return with_units(columns, {"time_sec": "s", "rms_dbfs": "dBFS"})


def _nullable(values: NDArray[np.float32] | None, count: int) -> pa.Array:
    """Convert NaN, and a missing signal, to nulls."""
    if values is None:
        return pa.nulls(count, pa.float32())
    return pa.array(np.asarray(values, dtype=np.float32), from_pandas=True)


def _floats(column: pa.ChunkedArray) -> NDArray[np.float32]:
    """Convert nulls back to NaN."""
    return np.array(column.to_numpy(), dtype=np.float32)


def _read_footer(folder: Path) -> _Footer | None:
    """Read the footer that all three files share; None if a file is missing or they are not of one write."""
    with _opened(folder) as files:
        footers = [footer_in(path, metadata_in(path, file), _Footer, FORMAT_VERSION) for path, file in files.items()]
    return footers[0] if footers and all(footer == footers[0] for footer in footers) else None


@contextmanager
def _opened(folder: Path) -> Iterator[dict[Path, pa.NativeFile]]:
    """Open the three files together, to minimize the chance of a concurrent write; empty if one is missing."""
    with ExitStack() as stack:
        files = {}
        for path in (folder / name for name in FILES):
            with reading(path):
                try:
                    files[path] = stack.enter_context(pa.OSFile(str(path)))
                except FileNotFoundError:
                    files = {}
                    break
        yield files
