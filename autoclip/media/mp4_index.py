"""Bound what FFmpeg makes of the index of an MP4 file, before FFmpeg opens it.

FFmpeg makes an entry in memory for each frame that the index names, once for each edit that shows it, and can't be
interrupted meanwhile. A few bytes can name billions: one size for all (``stsz``), runs without fields of their own
(``trun``, ``senc``), sounds counted by chunks (``stsc``), and edits (``elst``). Box names: ISO/IEC 14496-12.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
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
_FIELD_BYTES = 32
"""What is read behind a box: the fields that FFmpeg reads even if the box ends before."""

_DEPTH = 10
_UNITS = frozenset({b"moov", b"free", b"hoov", b"udta", b"ilst"})
"""Boxes whose boxes are counted each for itself. FFmpeg finds an index in a free box, too."""

_CONTAINERS = _UNITS | frozenset(
    b"trak mdia minf stbl dinf edts tref mvex moof traf wave sinf schi iprp ipco".split(b" ")
)
"""Boxes in which FFmpeg looks for others (the table of parsers in FFmpeg's ``libavformat/mov.c``)."""

_COUNTS = {b"stsz": 8, b"stz2": 8, b"trun": 4, b"senc": 4}
"""Where the content of a box has the count of its frames."""

_MEDIA_HANDLERS = frozenset({b"soun", b"vide", b"subp", b"clcp", b"pict"})

_KINDS = (*_COUNTS, b"stco", b"co64", b"stsc", b"stts", b"hdlr", b"elst", b"trak", b"cmov")

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


@dataclass(frozen=True, slots=True)
class _Part:
    """A track, a fragment or another box of an index, with some bytes before and behind."""

    data: bytes
    places: Mapping[bytes, Sequence[int]]
    """Where the names of its boxes, itself included, are in `data`."""
    box_count: int


@lru_cache(maxsize=256)
def _indexed_frames(location: Path, size: int, _identity: tuple[int, int, int]) -> int:
    """Return how many entries FFmpeg makes of the index at the most; `size` in bytes."""
    frames, edits, boxes = 0, 1, 0
    with location.open("rb") as file:
        for part in _parts(file, 0, size):
            boxes += part.box_count
            if boxes > _FREE_PARTS + size // _BYTES_PER_PART:
                return _TOO_MANY
            frames += _frames(part)
            edits = max(edits, _most_edits(part))
    return frames * edits


def _parts(file: BinaryIO, begin: int, end: int, depth: int = 0) -> Iterator[_Part]:
    """Yield the tracks, fragments and other boxes of an index."""
    for kind, place, first, last in _boxes(file, begin, end):
        if kind in _UNITS and depth < _DEPTH:
            yield from _parts(file, first, last, depth + 1)
        elif kind == b"meta" and depth < _DEPTH:
            yield from _parts(file, first + _handler_offset(_read(file, first, last)), last, depth + 1)
        elif kind == b"cmov" and depth < _DEPTH:
            inflated = _inflated(_read(file, first, last))
            yield from _parts(BytesIO(inflated), 0, len(inflated), depth + 1)
        else:
            read = kind in _CONTAINERS or kind in _KINDS or kind == b"stsd"
            yield _part(_read(file, place, last if read else place), _read(file, last, last + _FIELD_BYTES))


def _part(content: bytes, behind: bytes) -> _Part:
    places: dict[bytes, list[int]] = {kind: [] for kind in _KINDS}
    count = 1
    for kind, place in _walked(BytesIO(content), 0, len(content)):
        count += 1
        if kind in places:
            places[kind].append(place)
    return _Part(content + behind.ljust(_FIELD_BYTES, b"\0"), places, count)


def _walked(file: BinaryIO, begin: int, end: int, depth: int = 0) -> Iterator[tuple[bytes, int]]:
    """Yield the kind of each box within a part, and where its name is."""
    for kind, place, first, last in _boxes(file, begin, end):
        yield kind, place + 4
        if kind == b"stsd":  # its entries have fields of their own before their boxes
            entries = _read(file, first, last)
            yield from ((name, first + found) for name in _KINDS for found in _found(entries, name))
        elif kind in _CONTAINERS and depth < _DEPTH:
            yield from _walked(file, first, last, depth + 1)
        elif kind == b"meta" and depth < _DEPTH:
            yield from _walked(file, first + _handler_offset(_read(file, first, last)), last, depth + 1)


def _found(content: bytes, name: bytes) -> Iterator[int]:
    place = content.find(name)
    while place >= 0:
        yield place
        place = content.find(name, place + 1)


def _handler_offset(meta: bytes) -> int:
    """Return where the boxes of metadata begin, as FFmpeg finds it."""
    return next((place - 4 for place in range(4, len(meta), 4) if meta[place : place + 4] == b"hdlr"), len(meta))


def _boxes(file: BinaryIO, begin: int, end: int) -> Iterator[tuple[bytes, int, int, int]]:
    """Yield the kind of each box, and the positions where it begins and where its content begins and ends."""
    while begin + 8 <= end:
        file.seek(begin)
        head = file.read(16).ljust(16, b"\0")
        length, kind, long_length = struct.unpack(">I4sQ", head)
        header = 16 if length == 1 else 8
        length = {0: end - begin, 1: long_length}.get(length, length)
        if length < header:
            return
        yield kind, begin, begin + header, min(begin + length, end)
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


def _frames(part: _Part) -> int:
    if part.places[b"cmov"]:
        return _TOO_MANY  # a compressed index where none belongs
    chunks = max((*_fields(part, b"stco", 4), *_fields(part, b"co64", 4)), default=0)
    by_chunks = chunks * -(-_most_in_a_chunk(part) // _FEWEST_SOUNDS)
    if _is_counted_by_chunks(part):
        return by_chunks
    return by_chunks + sum(sum(_fields(part, name, offset)) for name, offset in _COUNTS.items())


def _most_in_a_chunk(part: _Part) -> int:
    most = 0
    for begin in _contents(part, b"stsc"):
        size = _number(part, begin + 4) * 12
        table = part.data[begin + 8 : begin + 8 + size]
        if len(table) < size:
            return _TOO_MANY  # FFmpeg reads on behind the box
        most = max([most, *(count for _, count, _ in struct.iter_unpack(">3I", table))])
    return most


def _is_counted_by_chunks(part: _Part) -> bool:
    """Return whether this is a track of sound whose samples have the duration 1, such as uncompressed sound."""
    handlers = {part.data[begin + 8 : begin + 12] for begin in _contents(part, b"hdlr")}
    return (
        handlers & _MEDIA_HANDLERS == {b"soun"}
        and {*_fields(part, b"stts", 4), *_fields(part, b"stts", 12)} == {1}
        and len(part.places[b"trak"]) == 1
    )


def _most_edits(part: _Part) -> int:
    """Return the most edits of one list, which FFmpeg counts by the size of its box (12 bytes each)."""
    whole = len(part.data)
    sizes = (_number(part, place - 4) for place in part.places[b"elst"])
    return max((((size if 1 < size < whole else whole) - 16) // 12 for size in sizes), default=1)


def _fields(part: _Part, name: bytes, offset: int) -> Iterator[int]:
    """Yield the numbers of 32 bits that boxes of this name have at this offset."""
    return (_number(part, begin + offset) for begin in _contents(part, name))


def _contents(part: _Part, name: bytes) -> Iterator[int]:
    """Yield where the content of each box of this name begins; a box of the size 1 has a longer header."""
    return (place + (12 if _number(part, place - 4) == 1 else 4) for place in part.places[name])


def _number(part: _Part, place: int) -> int:
    return int.from_bytes(part.data[place : place + 4], "big")
