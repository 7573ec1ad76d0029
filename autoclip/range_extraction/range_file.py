"""The file of a measured range, kept until all ranges are merged: features of its frames, without the frames.

Consecutive, compressed arrays in NumPy's format; a few kilobytes per second of video, including the frames used for
motion.
"""

from __future__ import annotations

import gzip
import secrets
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import fields
from pathlib import Path
from typing import IO, Any, cast
from zlib import error as CompressionError  # noqa: N812

import numpy as np
from numpy.lib.format import read_array, write_array
from numpy.typing import NDArray

from autoclip.errors import StorageError, system_errors
from autoclip.media.decoding.decoder_threads import Described
from autoclip.signals.frame_features import FrameFacts
from autoclip.signals.video_analyzer import ComparedFrames
from autoclip.system.files import flush, replace

_FACTS = tuple(field.name for field in fields(FrameFacts))
_LEVEL = 1
_MEASURED, _EMPTY, _END = 1, 0, -1


def write_range(path: Path, groups: Iterable[Described[ComparedFrames]]) -> None:
    """Write batches of frames to a file, which gets its name only when it is complete.

    Raises
    ------
    StorageError
        If the disk is full or the place can't be written.
    """
    partial = path.parent / f".{secrets.token_hex(8)}.partial"
    try:
        with system_errors():
            path.parent.mkdir(parents=True, exist_ok=True)
        with _writing(partial) as file:
            for group in groups:
                with system_errors():
                    _write_group(file, group)
            _write(file, np.array([_END], np.int64))
        with system_errors():
            flush(partial)
            replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def read_range(path: Path) -> Iterator[Described[ComparedFrames]]:
    """Yield the batches that `write_range` wrote.

    Raises
    ------
    StorageError
        If the file can't be read, or is damaged.
    """
    try:
        with gzip.open(path) as opened:
            file = cast("IO[bytes]", opened)
            while (head := _read(file))[0] != _END:
                yield _group(file, head)
    except (OSError, EOFError, ValueError, CompressionError) as error:
        raise StorageError(
            f"{path}: is not a complete range of a video; remove it, and analyze the video again"
        ) from error


@contextmanager
def _writing(path: Path) -> Iterator[IO[bytes]]:
    with ExitStack() as stack:
        with system_errors():
            file = stack.enter_context(gzip.open(path, "wb", _LEVEL))
        yield cast("IO[bytes]", file)
        with system_errors():
            file.close()


def _write_group(file: IO[bytes], group: Described[ComparedFrames]) -> None:
    pictures = group.description
    if pictures is None:
        _write(file, np.array([_EMPTY, group.end_pts], np.int64))
        _write(file, group.shown_pts)
        return
    _write(file, np.array([_MEASURED, group.end_pts, pictures.full_range], np.int64))
    _write(file, group.shown_pts)
    for values in (pictures.seconds, pictures.change, pictures.drift, pictures.motion_index, pictures.motion_luma):
        _write(file, values)
    for name in _FACTS:
        _write(file, getattr(pictures.facts, name))


def _group(file: IO[bytes], head: NDArray[Any]) -> Described[ComparedFrames]:
    shown = _read(file)
    if head[0] == _EMPTY:
        return Described(None, shown, int(head[1]), ())
    seconds, change, drift, motion_index, motion_luma = (_read(file) for _ in range(5))
    facts = FrameFacts(**{name: _read(file) for name in _FACTS})
    pictures = ComparedFrames(seconds, facts, change, drift, motion_index, motion_luma, bool(head[2]))
    return Described(pictures, shown, int(head[1]), ())


def _write(file: IO[bytes], values: NDArray[Any]) -> None:
    write_array(file, values, allow_pickle=False)


def _read(file: IO[bytes]) -> NDArray[Any]:
    values: NDArray[Any] = read_array(file, allow_pickle=False)
    return values
