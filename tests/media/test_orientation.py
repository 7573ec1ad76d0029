"""Orientation: display matrices, display sizes, fitting into a box."""

import struct
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoclip.media.orientation import Orientation, Size, display_size, fitted, sane_aspect_ratio

sizes = st.builds(Size, st.integers(1, 4000), st.integers(1, 4000))
orientations = st.builds(Orientation, st.sampled_from([0, 90, 180, 270]), st.booleans())
right_angled = [
    (a, b, c, d)
    for a, b in ((1, 0), (-1, 0), (0, 1), (0, -1))
    for c, d in ((1, 0), (-1, 0), (0, 1), (0, -1))
    if a * d - b * c
]


@pytest.mark.parametrize(("a", "b", "c", "d"), right_angled)
def test_applying_an_orientation_moves_each_pixel_where_its_matrix_says(a, b, c, d):
    one, point = 1 << 16, 1 << 30
    matrix = struct.pack("=9i", a * one, b * one, 0, c * one, d * one, 0, 0, 0, point)
    pixels = np.arange(12).reshape(3, 4)
    places = {(a * p + c * q, b * p + d * q): pixels[q, p] for q in range(3) for p in range(4)}
    left, top = min(x for x, _ in places), min(y for _, y in places)
    shown = Orientation.from_display_matrix(matrix).apply(pixels)
    assert all(shown[y - top, x - left] == value for (x, y), value in places.items())
    assert shown.size == len(places)


def test_a_slight_tilt_is_rounded_to_the_nearest_right_angle():
    cosine, sine = round(0.9994 * 65536), round(0.0349 * 65536)  # 2 degrees
    matrix = struct.pack("=9i", cosine, sine, 0, -sine, cosine, 0, 0, 0, 1 << 30)
    assert Orientation.from_display_matrix(matrix) == Orientation(0, mirrored=False)


@given(sizes, orientations)
def test_the_display_size_is_that_of_the_picture_shown(size, orientation):
    small = Size(size.width % 50 + 1, size.height % 50 + 1)
    shown = orientation.apply(np.zeros((small.height, small.width, 3)))
    assert display_size(small, Fraction(1), orientation) == Size(shown.shape[1], shown.shape[0])


@given(sizes, sizes)
def test_what_is_fitted_touches_the_box_and_keeps_its_aspect(size, box):
    inside = fitted(size, box)
    assert inside.width <= box.width
    assert inside.height <= box.height
    assert inside.width == box.width or inside.height == box.height
    scale = min(box.width / size.width, box.height / size.height)
    assert abs(inside.width - max(1, size.width * scale)) <= 1
    assert abs(inside.height - max(1, size.height * scale)) <= 1


def test_a_mad_pixel_aspect_is_taken_for_damage():
    assert sane_aspect_ratio(None) == 1
    assert sane_aspect_ratio(Fraction(64, 33)) == Fraction(64, 33)
    assert sane_aspect_ratio(Fraction(1, 65535)) == 1
    assert sane_aspect_ratio(Fraction(65535)) == 1
    assert sane_aspect_ratio(Fraction(0)) == 1
