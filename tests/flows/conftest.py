"""A data folder of its own for each test, and a short video with a loud, moving moment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

SIZE = (64, 48)


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prefect_api: str) -> Path:
    folder = tmp_path / "data"
    monkeypatch.setenv("AUTOCLIP_DATA_DIR", str(folder))
    return folder


@pytest.fixture
def match(encode_tracks: Callable[..., Path], film: type, sound: type) -> Callable[..., Path]:
    """Encode 40 s at 5 fps: still, but for 4 s of noise that begin with a cut at 18 s."""

    def encode(name: str = "match.mp4", seed: int = 0, **options: object) -> Path:
        noise = np.random.default_rng(seed)
        still = [np.full((48, 64, 3), 60, np.uint8)] * 90
        action = [noise.integers(0, 255, (48, 64, 3), dtype=np.uint8) for _ in range(20)]
        calm = [np.full((48, 64, 3), 120, np.uint8)] * 90
        return encode_tracks(name, film([*still, *action, *calm], rate=5), sound(40.0), **options)

    return encode
