"""Tone mapping: the published points of the curves, and what mapping must keep."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoclip.media.tone_mapping import (
    REFERENCE_WHITE_NITS,
    compress_highlights,
    hlg_to_nits,
    nits_to_pq,
    pq_to_nits,
    to_srgb,
)


def gray(*levels: float) -> np.ndarray:
    return np.repeat(np.array([levels], dtype=np.float64)[..., None], 3, axis=-1)


@pytest.mark.parametrize(("nits", "code"), [(0, 0), (100, 0.508), (203, 0.58), (1000, 0.752), (10_000, 1)])
def test_pq_passes_through_the_points_of_bt2408(nits, code):
    assert nits_to_pq(np.array(nits, dtype=float)) == pytest.approx(code, abs=1e-3)


@given(st.floats(0, 10_000))
def test_pq_there_and_back(nits):
    assert pq_to_nits(nits_to_pq(np.array(nits))) == pytest.approx(nits, rel=1e-6, abs=1e-6)


def test_hlg_white_is_at_75_percent():
    assert hlg_to_nits(gray(0.75))[0, 0, 0] == pytest.approx(203, abs=1)  # ITU-R BT.2408, table 1
    assert hlg_to_nits(gray(1.0))[0, 0, 0] == pytest.approx(1000, rel=1e-3)
    assert hlg_to_nits(gray(0.0))[0, 0, 0] == pytest.approx(0, abs=1e-3)


@given(st.lists(st.floats(0, 10_000), min_size=2, max_size=20))
def test_compression_keeps_order_and_stays_below_white(levels):
    ordered = gray(*sorted(levels))
    mapped = compress_highlights(ordered)[0, :, 0]
    assert np.all(np.diff(mapped) >= -1e-6)
    assert mapped.max() <= max(REFERENCE_WHITE_NITS, 0) * 1.001


def test_a_picture_below_white_is_left_alone():
    picture = gray(0, 1, 50, 203)
    assert np.array_equal(compress_highlights(picture), picture)


def test_shadows_and_hue_stay_when_highlights_are_compressed():
    picture = np.array([[[5.0, 5.0, 5.0], [1000.0, 500.0, 250.0]]])
    mapped = compress_highlights(picture)
    assert mapped[0, 0] == pytest.approx([5, 5, 5], rel=1e-3)
    assert mapped[0, 1] / mapped[0, 1, 0] == pytest.approx([1, 0.5, 0.25])


@pytest.mark.parametrize("transfer", ["smpte2084", "arib-std-b67"])
def test_black_stays_black_and_white_becomes_white(transfer):
    white = 0.5807 if transfer == "smpte2084" else 0.75
    codes = np.round(gray(0, white) * 65535).astype(np.uint16)
    shown = to_srgb(codes, transfer, "bt2020")
    assert shown[0, 0].max() <= 1
    assert shown[0, 1].min() >= 253


def test_a_gray_of_a_wide_gamut_stays_that_gray():
    codes = np.round(gray(0.5) * 65535).astype(np.uint16)
    shown = to_srgb(codes, "bt2020-10", "bt2020")
    assert np.ptp(shown) <= 1
    assert shown[0, 0, 0] == pytest.approx(0.5 * 255, abs=1)
