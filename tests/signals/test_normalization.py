import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from autoclip.signals.normalization import z_score

FINITE = st.floats(-1e6, 1e6, width=32)


@given(npst.arrays(np.float32, st.integers(0, 50), elements=FINITE | st.just(float("nan"))))
def test_mean_is_zero_deviation_one_and_nan_stays(values):
    z = z_score(values)
    assert z.dtype == np.float32
    np.testing.assert_array_equal(np.isnan(z), np.isnan(values))
    measured = z[~np.isnan(z)]
    if measured.any():
        assert measured.mean() == pytest.approx(0, abs=1e-3)
        assert measured.std() == pytest.approx(1, abs=1e-3)


@given(FINITE, st.integers(1, 100))
def test_a_signal_that_never_varies_is_zero(value, count):
    assert not z_score(np.full(count, value, np.float32)).any()


def test_a_known_case():
    np.testing.assert_allclose(z_score([1.0, np.nan, 3.0]), [-1, np.nan, 1])
