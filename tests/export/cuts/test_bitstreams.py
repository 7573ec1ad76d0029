"""Units of H.264, HEVC, VP9 and AV1 are read, escaped and numbered as the standards say; hostile ones are refused."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoclip.export.cuts import av1, h264, hevc, vp9
from autoclip.export.cuts.nal_units import (
    BitReader,
    BitstreamError,
    bits_of,
    bytes_of,
    exp_golomb_code,
    split_start_codes,
    with_escapes,
    without_escapes,
)

SCARCE = st.lists(st.sampled_from([0, 0, 0, 1, 2, 3, 4, 255]), max_size=40).map(bytes)
"""Bytes that often need emulation prevention."""


@given(SCARCE)
def test_escaped_units_hold_no_start_code_and_come_back(data):
    payload = data + b"\x80"  # every unit ends in a stop bit
    escaped = with_escapes(payload)
    assert list(split_start_codes(b"\0\0\1" + b"\x26" + escaped)) == [b"\x26" + escaped]
    assert without_escapes(escaped) == payload


@given(st.integers(0, 2**20), st.integers(0, 7))
def test_exponential_golomb_numbers_come_back(number, lead):
    reader = BitReader(bytes_of("1" * lead + exp_golomb_code(number)))
    reader.number(lead)
    assert reader.exp_golomb() == number


@given(st.sampled_from([1, 0, 19, 21]), SCARCE, st.integers(0, 15))
def test_a_slice_names_its_new_parameter_set_and_keeps_all_else(kind, rest, number):
    flags = "10" if kind >= 16 else "1"
    header = bytes_of(f"{flags}1{bits_of(rest)[: 7 - len(flags)]:0<{7 - len(flags)}}")
    payload = header + rest + b"\x80"
    unit = bytes([kind << 1, 1])
    made = hevc.numbered(unit + with_escapes(payload), number)
    assert made[:2] == unit
    bits = bits_of(without_escapes(made[2:]))
    reader = BitReader(without_escapes(made[2:])[:4])
    reader.number(len(flags))
    assert reader.exp_golomb() == 15 + number
    assert bits[: len(flags)] + "1" + bits[reader.position :] == bits_of(payload)
    assert with_escapes(without_escapes(made[2:])) == made[2:]


@given(st.binary(max_size=60), st.sampled_from([b"", b"\1", b"\x81\0\x0c\0", b"\0\0\1\x40\1", b"\0\0\1\x42\1"]))
def test_whatever_a_file_holds_is_read_or_refused(data, begin):
    for read in (h264.read_parameter_sets, hevc.read_parameter_sets, av1.sample_format, av1.is_key_frame):
        with contextlib.suppress(BitstreamError):
            sets = read(begin + data)
            if isinstance(sets, hevc.ParameterSets):
                sets.spare_numbers()
                sets.numbered(3)
                sets.joined(sets).record()
    vp9.is_key_frame(begin + data)


@pytest.mark.parametrize(
    ("first", "key"),
    [(0x82, True), (0x86, False), (0x8A, False), (0xA2, True), (0xB0, True), (0x42, False)],
    ids=["profile 0", "inter", "shown again", "profile 1", "profile 3", "no marker"],
)
def test_keyframes_of_vp9_are_told_by_their_first_bits(first, key):
    assert vp9.is_key_frame(bytes([first, 0x49])) is key


@pytest.mark.parametrize(("header", "key"), [(0x10, True), (0x00, False), (0x30, False), (0x90, False)])
def test_only_keyframes_of_av1_that_are_shown_start_a_copy(header, key):
    sequence = bytes([av1.SEQUENCE_HEADER << 3 | 2, 1, 0])
    packet = sequence + bytes([av1.FRAME << 3 | 2, 2, header, 0])
    assert av1.is_key_frame(packet) is key
    assert av1.sequence_headers(packet) == (b"\0",)
    with pytest.raises(BitstreamError, match="longer than its packet"):
        av1.is_key_frame(sequence + bytes([av1.FRAME << 3 | 2, 9, header]))
