"""Disks that are not mounted are not written to."""

from pathlib import Path

import pytest

from autoclip.errors import ExportError
from autoclip.export.mounts import require_mounted


def check(folder, tmp_path, fstab="", places=("mnt",)):
    table = tmp_path / "fstab"
    table.write_text(fstab)
    require_mounted(folder, [tmp_path / place for place in places], table)


@pytest.mark.parametrize("target", ["mnt/nas", "mnt/nas/clips/2026"])
@pytest.mark.parametrize("made", [False, True])
def test_a_missing_or_empty_mount_point_is_refused(tmp_path, target, made):
    (tmp_path / "mnt").mkdir()
    if made:
        (tmp_path / "mnt/nas").mkdir()
    with pytest.raises(ExportError, match="mount it first"):
        check(tmp_path / target, tmp_path)
    assert made == (tmp_path / "mnt/nas").exists()


def test_a_folder_with_something_in_it_is_taken_for_what_it_is(tmp_path):
    (tmp_path / "mnt/data/clips").mkdir(parents=True)
    check(tmp_path / "mnt/data/new", tmp_path)


def test_folders_elsewhere_may_be_made(tmp_path):
    check(tmp_path / "home/me/clips", tmp_path)


@pytest.mark.parametrize("point", ["backup", "back up"])
def test_a_mount_point_of_the_table_where_nothing_is_mounted_is_refused(tmp_path, point):
    (tmp_path / point).mkdir()
    escaped = str(tmp_path / point).replace(" ", "\\040")
    table = f"# disks\n//nas/clips {escaped} cifs rw 0 0\nUUID=1 / ext4 rw 0 1\nUUID=2 none swap sw 0 0\n"
    with pytest.raises(ExportError, match="nothing is mounted"):
        check(tmp_path / point / "clips", tmp_path, table)
    check(tmp_path / "other", tmp_path, table)


def test_what_is_mounted_is_fine():
    require_mounted(Path("/proc/self"), [Path("/proc")], Path("/nowhere"))
