"""What keeps a job from dask's workers is said with the way out."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from autoclip.errors import ParameterError, ServiceError
from stages.results import RegisteredVideo
from tasks import dask_workers


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RegisteredVideo:
    monkeypatch.setenv("AUTOCLIP_DATA_DIR", str(tmp_path))
    return RegisteredVideo("p0", tmp_path / "projects" / "p0", None, "c" * 32)


def test_without_a_store_it_is_asked_for(source):
    with pytest.raises(ParameterError, match=r"needs a store .* set AUTOCLIP_STORE_URL, too"):
        dask_workers.on_dask_workers(source, None, None)


def test_without_the_extra_it_is_named(source, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(ParameterError, match=r"pip install 'autoclip\[dask\]'"),
        dask_workers._runner("tcp://x:1", source),
    ):
        pass


def test_a_scheduler_that_is_not_there_is_named(source):
    dask = pytest.importorskip("dask", reason="needs the extra 'dask'")
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "1s"}),
        pytest.raises(
            ServiceError, match=r"tcp://127.0.0.1:9: dask's scheduler does not answer .*; start it, or unset"
        ),
        dask_workers._runner("tcp://127.0.0.1:9", source),
    ):
        pass
