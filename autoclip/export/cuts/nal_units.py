"""NAL units, which H.264 and HEVC share: how they are split, escaped and parsed.

Section numbers are those of ITU-T H.264 (08/2021); sections 7.3.1, 9.2 and annex B of H.265 are equivalent.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator

LENGTH_BYTES = 4
"""Bytes of a unit's length in our files (ISO/IEC 14496-15, ``lengthSizeMinusOne`` + 1)."""

_START_CODE = b"\x00\x00\x01"
_ESCAPED = re.compile(rb"\x00\x00(?=[\x00-\x03])")


class BitstreamError(ValueError):
    """A stream is damaged, or of an unsupported form."""


class BitReader:
    """Reads numbers from bits, the most significant bit first.

    Parameters
    ----------
    data : bytes
        The bytes, without emulation prevention.
    """

    def __init__(self, data: bytes) -> None:
        self._bits = bits_of(data)
        self.position = 0

    def number(self, count: int) -> int:
        """Return the next `count` bits as a number: u(n) in the standards."""
        end = self.position + count
        if end > len(self._bits):
            raise BitstreamError("its parameter set is cut short")
        value = int(self._bits[self.position : end] or "0", 2)
        self.position = end
        return value

    def exp_golomb(self) -> int:
        """Return the next unsigned Exp-Golomb number: ue(v), section 9.1."""
        one = self._bits.find("1", self.position)
        if one < 0:
            raise BitstreamError("its parameter set is cut short")
        zeros = one - self.position
        self.position = one
        return self.number(zeros + 1) - 1


def bits_of(data: bytes) -> str:
    """Return bytes as a string of ``0`` and ``1``."""
    return f"{int.from_bytes(data, 'big'):0{8 * len(data)}b}" if data else ""


def bytes_of(bits: str) -> bytes:
    """Convert a string of ``0`` and ``1`` to bytes, padded with zeros."""
    count = -(-len(bits) // 8)
    return int(bits.ljust(8 * count, "0") or "0", 2).to_bytes(count, "big")


def exp_golomb_code(number: int) -> str:
    """Return the bits of an unsigned Exp-Golomb number (9.1)."""
    digits = f"{number + 1:b}"
    return "0" * (len(digits) - 1) + digits


def without_escapes(data: bytes) -> bytes:
    """Remove the emulation prevention bytes, which keep start codes from occurring in a unit (7.4.1)."""
    return data.replace(b"\0\0\x03", b"\0\0")


def with_escapes(data: bytes) -> bytes:
    """Insert the emulation prevention bytes, which keep start codes from occurring in a unit (7.4.1)."""
    return _ESCAPED.sub(b"\0\0\x03", data)


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
    """Split a sample of an MP4 into its units, without empty ones.

    Raises
    ------
    BitstreamError
        If a length exceeds the sample.
    """
    position = 0
    while position < len(data):
        end = position + LENGTH_BYTES + int.from_bytes(data[position : position + LENGTH_BYTES], "big")
        if end > len(data):
            raise BitstreamError("a unit is longer than its packet")
        if end > position + LENGTH_BYTES:
            yield data[position + LENGTH_BYTES : end]
        position = end


def with_length(unit: bytes) -> bytes:
    """Return a unit preceded by its length."""
    return struct.pack(">I", len(unit)) + unit


def with_lengths(data: bytes) -> bytes:
    """Convert a packet from start codes to lengths; the units stay unchanged."""
    return b"".join(with_length(unit) for unit in split_start_codes(data))


def read_counted_units(data: bytes, position: int, count: int) -> tuple[tuple[bytes, ...], int]:
    """Read units of a decoder configuration, each preceded by a 2-byte length; return them and where they end."""
    units = []
    for _ in range(count):
        (length,) = struct.unpack_from(">H", data, position)
        units.append(data[position + 2 : position + 2 + length])
        position += 2 + length
    return tuple(units), position


def counted_units(units: tuple[bytes, ...]) -> bytes:
    """Return units as in a decoder configuration, each preceded by a 2-byte length."""
    return b"".join(struct.pack(">H", len(unit)) + unit for unit in units)


def united(first: tuple[bytes, ...], second: tuple[bytes, ...], id_of: Callable[[bytes], int]) -> tuple[bytes, ...]:
    """Return the parameter sets of two streams of one file.

    Raises
    ------
    BitstreamError
        If both use one id with different content.
    """
    known = {id_of(unit): unit for unit in first}
    added = []
    for unit in second:
        same = known.get(id_of(unit))
        if same is None:
            added.append(unit)
        elif same != unit:
            raise BitstreamError(f"two parameter sets share the id {id_of(unit)}")
    return (*first, *added)
