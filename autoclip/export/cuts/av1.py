"""Parse AV1 for cutting: open bitstream units (OBU), sequence headers, keyframes and the MP4 configuration record.

Sections are those of the AV1 bitstream and decoding process specification (version 1.0.0, errata 1), and, for the
record, of the AV1 codec ISO media file format binding (1.2.0).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from autoclip.export.cuts.nal_units import BitReader, BitstreamError

SEQUENCE_HEADER, FRAME_HEADER, METADATA, FRAME = 1, 3, 5, 6
"""``obu_type`` (6.2.2)."""

_RECORD_BYTES = 4
_KEY_FRAME = 0
_REGISTERED = b"\x04"
"""``metadata_type`` (6.7.1) of a message registered by ITU-T T.35."""
_MAX_LENGTH_BYTES = 8


@dataclass(frozen=True, slots=True)
class Unit:
    """An open bitstream unit: its type, and its payload without header and size."""

    kind: int
    payload: bytes


def units(packet: bytes) -> Iterator[Unit]:
    """Split a temporal unit (5.3).

    Raises
    ------
    BitstreamError
        If a size exceeds the temporal unit.
    """
    position = 0
    while position < len(packet):
        header = packet[position]
        position += 2 if header & 4 else 1  # with or without an extension
        size = len(packet) - position
        if header & 2:
            size, position = _leb128(packet, position)
        if size < 0 or position + size > len(packet):
            raise BitstreamError("a unit is longer than its packet")
        yield Unit((header >> 3) & 15, packet[position : position + size])
        position += size


def sequence_headers(packet: bytes) -> tuple[bytes, ...]:
    """Return the sequence headers (5.5) in a temporal unit."""
    return tuple(unit.payload for unit in units(packet) if unit.kind == SEQUENCE_HEADER)


def registered_messages(packet: bytes) -> tuple[bytes, ...]:
    """Return the messages registered by ITU-T T.35 in a temporal unit (5.8.2)."""
    found = (unit.payload for unit in units(packet) if unit.kind == METADATA)
    return tuple(payload[1:] for payload in found if payload[:1] == _REGISTERED)


def is_key_frame(packet: bytes) -> bool:
    """Whether a temporal unit starts with a shown keyframe (5.9.2), which resets all decoder state.

    A keyframe that is shown later is preceded by frames that may refer to earlier ones.
    """
    for unit in units(packet):
        if unit.kind in {FRAME_HEADER, FRAME}:
            reader = BitReader(unit.payload[:1])
            shown_again, kind, shown = reader.number(1), reader.number(2), reader.number(1)
            return not shown_again and kind == _KEY_FRAME and bool(shown)
    return False


def sample_format(record: bytes) -> tuple[int, int]:
    """Return profile, bit depth and subsampling from an AV1CodecConfigurationRecord (2.3.3).

    Raises
    ------
    BitstreamError
        If it is not such a record.
    """
    if len(record) < _RECORD_BYTES or record[0] != 0x81:  # noqa: PLR2004 - marker and version
        raise BitstreamError("the stream has no AV1 configuration before its frames")
    return record[1] >> 5, record[2] & 0x7C


def _leb128(data: bytes, position: int) -> tuple[int, int]:
    """Read a number of 7 bits per byte, the lowest ones first (4.10.5); return it and where it ends."""
    value = 0
    for index in range(_MAX_LENGTH_BYTES):
        if position + index >= len(data):
            break
        value |= (data[position + index] & 0x7F) << (7 * index)
        if not data[position + index] & 0x80:
            return value, position + index + 1
    raise BitstreamError("a unit's size is cut short")
