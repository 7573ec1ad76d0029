"""What a cut must know of H.264: units, parameter sets and the record that carries them in MP4.

Section numbers are those of ITU-T H.264 (08/2021) and, for the record, ISO/IEC 14496-15 (2022).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace

IDR_SLICE, SPS, PPS = 5, 7, 8
"""``nal_unit_type`` (table 7-1): a slice of a picture that needs no other one; sequence and picture parameter sets."""

_START_CODE = b"\x00\x00\x01"
_LENGTH_BYTES = 4
_HIGH_PROFILES = frozenset({100, 110, 122, 144})
"""Profiles whose record ends in chroma format and bit depths (ISO/IEC 14496-15, 5.3.3.1.2)."""


class H264FormatError(ValueError):
    """A stream is no H.264, or of a form that is not handled here."""


@dataclass(frozen=True, slots=True)
class ParameterSets:
    """An AVC decoder configuration: what a decoder must know before the first slice.

    Attributes
    ----------
    profile, compatibility, level : int
        As the record's bytes 1 to 3.
    sequence, picture : tuple of bytes
        Sequence and picture parameter sets, each a whole unit without start code.
    trailer : bytes
        What follows in the record of a high profile: chroma format and bit depths.
    """

    profile: int
    compatibility: int
    level: int
    sequence: tuple[bytes, ...]
    picture: tuple[bytes, ...]
    trailer: bytes = b""

    @property
    def ids(self) -> frozenset[int]:
        """Ids in use by either kind."""
        return frozenset(parameter_set_id(unit) for unit in (*self.sequence, *self.picture))

    def record(self) -> bytes:
        """Return the AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3.1.2), for lengths of four bytes."""
        parts = [
            bytes([1, self.profile, self.compatibility, self.level, 0xFC | (_LENGTH_BYTES - 1)]),
            bytes([0xE0 | len(self.sequence)]),
            *(struct.pack(">H", len(unit)) + unit for unit in self.sequence),
            bytes([len(self.picture)]),
            *(struct.pack(">H", len(unit)) + unit for unit in self.picture),
        ]
        return b"".join(parts) + (self.trailer if self.profile in _HIGH_PROFILES else b"")

    def joined(self, other: ParameterSets) -> ParameterSets:
        """Return one configuration for streams that alternate between this and the other one.

        Raises
        ------
        H264FormatError
            If both give one id different meanings, or differ in chroma format or bit depth.
        """
        if self.trailer and other.trailer and self.trailer[:3] != other.trailer[:3]:
            raise H264FormatError("the encoder made another chroma format or bit depth")
        return replace(
            self if self.profile >= other.profile else other,
            level=max(self.level, other.level),
            compatibility=self.compatibility & other.compatibility,
            sequence=_union(self.sequence, other.sequence),
            picture=_union(self.picture, other.picture),
        )


def read_parameter_sets(extradata: bytes) -> ParameterSets:
    """Read a stream's extradata: a record (MP4, Matroska) or units with start codes (MPEG-TS, raw).

    Raises
    ------
    H264FormatError
        If it holds no parameter sets, or the record's units have lengths of other than four bytes.
    """
    if extradata[:1] == b"\x01":
        return _read_record(extradata)
    units = tuple(split_start_codes(extradata))
    sequence = tuple(unit for unit in units if unit_type(unit) == SPS)
    picture = tuple(unit for unit in units if unit_type(unit) == PPS)
    if not sequence or not picture:
        raise H264FormatError("the stream carries no parameter sets ahead of its pictures")
    return _described(sequence, picture)


def split_start_codes(data: bytes) -> Iterator[bytes]:
    """Split a byte stream into its units (annex B)."""
    begin = data.find(_START_CODE)
    while begin >= 0:
        end = data.find(_START_CODE, begin + 3)
        unit = data[begin + 3 : end if end >= 0 else len(data)].rstrip(b"\x00")
        if unit:
            yield unit
        begin = end


def split_lengths(data: bytes) -> Iterator[bytes]:
    """Split a sample of an MP4 into its units.

    Raises
    ------
    H264FormatError
        If a length leads out of the sample.
    """
    position = 0
    while position < len(data):
        end = position + _LENGTH_BYTES + int.from_bytes(data[position : position + _LENGTH_BYTES], "big")
        if end > len(data):
            raise H264FormatError("a unit is longer than its packet")
        yield data[position + _LENGTH_BYTES : end]
        position = end


def with_lengths(data: bytes) -> bytes:
    """Turn a packet with start codes into one with lengths; the units stay as they are."""
    return b"".join(struct.pack(">I", len(unit)) + unit for unit in split_start_codes(data))


def unit_type(unit: bytes) -> int:
    """Return a unit's ``nal_unit_type`` (7.3.1)."""
    return unit[0] & 0x1F


def parameter_set_id(unit: bytes) -> int:
    """Return the id of a sequence (7.3.2.1.1) or picture (7.3.2.2) parameter set."""
    payload = unit[4:] if unit_type(unit) == SPS else unit[1:]
    bits = int.from_bytes(payload[:8].ljust(8, b"\0"), "big")
    # ue(v), 9.1: as many zeros as there are bits behind the first one.
    zeros = 64 - bits.bit_length()
    return (bits >> (64 - 2 * zeros - 1)) - 1


def _read_record(data: bytes) -> ParameterSets:
    try:
        if data[4] & 3 != _LENGTH_BYTES - 1:
            raise H264FormatError(f"its units have lengths of {(data[4] & 3) + 1} bytes")
        sequence, position = _read_units(data, 6, data[5] & 0x1F)
        picture, position = _read_units(data, position + 1, data[position])
    except (IndexError, struct.error) as error:
        raise H264FormatError("its decoder configuration is cut short") from error
    if not sequence or not picture:
        raise H264FormatError("the stream carries no parameter sets ahead of its pictures")
    return _described(sequence, picture)


def _described(sequence: tuple[bytes, ...], picture: tuple[bytes, ...]) -> ParameterSets:
    """Return parameter sets with what the first one says of profile, chroma format and bit depths.

    Decoders go by the parameter sets; what a record says of them beside is wrong in files of some programs.
    """
    first = sequence[0]
    trailer = b""
    if first[1] in _HIGH_PROFILES:
        chroma, luma_bits, chroma_bits = _sample_format(first)
        trailer = bytes([0xFC | chroma, 0xF8 | luma_bits, 0xF8 | chroma_bits, 0])
    return ParameterSets(first[1], first[2], first[3], sequence, picture, trailer)


def _sample_format(unit: bytes) -> tuple[int, int, int]:
    """Return chroma_format_idc, bit_depth_luma_minus8 and bit_depth_chroma_minus8 of a high profile (7.3.2.1.1)."""
    payload = unit[4:24].replace(b"\0\0\x03", b"\0\0")  # emulation prevention (7.4.1)
    bits = "".join(f"{byte:08b}" for byte in payload)
    _set_id, bits = _exp_golomb(bits)
    chroma, bits = _exp_golomb(bits)
    if chroma == 3:  # noqa: PLR2004 - 4:4:4, which has a flag more (separate_color_plane_flag)
        bits = bits[1:]
    luma_bits, bits = _exp_golomb(bits)
    chroma_bits, _ = _exp_golomb(bits)
    return chroma & 3, luma_bits & 7, chroma_bits & 7


def _exp_golomb(bits: str) -> tuple[int, str]:
    """Read an unsigned Exp-Golomb number (9.1); return it and the bits behind it."""
    zeros = len(bits) - len(bits.lstrip("0"))
    end = 2 * zeros + 1
    if end > len(bits):
        raise H264FormatError("its sequence parameter set is cut short")
    return int(bits[zeros:end], 2) - 1, bits[end:]


def _read_units(data: bytes, position: int, count: int) -> tuple[tuple[bytes, ...], int]:
    units = []
    for _ in range(count):
        (length,) = struct.unpack_from(">H", data, position)
        units.append(data[position + 2 : position + 2 + length])
        position += 2 + length
    return tuple(units), position


def _union(first: tuple[bytes, ...], second: tuple[bytes, ...]) -> tuple[bytes, ...]:
    known = {parameter_set_id(unit): unit for unit in first}
    added = []
    for unit in second:
        same = known.get(parameter_set_id(unit))
        if same is None:
            added.append(unit)
        elif same != unit:
            raise H264FormatError(f"two parameter sets share the id {parameter_set_id(unit)}")
    return (*first, *added)
