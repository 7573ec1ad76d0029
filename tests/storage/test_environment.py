"""The environment is read once, checked, and passed on whole to child processes."""

from pathlib import Path

import pytest

from autoclip.errors import ParameterError
from storage.environment import Environment, read_environment

ABSENT = Path("no-such-file.env")


def read(**variables: str) -> Environment:
    return read_environment({f"AUTOCLIP_{name}": value for name, value in variables.items()}, ABSENT)


def test_defaults_need_no_variable() -> None:
    environment = read()
    assert environment.data_dir == Path("data").absolute()
    assert environment.catalog_path == Path("data/autoclip.duckdb").absolute()
    assert (environment.host, environment.port) == ("127.0.0.1", 8000)
    assert environment.origin("port") == "default"


def test_analysis_settings_are_read_by_their_flat_name() -> None:
    environment = read(SCENE_THRESHOLD="0.4", SEGMENTATION_MODE="v1")
    assert environment.settings.boundaries.scene_threshold == 0.4
    assert environment.settings.segmentation_mode == "v1"
    assert environment.origin("scene_threshold") == "environment"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SCENE_TRESHOLD", "0.4", "did you mean AUTOCLIP_SCENE_THRESHOLD"),
        ("DATADIR", "x", "did you mean AUTOCLIP_DATA_DIR"),
        ("PORT", "many", "AUTOCLIP_PORT is not allowed"),
        ("PORT", "70000", "AUTOCLIP_PORT is not allowed"),
        ("SCENE_THRESHOLD", "7", "scene_threshold = '7' is not allowed"),
        ("DATABASE_URL", "sqlite:///x.db", "AUTOCLIP_DATABASE_URL is not allowed"),
        ("ANALYSIS", "{}", "unknown variable AUTOCLIP_ANALYSIS"),
    ],
)
def test_what_is_wrong_is_said_by_name(name: str, value: str, said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        read(**{name: value})


def test_a_variable_wins_over_the_file(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("AUTOCLIP_PORT=9000\nAUTOCLIP_HOST=localhost\nOTHER=1\n")
    environment = read_environment({"AUTOCLIP_PORT": "9001", "PATH": "/bin"}, env_file)
    assert (environment.port, environment.origin("port")) == (9001, "environment")
    assert (environment.host, environment.origin("host")) == ("localhost", ".env")


def test_a_child_in_another_folder_reads_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    before = read(STEP_SEC="1.0", API_TOKEN="secret", CORS_ORIGINS="http://a, http://b", SOURCE_ROOTS="in")
    monkeypatch.chdir("/")
    after = read_environment(before.variables(), ABSENT)
    assert after.model_dump(exclude={"origins"}) == before.model_dump(exclude={"origins"})
    assert after.data_dir == tmp_path / "data"
    assert after.source_roots == (tmp_path / "in",)


def test_a_token_is_not_printed() -> None:
    assert "secret" not in repr(read(API_TOKEN="secret"))


def test_a_catalog_elsewhere(tmp_path: Path) -> None:
    assert read(DATABASE_URL=f"duckdb:///{tmp_path}/c.duckdb").catalog_path == tmp_path / "c.duckdb"
