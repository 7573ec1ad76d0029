import os
import unicodedata

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from autoclip.errors import ParameterError
from storage.names import NAME_BYTES, confine, file_name, identifier

HOSTILE = [
    "", ".", "..", "...", "../../etc/passwd", "/etc/passwd", "..\\..\\windows", "C:\\x", "a\0b", "con", "CON.txt",
    "com1", "LPT\u00b9", "-rf", "--help", ".hidden", "trailing.", "trailing ", "a" * 100_000, "\u202egpj.exe",
    "NUL .mp4", "💥" * 999, "e\u0301" * 300, "\ud800", '|<>:"?*', " \t\n", "ａ／ｂ", "\u2028", "_con", "con:", ".-.-",
    "AUX\u00a0",
]  # fmt: skip


def names():
    return st.text(max_size=300) | st.sampled_from(HOSTILE) | st.text("./\\ -conCON1", max_size=9)


@given(names(), st.sampled_from(["", ".mp4", "mp4", ".tar.gz", "/../x", ".", "." + "x" * 500]))
@example("a" * NAME_BYTES, ".mp4")
@example("é" * NAME_BYTES, ".mp4")
def test_any_text_becomes_one_safe_name(text, suffix):
    name = file_name(text, suffix)
    assert 0 < len(name.encode()) <= NAME_BYTES
    assert not set(name) & set('<>:"/\\|?*\0')
    assert name[0] not in ".- "
    assert name[-1] not in ". "
    assert name.split(".")[0].rstrip().lower() not in {"con", "prn", "aux", "nul", "com1", "lpt1", "lpt\u00b9"}
    assert all(unicodedata.category(c) not in {"Cc", "Cf", "Cs"} or c in "\u200c\u200d" for c in name)
    assert unicodedata.is_normalized("NFC", name)
    assert file_name(name) == name


@pytest.mark.parametrize(
    "text", ["Größe 大 смотри", "日本語のクリップ", "Ahmed’s café №1", "a.b.c", "👩\u200d👧", "می\u200cخواهم"]
)
def test_letters_of_every_script_are_kept(text):
    assert file_name(text, ".mp4") == f"{text}.mp4"


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(names())
def test_a_safe_name_can_be_written_and_stays_in_its_folder(tmp_path, text):
    path = tmp_path / file_name(text, ".txt")
    path.write_text("x")
    assert path.name in os.listdir(tmp_path)  # noqa: PTH208
    assert confine(tmp_path, path.name) == path.resolve()
    path.unlink()


@pytest.mark.parametrize("text", ["0123456789abcdef", "a", "2024-match-1"])
def test_ids_pass(text):
    assert identifier(text) == text


@pytest.mark.parametrize("text", [*HOSTILE[:9], "con.txt", "A", "a/b", "a\n", "-a", "a" * 65, "é"])
def test_what_is_no_id_is_refused(text):
    with pytest.raises(ParameterError, match="not an id"):
        identifier(text)


@pytest.mark.parametrize("path", ["../x", "a/../../x", "/etc/passwd", "..", "link/x", "a\0b", "x" * 5000, "loop/x"])
def test_paths_that_lead_outside_or_nowhere_are_refused(tmp_path, path):
    root = tmp_path / "root"
    root.mkdir()
    (root / "link").symlink_to(tmp_path)
    (root / "loop").symlink_to(root / "loop")
    with pytest.raises(ParameterError):
        confine(root, path)


def test_paths_within_are_resolved(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert confine(tmp_path, "link/new.mp4") == (tmp_path / "a" / "new.mp4").resolve()
    assert confine(tmp_path, tmp_path / "a") == (tmp_path / "a").resolve()
    assert confine(tmp_path, ".") == tmp_path.resolve()


def test_a_name_too_long_for_file_systems_is_called_that(tmp_path):
    for name in ("é" * 128, "x" * 256, "\ud800" * 86):
        with pytest.raises(ParameterError, match=r"is a name of 25[68] bytes, and file systems allow 255"):
            confine(tmp_path, tmp_path / "a" / name / "b")
    assert confine(tmp_path, "x" * 255) == tmp_path.resolve() / ("x" * 255)
