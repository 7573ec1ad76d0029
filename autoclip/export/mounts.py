"""Mount points: files for another disk must not fill this one because that disk isn't mounted."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from autoclip.errors import ExportError

MOUNT_PLACES = (Path("/mnt"), Path("/media"), Path("/run/media"), Path("/Volumes"))
"""Where systems and people mount disks (Filesystem Hierarchy Standard 3.0, sections 3.10 and 3.12; macOS's
``/Volumes``)."""

FSTAB = Path("/etc/fstab")


def require_mounted(folder: Path, places: Iterable[Path] = MOUNT_PLACES, fstab: Path = FSTAB) -> None:
    """Refuse a folder on a disk that isn't mounted.

    That is a folder below a mount point of `fstab` where nothing is mounted, or below a place for mounts that holds
    neither a mounted disk nor a non-empty folder.

    Parameters
    ----------
    folder : Path
        The target folder; it need not exist.
    places : iterable of Path
        Folders in which disks are usually mounted.
    fstab : Path
        The table of file systems; it need not exist.

    Raises
    ------
    ExportError
        If the folder lies on such a disk.
    """
    way = [folder, *folder.parents]
    if any(os.path.ismount(step) for step in way if step != Path("/") and step not in places):
        return
    for step in way:
        if step in _mount_points(fstab):
            raise ExportError(f"{folder}: nothing is mounted at {step}; mount it first, or name another folder")
    below = next((step for step in way if step.parent in places), None)
    if below is not None and not (below.is_dir() and any(below.iterdir())):
        raise ExportError(
            f"{folder}: {below} is not a mounted disk; mount it first, or make that folder and put anything into it"
        )


def _mount_points(fstab: Path) -> frozenset[Path]:
    """Return the mount points in a table of file systems, except the root (fstab(5))."""
    try:
        lines = fstab.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return frozenset()
    fields = [line.split() for line in lines if not line.lstrip().startswith("#")]
    points = {Path(field[1].replace("\\040", " ")) for field in fields if len(field) > 1 and field[1].startswith("/")}
    return frozenset(points - {Path("/")})
