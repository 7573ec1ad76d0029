"""Arrays that grow on disk: what comes out is what was written, however long, and a full disk is told."""

import resource
import signal
import tempfile
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoclip.errors import StorageError
from autoclip.signals.spooled_array import IN_MEMORY_BYTES, SpooledArray


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), max_size=20), st.sampled_from([(), (4,)]))
def test_what_is_written_comes_out_and_gaps_are_filled(parts, shape):
    spool, expected, first = SpooledArray(np.empty((*shape, 0), np.float32), fill=np.nan), [], 0
    for gap, count in parts:
        values = np.arange(np.prod(shape, dtype=int) * count, dtype=np.float32).reshape(*shape, count)
        spool.write(first + gap, values)
        expected += [np.full((*shape, gap), np.nan, np.float32), values]
        first += gap + count
    whole = spool.finish()
    assert whole.dtype == np.float32
    np.testing.assert_array_equal(whole, np.concatenate([np.empty((*shape, 0), np.float32), *expected], axis=-1))


@pytest.mark.parametrize("dtype", [np.float64, np.uint64, np.int64, np.bool_])
def test_what_no_longer_fits_into_memory_is_the_same(dtype):
    spool, values = SpooledArray(np.empty(0, dtype)), (np.arange(IN_MEMORY_BYTES) * 7 % 250).astype(dtype)
    for start in range(0, len(values), 1000):
        spool.append(values[start : start + 1000])
    np.testing.assert_array_equal(spool.finish(), values)


def test_the_file_is_gone_with_the_array(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    spool = SpooledArray(np.empty(0))
    spool.append(np.zeros(IN_MEMORY_BYTES))
    assert not list(tmp_path.iterdir())  # it has no name, so that nobody need remove it after a kill
    spool.finish()


def test_an_array_that_nobody_finishes_is_closed_without_a_word():
    with warnings.catch_warnings(action="error"):
        SpooledArray(np.empty(0)).append(np.zeros(3))


def test_a_disk_without_room_is_told_with_the_way_out(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 * IN_MEMORY_BYTES, limits[1]))
    try:
        spool = SpooledArray(np.empty(0))
        with pytest.raises(StorageError, match=rf"{tmp_path}: .*; free space there or set TMPDIR to another folder"):
            spool.append(np.zeros(IN_MEMORY_BYTES))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
