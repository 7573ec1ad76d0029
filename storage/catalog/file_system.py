"""Require that a catalog is on a file system of this machine."""

from __future__ import annotations

from pathlib import Path

from autoclip.errors import StorageError

NETWORK_FILE_SYSTEMS = frozenset(
    {"afs", "beegfs", "ceph", "cifs", "glusterfs", "gpfs", "lustre", "nfs", "nfs4", "smb2", "smb3", "smbfs"}
    | {f"fuse.{name}" for name in ("ceph", "gcsfuse", "glusterfs", "juicefs", "rclone", "s3fs", "sshfs")}
)
"""Types in /proc/self/mountinfo (proc(5)) whose locks or caches don't work across machines as DuckDB needs."""

MOUNTS = Path("/proc/self/mountinfo")


def refuse_network_file_system(folder: Path, mounts: Path = MOUNTS) -> None:
    """Refuse a folder on a network file system; allow it where the system does not report the type (not Linux).

    Raises
    ------
    StorageError
        If it is on one; the message has the type and the way out.
    """
    kind = file_system_of(folder, mounts)
    if kind in NETWORK_FILE_SYSTEMS:
        raise StorageError(
            f"{folder}: lies on a network file system ({kind}), where two machines could damage the catalog; "
            "set AUTOCLIP_DATA_DIR to a folder on a local disk"
        )


def file_system_of(folder: Path, mounts: Path = MOUNTS) -> str | None:
    """Return the type of the file system of `folder`, or None if the system does not report it."""
    if not mounts.exists():
        return None
    resolved = folder.resolve()
    found: tuple[int, str | None] = (-1, None)
    for line in mounts.read_text("utf-8", "surrogateescape").splitlines():
        fields = line.split(" ")
        point = Path(_unescaped(fields[4]))
        # Of several mounts on one point the last one is visible.
        if resolved.is_relative_to(point) and len(point.parts) >= found[0]:
            found = (len(point.parts), fields[fields.index("-") + 1])
    return found[1]


def _unescaped(text: str) -> str:
    """Decode the octal escapes of white space and backslashes in a mount point (proc(5))."""
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(code, character)
    return text
