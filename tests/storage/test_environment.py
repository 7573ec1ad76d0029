"""The environment is read once, checked, and passed on whole to child processes."""

import os
import sys
from pathlib import Path

import pytest

from autoclip.errors import ParameterError
from autoclip.settings import OWNERS_SETTINGS, ExportSettings, Settings
from storage.environment import HARMLESS_NAMES, Environment, read_environment
from storage.variable_files import warn_of_ignored

ABSENT = Path("no-such-file.env")
OPERATIONS = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")


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
        ("LEAD_SEC", "1", "it is now called AUTOCLIP_PADDING_SEC"),
        ("NORMALISATION", "local", "it is now called AUTOCLIP_NORMALIZATION"),
        ("PORT", "many", "AUTOCLIP_PORT is not allowed"),
        ("PORT", "70000", "AUTOCLIP_PORT is not allowed"),
        ("SCENE_THRESHOLD", "7", "scene_threshold = '7' is not allowed"),
        ("DATABASE_URL", "sqlite:///x.db", "AUTOCLIP_DATABASE_URL is not allowed: .*as duckdb:///PATH or postgresql:"),
        ("STORE_URL", "http://127.0.0.1/", "AUTOCLIP_STORE_URL is not allowed: .*s3://BUCKET/PREFIX, gs://"),
        ("ANALYSIS", "{}", "unknown variable AUTOCLIP_ANALYSIS"),
        ("DECODES_AT_ONCE", "2", "it is now called AUTOCLIP_MAX_CONCURRENT_DECODES"),
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


UNTRUSTED = {
    "AUTOCLIP_FFMPEG": "/x/ff.sh",
    "AUTOCLIP_DATA_DIR": "/x",
    "AUTOCLIP_DATABASE_URL": "duckdb:////x/c.duckdb",
    "AUTOCLIP_SOURCE_ROOTS": "/",
    "AUTOCLIP_OUTPUT_ROOTS": "/",
    "AUTOCLIP_HOST": "0.0.0.0",
    "AUTOCLIP_PORT": "81",
    "AUTOCLIP_PREFECT_HOST": "evil.example",
    "AUTOCLIP_PREFECT_PORT": "81",
    "AUTOCLIP_WORK_POOL": "theirs",
    "AUTOCLIP_API_TOKEN": "known",
    "AUTOCLIP_TRUSTED_PROXIES": "0.0.0.0/0",
    "AUTOCLIP_CORS_ORIGINS": "http://evil.example",
    "AUTOCLIP_ALLOWED_HOSTS": "evil.example",
    "AUTOCLIP_ALLOW_PRIVATE_URLS": "true",
    "AUTOCLIP_REQUIRE_IF_MATCH": "true",
    "AUTOCLIP_UPLOAD_LIMIT_GB": "9999",
    "AUTOCLIP_MAX_PIXELS": "2147483647",
    "AUTOCLIP_KEEP_DELETED_DAYS": "0",
    "AUTOCLIP_REQUESTS_PER_SECOND": "0",
    "AUTOCLIP_FRONTEND_DIR": "/x",
    "AUTOCLIP_SERVE_FRONTEND": "true",
    "AUTOCLIP_RATER_URL": "http://evil.example/v1",
    "AUTOCLIP_RATER_MODEL": "theirs",
    "AUTOCLIP_RATER_KEY": "known",
    "AUTOCLIP_RATER_TIMEOUT_SEC": "3600",
    "AUTOCLIP_ENV_FILE": "/x/y.env",
    "AUTOCLIP_DASK_SCHEDULER": "tcp://evil.example:8786",
    "AUTOCLIP_STORE_URL": "file:///x",
    "AUTOCLIP_STORE_CACHE_GB": "1",
    "AUTOCLIP_MAX_CONCURRENT_DECODES_TOTAL": "1",
    "AUTOCLIP_MAX_CONCURRENT_RENDERS_TOTAL": "1",
    "AUTOCLIP_SPEECH_MODEL": "/x",
    "AUTOCLIP_SPEECH_TRANSCRIBER": "theirs",
    "AUTOCLIP_SPEECH_DOWNLOAD": "true",
}

HARMLESS_TEXTS = {
    "signal_weights", "analysis_audio", "length", "speech_language", "facecam", "title", "audio_tracks",
    "audio_mix", "name_template",
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder of its own, of which nothing was said yet."""
    monkeypatch.chdir(tmp_path)
    warn_of_ignored.cache_clear()
    return tmp_path


def written(path: Path, variables: dict[str, str]) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(f"{name}={value}\n" for name, value in variables.items()))
    return path


def test_every_variable_is_harmless_or_tried_here() -> None:
    """A new one is refused until somebody decides that it is harmless."""
    known = set(Environment.model_fields) - {"analysis", "origins"}
    assert {name.removeprefix("AUTOCLIP_").lower() for name in UNTRUSTED} | HARMLESS_NAMES >= known
    assert not {name.removeprefix("AUTOCLIP_").lower() for name in UNTRUSTED} & HARMLESS_NAMES


def test_every_setting_that_takes_any_text_is_harmless_or_its_owners() -> None:
    """A new one is asked about: does it name a program, a folder, an address or a permission?"""
    parameters = [*Settings.parameters(), *ExportSettings.parameters()]
    texts = {each.name for each in parameters if isinstance(each.default, str) and not each.choices}
    assert texts == HARMLESS_TEXTS | OWNERS_SETTINGS - {"speech_download"}
    assert {each.name for each in parameters} >= OWNERS_SETTINGS
    assert {f"AUTOCLIP_{each.name.upper()}" for each in Settings.parameters() if each.name in OWNERS_SETTINGS} <= set(
        UNTRUSTED
    )


@pytest.mark.parametrize("place", [".env", "data/.env"])
def test_a_file_that_nobody_named_sets_what_is_harmless_only(
    folder: Path, capsys: pytest.CaptureFixture[str], place: str
) -> None:
    written(folder / place, UNTRUSTED | {"AUTOCLIP_STEP_SEC": "1.0", "AUTOCLIP_DEBUG": "true"})
    environment = read_environment({})
    expected = Environment(analysis={"step_sec": "1.0"}, debug=True)
    assert environment.model_dump(exclude={"origins"}) == expected.model_dump(exclude={"origins"})
    read_environment({})
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert str(folder / place) in said[0]
    assert all(name in said[0] for name in UNTRUSTED)
    assert "--env-file" in said[0]
    assert "AUTOCLIP_ENV_FILE" in said[0]
    assert "/x/ff.sh" not in said[0]


def test_a_file_that_was_named_sets_anything(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    named = written(folder / "ours.env", {"AUTOCLIP_FFMPEG": "/opt/ffmpeg", "AUTOCLIP_PORT": "81"})
    written(folder / ".env", UNTRUSTED)
    environment = read_environment({"AUTOCLIP_ENV_FILE": "ours.env"})
    assert (environment.ffmpeg, environment.port, environment.env_file) == (Path("/opt/ffmpeg"), 81, named)
    assert environment.host == "127.0.0.1"
    assert capsys.readouterr().err == ""
    with pytest.raises(ParameterError, match="AUTOCLIP_ENV_FILE: there is no file"):
        read_environment({"AUTOCLIP_ENV_FILE": "other.env"})


def test_the_file_of_a_data_folder_that_was_named_sets_anything(folder: Path) -> None:
    written(folder / "kept" / ".env", {"AUTOCLIP_FFMPEG": "/opt/ffmpeg", "AUTOCLIP_PORT": "81"})
    environment = read_environment({"AUTOCLIP_DATA_DIR": str(folder / "kept"), "AUTOCLIP_PORT": "82"})
    assert (environment.ffmpeg, environment.port) == (Path("/opt/ffmpeg"), 82)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"A" * 2_000_000])
def test_a_file_that_is_none_is_said(folder: Path, content: bytes) -> None:
    (folder / ".env").write_bytes(content)
    with pytest.raises(ParameterError, match=r"\.env"):
        read_environment({})


def test_a_pipe_is_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / ".env")
    assert read_environment({}).origins == {}


@pytest.mark.parametrize("name", sorted(set(Environment.model_fields) - {"analysis", "origins"}))
def test_every_variable_is_in_the_table_of_the_operations_page(name: str) -> None:
    rows = [line for line in OPERATIONS.splitlines() if line.startswith("| `AUTOCLIP_")]
    assert any(f"`AUTOCLIP_{name.upper()}`" in row.split(" | ")[0] for row in rows)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere every name is text")
@pytest.mark.parametrize("name", ["DATA_DIR", "SOURCE_ROOTS", "OUTPUT_ROOTS", "FFMPEG"])
def test_a_folder_that_is_no_utf_8_is_refused_and_shown(name, tmp_path):
    folder = os.fsdecode(b"caf\xe9")
    with pytest.raises(ParameterError, match=f"AUTOCLIP_{name} is not allowed: .*caf\N{REPLACEMENT CHARACTER} is not"):
        read_environment({f"AUTOCLIP_{name}": str(tmp_path / folder)}, tmp_path / "no.env")
