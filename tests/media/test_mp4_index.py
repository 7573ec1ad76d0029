"""Indexes of MP4 files that name far more frames than the file holds, and those that only look like it."""

import struct
import time
import zlib
from pathlib import Path

import pytest

from autoclip.errors import MediaError
from autoclip.media.container import open_container

HOSTILE = 50_000_000


def box(kind: bytes, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return struct.pack(">I4s", len(content) + 8, kind) + content


def long_box(kind: bytes, content: bytes) -> bytes:
    """A box whose size has 64 bits."""
    return struct.pack(">I4sQ", 1, kind, len(content) + 16) + content


def full(kind: bytes, *numbers: int, then: bytes = b"") -> bytes:
    """A box with version 0, no flags, and these numbers of 32 bits."""
    return box(kind, struct.pack(f">I{len(numbers)}I", 0, *numbers), then)


def sizes(count: int, size: int = 1) -> bytes:
    return full(b"stsz", size, count)


def track(
    count: int, *, edits: int = 0, handler: bytes = b"vide", duration: int = 40, chunks: int = 1, in_chunk: int = 10,
    table: bytes = b"", hidden: bytes = b"",
) -> bytes:  # fmt: skip
    """A track of `count` frames of a byte each, in so many chunks; `hidden` lies within its sample description."""
    entry = box(b"mp4v" if handler == b"vide" else b"raw ", bytes(78 if handler == b"vide" else 28), hidden)
    tables = (
        full(b"stsd", 1, then=entry),
        full(b"stts", 1, count, duration),
        full(b"stsc", 1, 1, in_chunk, 1),
        full(b"stco", chunks, *[40] * chunks),
        table or sizes(count),
    )
    edit = struct.pack(">IIHH", count * duration, 0, 1, 0)
    media = box(
        b"mdia",
        full(b"mdhd", 0, 0, 1000, count * duration, 0),
        full(b"hdlr", 0, int.from_bytes(handler, "big"), 0, 0, 0),
        box(b"minf", box(b"stbl", *tables)),
    )
    listed = box(b"edts", full(b"elst", edits, then=edit * edits)) if edits else b""
    return box(b"trak", full(b"tkhd", 0, 0, 1, 0, 0, *[0] * 14), listed, media)


def movie(*boxes: bytes) -> bytes:
    return box(b"moov", full(b"mvhd", 0, 0, 1000, 1000, then=bytes(80)), *boxes)


def fragment(count: int) -> bytes:
    return box(b"moof", full(b"mfhd", 1), box(b"traf", full(b"tfhd", 1), full(b"trun", count)))


def written(folder: Path, *boxes: bytes, data_bytes: int = 100) -> Path:
    path = folder / "film.mp4"
    path.write_bytes(box(b"ftyp", b"isom", bytes(4), b"isom") + box(b"mdat", bytes(data_bytes)) + b"".join(boxes))
    return path


def refusal(path: Path) -> str:
    began = time.process_time()
    with pytest.raises(MediaError, match=r"bytes can hold; write it anew with `ffmpeg") as told, open_container(path):
        pass
    assert time.process_time() - began < 1
    return told.value.reason


@pytest.mark.parametrize(
    "index",
    [
        movie(track(HOSTILE)),
        movie(track(10_000, edits=100)),
        movie(*[track(1_000)] * 300),
        movie(track(0), box(b"mvex", full(b"trex", 1, 1, 0, 1, 0))) + fragment(HOSTILE),
        movie(track(0), box(b"mvex", full(b"trex", 1, 1, 0, 1, 0))) + fragment(40_000) * 3,
        movie(track(1000, handler=b"soun", duration=1, chunks=100, in_chunk=2**31)),
        movie(track(HOSTILE, handler=b"soun", duration=2)),
        movie(track(10)) + box(b"wide") * 20_000,
    ],
    ids=["frames", "edits", "tracks", "fragment", "fragments", "chunks", "sounds", "boxes"],
)
def test_an_index_of_more_than_the_file_can_hold_is_refused(tmp_path, index):
    assert "its index has" in refusal(written(tmp_path, index))


SOUND = track(8_000 * 120, handler=b"soun", duration=1, chunks=120, in_chunk=8_000)
COVER = box(b"meta", bytes(4), full(b"hdlr", 0), box(b"ilst", box(b"covr", bytes(64), sizes(HOSTILE))))
TEXT = box(b"desc", box(b"data", bytes(8), b"A truncated trunk, the elstar of the stsc"))
BARE = struct.pack(">III", 0, 1, HOSTILE)


@pytest.mark.parametrize(
    "index",
    [
        movie(track(10, hidden=sizes(HOSTILE))),
        movie(track(10, table=long_box(b"stsz", BARE))),
        movie(track(10, table=b"\0\0\0\x0cfreestsz" + sizes(HOSTILE))),
        movie(track(10, table=b"\0\0\0\x08stsz"), BARE),
        box(b"free", movie(track(HOSTILE))),
        movie(box(b"udta", full(b"meta", then=full(b"hdlr", 0) + fragment(HOSTILE)))),
        box(
            b"moov",
            box(b"cmov", box(b"dcom", b"zlib"), box(b"cmvd", bytes(4), zlib.compress(movie(track(HOSTILE))))),
        ),
        movie(track(10, hidden=box(b"cmov", box(b"dcom", b"zlib"), box(b"cmvd", bytes(4), zlib.compress(b""))))),
        movie(track(HOSTILE, handler=b"soun", duration=1, hidden=full(b"hdlr", 0, int.from_bytes(b"vide", "big"), 0))),
        movie(track(HOSTILE, handler=b"vide", duration=1, hidden=full(b"hdlr", 0, int.from_bytes(b"soun", "big"), 0))),
    ],
    ids=["sample entry", "long", "false name", "short", "free", "metadata", "zlib", "zlib in a track", "film", "sound"],
)
def test_an_index_in_an_odd_place_is_found(tmp_path, index):
    refusal(written(tmp_path, index))


@pytest.mark.parametrize(
    "index",
    [
        movie(track(50_000, edits=2)),
        movie(track(1_000, edits=100)),
        movie(SOUND, box(b"udta", box(b"meta", full(b"hdlr", 0, 0, 0)))) + box(b"mdat", bytes(8_000 * 120)),
        movie(track(10), box(b"udta", COVER)),
        movie(track(10), box(b"udta", box(b"meta", bytes(4), full(b"hdlr", 0), box(b"ilst", TEXT)))),
        movie(track(10), box(b"skip", TEXT)) + box(b"junk", TEXT),
        movie(track(10, chunks=9).replace(struct.pack(">8I", *[40] * 8), b"stsztrunelststsc" * 2)),
        movie(track(10)) + box(b"mdat", bytes(64), sizes(HOSTILE)),
        movie(track(10)) + box(b"uuid", bytes(64), sizes(HOSTILE)),
    ],
    ids=["a trim", "many edits", "sound", "cover", "text", "other boxes", "offsets", "data", "uuid"],
)
def test_an_index_that_the_file_can_hold_is_opened(tmp_path, index):
    with open_container(written(tmp_path, index)) as container:
        assert len(container.streams) == 1
