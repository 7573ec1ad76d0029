"""A data folder that the service can't work with is told in one sentence, before anything is started."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from interfaces.cli.app import run


@pytest.mark.parametrize("command", ["serve", "up"])
@pytest.mark.parametrize("place", ["a file", "a file/below", "loop", "closed/below"])
def test_an_unusable_data_folder_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str, place: str
) -> None:
    (tmp_path / "a file").write_bytes(b"")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "closed").mkdir(mode=0o500)
    if place.startswith("closed") and os.access(tmp_path / "closed", os.W_OK):
        pytest.skip("this user may write everywhere")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AUTOCLIP_DATA_DIR", str(tmp_path / place))
    assert run([command]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert line.startswith(f"autoclip: data folder {tmp_path / place}: can't be made (")
    assert line.endswith("; have AUTOCLIP_DATA_DIR name another folder")
