"""Names are safe everywhere, keep their script, and never take another file's place."""

import os
import stat
import unicodedata
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoclip.errors import ParameterError
from autoclip.export.names import NameFields, confined, file_name, publish
from autoclip.file_names import safe_name
from autoclip.settings import NAME_FIELDS, ExportSettings
from autoclip.timeline import Interval

FIELDS = NameFields("Match / Final", "Goal: 2-1?", 7, Interval(3723.5, 3733.5), "00ff", 0.81234, date(2025, 3, 1))


@given(st.text(max_size=400))
def test_a_safe_name_is_safe_and_stays_as_it_is(text):
    name = safe_name(text)
    assert name
    assert safe_name(name) == name
    assert not set(name) & set('<>:"/\\|?*\0')
    assert name[0] not in ".- "
    assert not name.endswith((".", " "))
    assert len(name.encode()) <= 235
    assert name == unicodedata.normalize("NFC", name)
    assert not any(unicodedata.category(c) in {"Cc", "Cs"} for c in name)


@given(
    st.sampled_from(["con", "PRN", "Aux", "NUL", "com1", "LPT9", "COM²"]),
    st.sampled_from(["", ".txt", ".tar.gz", " .x"]),
)
def test_device_names_of_windows_are_disarmed(device, rest):
    assert safe_name(device + rest).split(".")[0].strip().lower() != device.lower()


@pytest.mark.parametrize("name", ["ナサ émission 🚀", "عرض", "Größe", "👩‍👩‍👧"])
def test_scripts_and_emoji_are_kept(name):
    assert safe_name(name) == unicodedata.normalize("NFC", name)


def test_a_name_that_is_cut_ends_with_a_whole_character():
    assert safe_name("é" * 300, 11) == "é" * 5


def test_the_template_is_filled_in_and_made_safe():
    template = "{project}-{index:03}-{name}-{start}-{duration}-{quality:.2f}-{date}"
    assert file_name(template, FIELDS) == "Match - Final-007-Goal- 2-1--01.02.03.500-10.0s-0.81-2025-03-01.mp4"


def test_the_default_template_is_accepted():
    assert file_name(ExportSettings().name_template, FIELDS).startswith("Match - Final-007-")


def test_the_template_knows_the_fields_there_are():
    assert set(FIELDS.values()) == set(NAME_FIELDS)


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{nmae}", "name"),
        ("{index:zz}", "misuses"),
        ("{name", "well-formed"),
        ("{0}", "known are"),
        ("{name.__class__}", "known are"),
        ("{project[0]}", "known are"),
        ("a/{name}", "separator"),
        ("..\\{name}", "separator"),
        ("{name!r}", "conversions"),
        ("  ", "empty"),
        ("{index:.400000000f}", "above 200"),
        ("{quality:1000000000}", "above 200"),
        ("{name:201}", "above 200"),
        ("{name:>999999999999999999999}", "above 200"),
        ("{index:0" + "9" * 900 + "}", "above 200"),
        ("{index:\u0661\u0660\u0660\u0660\u0660\u0660\u0660\u0660\u0660\u0660}", "above 200"),
        ("{name:{index}}", "another field"),
        ("{quality:.{index}f}", "another field"),
        ("{name}" * 400, "characters"),
        ("x" * 1_000_000, "characters"),
    ],
)
def test_a_template_that_can_not_work_is_refused_when_it_is_set(template, said):
    with pytest.raises(ParameterError, match=said):
        ExportSettings.from_flat({"name_template": template})
    with pytest.raises(ParameterError, match=said):
        file_name(template, FIELDS)


@pytest.mark.parametrize("template", ["{name:200}", "{index:0200}", "{quality:.200f}", "{name:200}" * 90])
def test_what_a_template_may_ask_for_ends_at_the_longest_name(template):
    made = file_name(template, FIELDS)
    assert len(made.encode()) <= 255


def test_a_refusal_of_a_long_template_is_short():
    with pytest.raises(ParameterError) as refused:
        ExportSettings.from_flat({"name_template": "{name:201}" + "x" * 900})
    assert len(str(refused.value)) < 500


@pytest.mark.parametrize("name", ["../x.mp4", "/etc/passwd", "..", "a/b.mp4", ""])
def test_a_name_can_not_leave_its_folder(tmp_path, name):
    with pytest.raises(ParameterError, match="leads out"):
        confined(tmp_path, name)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path):
    inside = tmp_path / "exports"
    inside.mkdir()
    (inside / "clip.mp4").symlink_to(tmp_path / "precious.mp4")
    with pytest.raises(ParameterError, match="leads out"):
        confined(inside, "clip.mp4")


def test_publishing_never_replaces_unless_asked(tmp_path):
    target = tmp_path / "clip.mp4"
    for text, expected in (("first", "clip.mp4"), ("second", "clip (2).mp4"), ("third", "clip (3).mp4")):
        rendered = tmp_path / ".part"
        rendered.write_text(text)
        assert publish(rendered, target, overwrite=False).name == expected
    (tmp_path / ".part").write_text("fourth")
    assert publish(tmp_path / ".part", target, overwrite=True) == target
    assert target.read_text() == "fourth"
    assert (tmp_path / "clip (2).mp4").read_text() == "second"


@pytest.mark.parametrize("kind", ["folder", "pipe", "device", "link to a device"])
def test_only_a_regular_file_is_replaced(tmp_path, kind):
    target = tmp_path / "clip.mp4"
    if kind == "folder":
        target.mkdir()
    elif kind == "pipe":
        os.mkfifo(target)
    elif kind == "device":
        made_device(target)
    else:
        target.symlink_to("/dev/null")
    before = target.lstat()
    rendered = tmp_path / ".part"
    rendered.write_text("whole")
    with pytest.raises(ParameterError, match=r"clip\.mp4: is a .* and is not replaced; give the name of a file"):
        publish(rendered, target, overwrite=True)
    assert os.path.samestat(target.lstat(), before)
    assert publish(rendered, target, overwrite=False).name == "clip (2).mp4"


def made_device(path: Path) -> None:
    try:
        os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 7))  # what /dev/full is
    except PermissionError:
        pytest.skip("may not make a device here")
