"""The burned-in frame number survives scaling, and is never invented."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from synthetic_media.frame_code import INDEX_BITS, burn_frame_number, read_frame_number
from synthetic_media.frame_planes import Color, Picture

LAST = (1 << INDEX_BITS) - 1


def burned(index, width=640, height=360):
    picture = Picture(width, height)
    picture.fill(Color.from_hex("#7090a0"))
    burn_frame_number(picture, index)
    return picture.luma


@given(st.integers(0, LAST))
def test_reads_what_was_burned_in(index):
    assert read_frame_number(burned(index)) == index


@given(st.integers(0, LAST), st.sampled_from([(320, 180), (427, 240), (1280, 720), (640, 360), (960, 540)]))
def test_reads_a_scaled_frame(index, size):
    scaled = np.asarray(Image.fromarray(burned(index)).resize(size, Image.Resampling.BICUBIC))
    assert read_frame_number(scaled) == index


@pytest.mark.parametrize("level", [0, 16, 128, 235, 255])
def test_a_plain_picture_has_no_number(level):
    assert read_frame_number(np.full((360, 640), level, np.uint8)) is None


@given(st.integers(0, LAST), st.integers(2, 25))
def test_a_damaged_bit_is_noticed(index, cell):
    luma = burned(index).copy()
    edges = np.round((0.02 + 0.0125 * np.arange(29)) * 640).astype(int)
    luma[330:352, edges[cell] : edges[cell + 1]] ^= 0xFF
    assert read_frame_number(luma) is None


@pytest.mark.parametrize("index", [-1, LAST + 1])
def test_an_index_that_does_not_fit_is_refused(index):
    with pytest.raises(ValueError, match="frame number"):
        burned(index)
