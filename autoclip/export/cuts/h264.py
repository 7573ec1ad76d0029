"""Parse H.264 for cutting: NAL units, parameter sets and the MP4 configuration record.

Section numbers are those of ITU-T H.264 (08/2021) and, for the record, ISO/IEC 14496-15 (2022).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace

from autoclip.export.cuts.nal_units import (
    LENGTH_BYTES,
    BitReader,
    BitstreamError,
    counted_units,
    read_counted_units,
    split_start_codes,
    united,
    without_escapes,
)

IDR_SLICE, SPS, PPS = 5, 7, 8
"""``nal_unit_type`` (table 7-1): a slice of an IDR picture; sequence and picture parameter sets."""

_HIGH_PROFILES = frozenset({100, 110, 122, 144})
"""Profiles whose record ends with chroma format and bit depths (ISO/IEC 14496-15, 5.3.3.1.2)."""


@dataclass(frozen=True, slots=True)
class ParameterSets:
    """An AVC decoder configuration: what a decoder needs before the first slice.

    Attributes
    ----------
    profile, compatibility, level : int
        Bytes 1 to 3 of the record.
    sequence, picture : tuple of bytes
        Sequence and picture parameter sets, each a complete unit without start code.
    trailer : bytes
        The rest of the record for a high profile: chroma format and bit depths.
    """

    profile: int
    compatibility: int
    level: int
    sequence: tuple[bytes, ...]
    picture: tuple[bytes, ...]
    trailer: bytes = b""

    @property
    def ids(self) -> frozenset[int]:
        """Return the ids used by either kind."""
        return frozenset(parameter_set_id(unit) for unit in (*self.sequence, *self.picture))

    def record(self) -> bytes:
        """Return the AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3.1.2), with 4-byte lengths."""
        parts = [
            bytes([1, self.profile, self.compatibility, self.level, 0xFC | (LENGTH_BYTES - 1)]),
            bytes([0xE0 | len(self.sequence)]),
            counted_units(self.sequence),
            bytes([len(self.picture)]),
            counted_units(self.picture),
        ]
        return b"".join(parts) + (self.trailer if self.profile in _HIGH_PROFILES else b"")

    def joined(self, other: ParameterSets) -> ParameterSets:
        """Return one configuration for streams that alternate between this one and the other.

        Raises
        ------
        BitstreamError
            If both use one id with different content, or differ in chroma format or bit depth.
        """
        if self.trailer and other.trailer and self.trailer[:3] != other.trailer[:3]:
            raise BitstreamError("the encoder made another chroma format or bit depth")
        return replace(
            self if self.profile >= other.profile else other,
            level=max(self.level, other.level),
            compatibility=self.compatibility & other.compatibility,
            sequence=united(self.sequence, other.sequence, parameter_set_id),
            picture=united(self.picture, other.picture, parameter_set_id),
        )


def read_parameter_sets(extradata: bytes) -> ParameterSets:
    """Parse a stream's extradata: a record (MP4, Matroska) or units with start codes (MPEG-TS, raw).

    Raises
    ------
    BitstreamError
        If it contains no parameter sets, or the record does not use 4-byte lengths.
    """
    if extradata[:1] == b"\x01":
        return _read_record(extradata)
    units = tuple(split_start_codes(extradata))
    sequence = tuple(unit for unit in units if unit_type(unit) == SPS)
    picture = tuple(unit for unit in units if unit_type(unit) == PPS)
    if not sequence or not picture:
        raise BitstreamError("the stream has no parameter sets before its frames")
    return _described(sequence, picture)


def unit_type(unit: bytes) -> int:
    """Return a unit's ``nal_unit_type`` (7.3.1)."""
    return unit[0] & 0x1F


def parameter_set_id(unit: bytes) -> int:
    """Return the id of a sequence (7.3.2.1.1) or picture (7.3.2.2) parameter set."""
    payload = unit[4:] if unit_type(unit) == SPS else unit[1:]
    return BitReader(payload[:8]).exp_golomb()


def _read_record(data: bytes) -> ParameterSets:
    try:
        if data[4] & 3 != LENGTH_BYTES - 1:
            raise BitstreamError(f"its units have lengths of {(data[4] & 3) + 1} bytes")
        sequence, position = read_counted_units(data, 6, data[5] & 0x1F)
        picture, position = read_counted_units(data, position + 1, data[position])
    except (IndexError, struct.error) as error:
        raise BitstreamError("its decoder configuration is cut short") from error
    if not sequence or not picture:
        raise BitstreamError("the stream has no parameter sets before its frames")
    return _described(sequence, picture)


def _described(sequence: tuple[bytes, ...], picture: tuple[bytes, ...]) -> ParameterSets:
    """Return parameter sets with profile, chroma format and bit depths from the first one.

    Decoders use the parameter sets; the values in the record are wrong in files of some programs.
    """
    first = sequence[0]
    if len(first) < 4:  # noqa: PLR2004 - type, profile, compatibility, level
        raise BitstreamError("its sequence parameter set is cut short")
    trailer = b""
    if first[1] in _HIGH_PROFILES:
        chroma, luma_bits, chroma_bits = _sample_format(first)
        trailer = bytes([0xFC | chroma, 0xF8 | luma_bits, 0xF8 | chroma_bits, 0])
    return ParameterSets(first[1], first[2], first[3], sequence, picture, trailer)


def _sample_format(unit: bytes) -> tuple[int, int, int]:
    """Return chroma_format_idc, bit_depth_luma_minus8 and bit_depth_chroma_minus8 of a high profile (7.3.2.1.1)."""
    reader = BitReader(without_escapes(unit[4:24]))
    reader.exp_golomb()  # the set's own id
    chroma = reader.exp_golomb()
    if chroma == 3:  # noqa: PLR2004 - 4:4:4, which has a flag more (separate_color_plane_flag)
        reader.number(1)
    luma_bits, chroma_bits = reader.exp_golomb(), reader.exp_golomb()
    return chroma & 3, luma_bits & 7, chroma_bits & 7
