"""Parse HEVC for cutting: NAL units, parameter sets, their ids, and the MP4 configuration record.

Section numbers are those of ITU-T H.265 (08/2021) and, for the record, ISO/IEC 14496-15 (2022).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import reduce
from operator import and_, or_

from autoclip.export.cuts.nal_units import (
    LENGTH_BYTES,
    BitReader,
    BitstreamError,
    bits_of,
    bytes_of,
    counted_units,
    exp_golomb_code,
    read_counted_units,
    split_start_codes,
    united,
    with_escapes,
    without_escapes,
)

BLA, IDR, CRA = range(16, 19), range(19, 21), range(21, 22)
"""``nal_unit_type`` (table 7-1) of slices of frames at which decoding can start."""
VPS, SPS, PPS = 32, 33, 34
PREFIX_SEI = 39
END_OF_SEQUENCE = bytes([36 << 1, 1])
"""A unit after which a decoder restarts: it treats a CRA picture after it as one without references to earlier frames.
"""
DOLBY_VISION = range(62, 64)
"""Unspecified types that Dolby Vision uses for its metadata and its enhancement layer."""

SPARE_NUMBERS = range(16)
"""Ids of video (7.4.3.1) and sequence (7.4.3.2.1) parameter sets that `numbered` may assign."""
_FIRST_SPARE_PICTURE = 15
"""Ids of picture parameter sets from 15 to 30 are coded with 9 bits, eight more than x265's id 0: the slice header
grows by exactly one byte, and everything after it stays unchanged.
"""
_SLICE_TYPES = 32
_START_TYPES = range(16, 24)
_UNIT_HEADER = 2
_PROFILE_BYTES = 12
"""Size of ``profile_tier_level`` (7.3.3) up to the general level, in bits."""
_ARRAY_COMPLETE = 0x80
_FIXED = 23
"""Bytes of the record before its units."""


@dataclass(frozen=True, slots=True)
class _Sequence:
    """The content of a sequence parameter set (7.3.2.2.1), and the position of the bits of its id."""

    profile: bytes
    layers: int
    nested: int
    id_from: int
    id_to: int
    number: int
    chroma: int
    luma_bits: int
    chroma_bits: int


@dataclass(frozen=True, slots=True)
class ParameterSets:
    """An HEVC decoder configuration: video, sequence and picture parameter sets, each a complete unit."""

    video: tuple[bytes, ...]
    sequence: tuple[bytes, ...]
    picture: tuple[bytes, ...]

    @property
    def profile(self) -> int:
        """Return ``general_profile_idc`` of the first one: 1 is Main, 2 Main 10 (A.3)."""
        return _read_sequence(self.sequence[0]).profile[0] & 0x1F

    @property
    def deep(self) -> bool:
        """Whether its frames have more than 8 bits."""
        return _read_sequence(self.sequence[0]).luma_bits > 0

    @property
    def units(self) -> frozenset[bytes]:
        """Return all units."""
        return frozenset((*self.video, *self.sequence, *self.picture))

    def spare_numbers(self) -> tuple[int, ...]:
        """Return the numbers that `numbered` can assign to sets beside these."""
        taken = {parameter_set_id(unit) for unit in (*self.video, *self.sequence)}
        taken |= {parameter_set_id(unit) - _FIRST_SPARE_PICTURE for unit in self.picture}
        return tuple(number for number in SPARE_NUMBERS if number not in taken)

    def record(self) -> bytes:
        """Return the HEVCDecoderConfigurationRecord (ISO/IEC 14496-15, 8.3.3.1.2), with 4-byte lengths."""
        described = [_read_sequence(unit) for unit in self.sequence]
        first = described[0]
        rates = [0, 0, (first.layers << 3) | (first.nested << 2) | (LENGTH_BYTES - 1)]
        parallel = [0xF0, 0, 0xFC]  # no constraint on slices, tiles or wavefronts
        samples = [0xFC | first.chroma, 0xF8 | first.luma_bits, 0xF8 | first.chroma_bits]
        kinds = ((VPS, self.video), (SPS, self.sequence), (PPS, self.picture))
        arrays = (
            struct.pack(">BH", _ARRAY_COMPLETE | kind, len(units)) + counted_units(units) for kind, units in kinds
        )
        return b"".join([
            b"\x01",
            _general_profile([each.profile for each in described]),
            bytes([*parallel, *samples, *rates, len(kinds)]),
            *arrays,
        ])  # fmt: skip

    def joined(self, other: ParameterSets) -> ParameterSets:
        """Return one configuration for streams that alternate between this one and the other.

        Raises
        ------
        BitstreamError
            If both use one id with different content, or differ in chroma format or bit depth.
        """
        ours, theirs = (_read_sequence(each.sequence[0]) for each in (self, other))
        if (ours.chroma, ours.luma_bits, ours.chroma_bits) != (theirs.chroma, theirs.luma_bits, theirs.chroma_bits):
            raise BitstreamError("the encoder made another chroma format or bit depth")
        return ParameterSets(
            video=united(self.video, other.video, parameter_set_id),
            sequence=united(self.sequence, other.sequence, parameter_set_id),
            picture=united(self.picture, other.picture, parameter_set_id),
        )

    def numbered(self, number: int) -> ParameterSets:
        """Return x265's sets, which all have the id 0, with ids of that number; see `numbered`."""
        sets = (self.video, self.sequence, self.picture)
        return replace(self, **dict(zip(("video", "sequence", "picture"), _numbered_all(sets, number), strict=True)))


def read_parameter_sets(extradata: bytes) -> ParameterSets:
    """Parse a stream's extradata: a record (MP4, Matroska) or units with start codes (MPEG-TS, raw).

    Raises
    ------
    BitstreamError
        If it contains no parameter sets, or the record does not use 4-byte lengths.
    """
    units = _record_units(extradata) if extradata[:1] == b"\x01" else tuple(split_start_codes(extradata))
    video, sequence, picture = (
        tuple(unit for unit in units if unit_type(unit) == kind and not layer_of(unit)) for kind in (VPS, SPS, PPS)
    )
    if not (video and sequence and picture):
        raise BitstreamError("the stream has no parameter sets before its frames")
    return ParameterSets(video, sequence, picture)


def unit_type(unit: bytes) -> int:
    """Return a unit's ``nal_unit_type`` (7.3.1.2)."""
    return (unit[0] >> 1) & 0x3F


def layer_of(unit: bytes) -> int:
    """Return a unit's ``nuh_layer_id`` (7.3.1.2): above 0 for a second view or an enhancement layer."""
    return ((unit[0] & 1) << 5) | (unit[1] >> 3) if len(unit) >= _UNIT_HEADER else 0


def parameter_set_id(unit: bytes) -> int:
    """Return the id of a video (7.3.2.1), sequence (7.3.2.2) or picture (7.3.2.3) parameter set."""
    if unit_type(unit) == SPS:
        return _read_sequence(unit).number
    reader = BitReader(without_escapes(unit[_UNIT_HEADER : _UNIT_HEADER + 8]))
    return reader.number(4) if unit_type(unit) == VPS else reader.exp_golomb()


def numbered(unit: bytes, number: int) -> bytes:
    """Give a unit of x265 ids of a number.

    Video and sequence parameter sets get the number itself, picture parameter sets 15 more. Slices, which refer to
    their picture parameter set near the start, grow by one byte.

    Raises
    ------
    BitstreamError
        If the encoder has numbered its picture parameter sets in another way.
    """
    kind = unit_type(unit)
    if kind < _SLICE_TYPES:
        return _numbered_slice(unit, number)
    if kind not in {VPS, SPS, PPS}:
        return unit
    bits = bits_of(without_escapes(unit[_UNIT_HEADER:])).rstrip("0")
    if kind == VPS:
        bits = f"{number:04b}{bits[4:]}"
    elif kind == SPS:
        header = _read_sequence(unit)
        bits = f"{number:04b}{bits[4 : header.id_from]}{exp_golomb_code(number)}{bits[header.id_to :]}"
    else:
        reader = BitReader(bytes_of(bits))
        reader.exp_golomb()
        reader.exp_golomb()
        own = exp_golomb_code(_FIRST_SPARE_PICTURE + number)
        bits = f"{own}{exp_golomb_code(number)}{bits[reader.position :]}"
    return unit[:_UNIT_HEADER] + with_escapes(bytes_of(bits))


def _numbered_slice(unit: bytes, number: int) -> bytes:
    """Refer to another picture parameter set in a slice's header (7.3.6.1).

    After the first byte above 3, escapes can't change; only the bytes before it are rewritten.
    """
    calm = re.compile(rb"[\x04-\xff]").search(unit, _UNIT_HEADER + 1)
    split = calm.start() if calm else len(unit)
    bits = bits_of(without_escapes(unit[_UNIT_HEADER:split]))
    flags = 2 if unit_type(unit) in _START_TYPES else 1
    if bits[flags : flags + 1] != exp_golomb_code(0):
        raise BitstreamError("the encoder made several picture parameter sets")
    bits = f"{bits[:flags]}{exp_golomb_code(_FIRST_SPARE_PICTURE + number)}{bits[flags + 1 :]}"
    return unit[:_UNIT_HEADER] + with_escapes(bytes_of(bits)) + unit[split:]


def _numbered_all(kinds: Iterable[tuple[bytes, ...]], number: int) -> list[tuple[bytes, ...]]:
    return [tuple(numbered(unit, number) for unit in units) for units in kinds]


def _record_units(data: bytes) -> tuple[bytes, ...]:
    """Return the units of a decoder configuration record."""
    try:
        if data[21] & 3 != LENGTH_BYTES - 1:
            raise BitstreamError(f"its units have lengths of {(data[21] & 3) + 1} bytes")
        found: tuple[bytes, ...] = ()
        position = _FIXED
        for _ in range(data[22]):
            (count,) = struct.unpack_from(">H", data, position + 1)
            units, position = read_counted_units(data, position + 3, count)
            found += units
    except (IndexError, struct.error) as error:
        raise BitstreamError("its decoder configuration is cut short") from error
    return tuple(unit for unit in found if unit)


def _read_sequence(unit: bytes) -> _Sequence:
    """Parse a sequence parameter set up to its bit depths (7.3.2.2.1)."""
    data = without_escapes(unit[_UNIT_HEADER:])
    reader = BitReader(data)
    reader.number(4)  # id of its video parameter set
    more_layers, nested = reader.number(3), reader.number(1)
    reader.number(8 * _PROFILE_BYTES)
    _skip_sub_layers(reader, more_layers)
    id_from = reader.position
    number = reader.exp_golomb()
    id_to = reader.position
    chroma = reader.exp_golomb()
    if chroma == 3:  # noqa: PLR2004 - 4:4:4, which has a flag more (separate_colour_plane_flag)
        reader.number(1)
    for _ in ("width", "height"):
        reader.exp_golomb()
    for _ in range(4 * reader.number(1)):  # the conformance window
        reader.exp_golomb()
    luma_bits, chroma_bits = reader.exp_golomb(), reader.exp_golomb()
    profile = data[1 : 1 + _PROFILE_BYTES]
    return _Sequence(profile, more_layers + 1, nested, id_from, id_to, number, chroma, luma_bits, chroma_bits)


def _skip_sub_layers(reader: BitReader, count: int) -> None:
    """Skip the temporal sub-layers of ``profile_tier_level`` (7.3.3)."""
    present = [(reader.number(1), reader.number(1)) for _ in range(count)]
    reader.number(2 * (8 - count) if count else 0)
    for has_profile, has_level in present:
        reader.number(88 * has_profile + 8 * has_level)


def _general_profile(profiles: list[bytes]) -> bytes:
    """Return values that cover all sequences: the highest tier, profile and level; flags that all of them set."""
    tier = reduce(or_, (each[0] & 0x20 for each in profiles))
    profile = max(each[0] & 0x1F for each in profiles)
    flags = reduce(and_, (int.from_bytes(each[1:11], "big") for each in profiles))
    return bytes([tier | profile]) + flags.to_bytes(10, "big") + bytes([max(each[11] for each in profiles)])
