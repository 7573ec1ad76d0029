"""Which files of a project's folder are copies of which version in the store: ``.copies.json`` in that folder."""

from __future__ import annotations

import os
import re
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from storage.json_files import read_json, write_json

INDEX = ".copies.json"

_UNFINISHED = re.compile(r"(^|/)\.|\.(part|ytdl|temp)(-Frag[0-9]+)?$|\.part-Frag[0-9]+")
"""Names of files that are being written: ours are hidden, yt-dlp's have their own suffixes."""


class Copy(BaseModel):
    """A file with the content of a version, as long as size, time and inode are unchanged."""

    model_config = ConfigDict(frozen=True)

    digest: str
    size: int
    mtime_ns: int
    inode: int

    @classmethod
    def at(cls, path: Path, digest: str) -> Copy:
        """Return the entry of a file whose content has this digest."""
        facts = path.stat()
        return cls(digest=digest, size=facts.st_size, mtime_ns=facts.st_mtime_ns, inode=facts.st_ino)

    def is_at(self, path: Path) -> bool:
        """Whether the file is unchanged since."""
        try:
            return Copy.at(path, self.digest) == self
        except FileNotFoundError:
            return False


class LocalIndex(BaseModel):
    """The copies in a project's folder, by name."""

    model_config = ConfigDict(frozen=True)

    version: int = 1
    copies: dict[str, Copy] = {}

    @classmethod
    def of(cls, root: Path) -> LocalIndex:
        """Read the index of a project's folder; empty if there is none. Raises as `read_json`."""
        return read_json(root / INDEX, cls) or cls()

    def write(self, root: Path) -> None:
        """Replace the index of a project's folder. Raises as `write_json`."""
        write_json(root / INDEX, self)

    def changed(self, copies: dict[str, Copy], gone: frozenset[str] = frozenset()) -> LocalIndex:
        """Return the index with additional copies, and without those that no longer exist."""
        kept = {name: copy for name, copy in self.copies.items() if name not in gone}
        return LocalIndex(copies=kept | copies)


def files_of(root: Path) -> tuple[str, ...]:
    """Return the complete files in a project's folder, by name; a folder that is removed meanwhile has none."""
    paths = (Path(parent, name) for parent, _, names in os.walk(root) for name in names)
    found = (path.relative_to(root).as_posix() for path in paths if path.is_file() and not path.is_symlink())
    return tuple(sorted(name for name in found if not _UNFINISHED.search(name)))
