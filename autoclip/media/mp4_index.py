"""Bound what FFmpeg makes of the index of an MP4 file, before FFmpeg opens it.

FFmpeg makes an entry in memory for each frame that the index names, once for each edit that shows it, and can't be
interrupted meanwhile. A few bytes can name billions: one size for all (``stsz``), runs without fields of their own
(``trun``, ``senc``), sounds counted by chunks (``stsc``), and edits (``elst``). Box names: ISO/IEC 14496-12.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from autoclip.confinement import location_of
from autoclip.errors import MediaError

_FREE_FRAMES = 100_000
_BYTES_PER_FRAME = 4
"""Limit: a table of sizes has four bytes for each frame. FFmpeg takes about 40 bytes and 30 ns for each."""

_FREE_PARTS = 10_000
_BYTES_PER_PART = 100
"""Limit of what is looked at, 10 us each: a fragment of one frame has about a hundred bytes without its data."""

_FEWEST_SOUNDS = 160
"""FFmpeg makes an entry of at least as many samples of sound, where it counts by chunks."""

_READ_BYTES = 256 << 20
_HEADER_BYTES, _FIELD_BYTES = 16, 32
"""What is read before and behind a box: its header, and the fields that FFmpeg reads even if the box ends before."""

_DEPTH = 10
_CONTAINERS = frozenset({b"moov", b"free", b"hoov", b"udta", b"ilst"})
"""Boxes walked through. FFmpeg finds an index in a free box, too."""

_OPAQUE = frozenset({b"mdat", b"covr", b"uuid"})
"""Boxes in which FFmpeg looks for no others."""

_COUNTS = {b"stsz": 8, b"stz2": 8, b"trun": 4, b"senc": 4}
"""Where the content of a box has the count of its frames."""

_TOO_MANY = 1 << 40


def require_bounded_index(path: Path) -> None:
    """Refuse an MP4 file whose index names far more frames than its bytes can hold.

    Raises
    ------
    MediaError
        If it does, or if the file can't be read.
    """
    location = location_of(path)
    try:
        status = location.stat()
        frames = _indexed_frames(location, status.st_size, (status.st_dev, status.st_ino, status.st_mtime_ns))
    except OSError as error:
        raise MediaError(path, f"can't be read: {error.strerror}; check the disk and who may read it") from error
    if frames > _FREE_FRAMES + status.st_size // _BYTES_PER_FRAME:
        reason = f"its index has more frames or parts than its {status.st_size:,} bytes can hold"
        raise MediaError(path, f"{reason}; write it anew with `ffmpeg -i FILE -c copy COPY.mp4`, or download it again")


@lru_cache(maxsize=256)
def _indexed_frames(location: Path, size: int, _identity: tuple[int, int, int]) -> int:
    """Return how many entries FFmpeg makes of the index at the most; `size` in bytes."""
    frames, edits = 0, 1
    with location.open("rb") as file:
        for number, part in enumerate(_parts(file, 0, size)):
            if number > _FREE_PARTS + size // _BYTES_PER_PART:
                return _TOO_MANY
            frames += _frames(part)
            edits = max(edits, _most_edits(part))
    return frames * edits


def _parts(file: BinaryIO, begin: int, end: int, depth: int = 0) -> Iterator[bytes]:
    """Yield the tracks, fragments and other boxes of an index, each with what lies before and behind."""
    for kind, first, last in _boxes(file, begin, end):
        if kind in _CONTAINERS and depth < _DEPTH:
            yield from _parts(file, first, last, depth + 1)
        elif kind == b"meta" and depth < _DEPTH:
            yield from _parts(file, first + _handler_offset(_read(file, first, last)), last, depth + 1)
        elif kind == b"cmov" and depth < _DEPTH:
            inflated = _inflated(_read(file, first, last))
            yield from _parts(BytesIO(inflated), 0, len(inflated), depth + 1)
        elif kind not in _OPAQUE and kind.isalnum() and kind == kind.lower():
            header = _read(file, first - _HEADER_BYTES, first).rjust(_HEADER_BYTES, b"\0")
            behind = _read(file, last, last + _FIELD_BYTES).ljust(_FIELD_BYTES, b"\0")
            yield b"".join((header, _read(file, first, last), behind))


def _handler_offset(meta: bytes) -> int:
    """Return where the boxes of metadata begin, as FFmpeg finds it."""
    return next((place - 4 for place in range(4, len(meta), 4) if meta[place : place + 4] == b"hdlr"), len(meta))


def _boxes(file: BinaryIO, begin: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield the kind of each box, and the positions where its content begins and ends."""
    while begin + 8 <= end:
        file.seek(begin)
        head = file.read(16).ljust(16, b"\0")
        length, kind, long_length = struct.unpack(">I4sQ", head)
        header = 16 if length == 1 else 8
        length = {0: end - begin, 1: long_length}.get(length, length)
        if length < header:
            return
        yield kind, begin + header, min(begin + length, end)
        begin += length


def _read(file: BinaryIO, begin: int, end: int) -> bytes:
    file.seek(max(begin, 0))
    return file.read(min(end - max(begin, 0), _READ_BYTES))


def _inflated(content: bytes) -> bytes:
    """Return a compressed index (QuickTime ``cmov``): the boxes ``dcom`` and ``cmvd``, a length, zlib."""
    try:
        return zlib.decompressobj().decompress(content[24:], _READ_BYTES)
    except zlib.error:
        return b""


def _frames(part: bytes) -> int:
    if b"dcomzlib" in part:
        return _TOO_MANY  # a compressed index where none belongs
    chunks = max((*_fields(part, b"stco", 4), *_fields(part, b"co64", 4)), default=0)
    by_chunks = chunks * -(-_most_in_a_chunk(part) // _FEWEST_SOUNDS)
    if _is_counted_by_chunks(part):
        return by_chunks
    return by_chunks + sum(sum(_fields(part, name, offset)) for name, offset in _COUNTS.items())


def _most_in_a_chunk(part: bytes) -> int:
    most = 0
    for begin in _contents(part, b"stsc"):
        table = part[begin + 8 : begin + 8 + _number(part, begin + 4) * 12]
        if len(table) < _number(part, begin + 4) * 12:
            return _TOO_MANY  # FFmpeg reads on behind the box
        most = max([most, *(count for _, count, _ in struct.iter_unpack(">3I", table))])
    return most


def _is_counted_by_chunks(part: bytes) -> bool:
    """Return whether this is a track of sound whose samples have the duration 1, such as uncompressed sound."""
    content = part[_HEADER_BYTES:-_FIELD_BYTES]
    handlers = {content[begin + 8 : begin + 12] for begin in _contents(content, b"hdlr")}
    return (
        handlers - {b"alis", b"url ", b"rsrc"} == {b"soun"}
        and {*_fields(content, b"stts", 4), *_fields(content, b"stts", 12)} == {1}
        and b"trak" not in content
        and _content(content, b"mdia", b"hdlr")[8:12] == b"soun"
        and len(_content(content, b"mdia", b"minf", b"stbl", b"stts")) > 0
    )


def _content(content: bytes, *names: bytes) -> bytes:
    """Return the content of a box by the names on the way to it; nothing if it is not there."""
    for name in names:
        boxes = _boxes(BytesIO(content), 0, len(content))
        content = next((content[first:last] for kind, first, last in boxes if kind == name), b"")
    return content


def _most_edits(part: bytes) -> int:
    """Return the most edits of one list, which FFmpeg counts by the size of its box (12 bytes each)."""
    sizes = (_number(part, place - 4) for place in _places(part, b"elst"))
    return max((((size if 1 < size < len(part) else len(part)) - 16) // 12 for size in sizes), default=1)


def _fields(part: bytes, name: bytes, offset: int) -> Iterator[int]:
    """Yield the numbers of 32 bits that boxes of this name have at this offset."""
    return (_number(part, begin + offset) for begin in _contents(part, name))


def _contents(part: bytes, name: bytes) -> Iterator[int]:
    """Yield where the content of each box of this name begins; a box of the size 1 has a longer header."""
    return (place + (12 if _number(part, place - 4) == 1 else 4) for place in _places(part, name))


def _places(part: bytes, name: bytes) -> Iterator[int]:
    """Yield where a name appears, in whatever box: FFmpeg reads boxes also where they don't belong."""
    place = part.find(name)
    while place >= 0:
        yield place
        place = part.find(name, place + 1)


def _number(part: bytes, place: int) -> int:
    return int.from_bytes(part[max(place, 0) : max(place + 4, 0)], "big")
