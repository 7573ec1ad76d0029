"""The fingerprint of an analyzed video, in ``source.json`` of its analysis folder, so that it is not read again."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from autoclip.errors import StorageError
from storage.json_files import read_json, write_json
from storage.keys import FileIdentity


class _Remembered(BaseModel):
    identity: FileIdentity
    fingerprint: str


@dataclass(frozen=True, slots=True)
class SourceMemory:
    """A `storage.keys.FingerprintMemory` of one file, in the analysis folder `root`.

    It only saves reading: a damaged file is ignored, and a folder that can't be written keeps none.
    """

    root: Path

    @property
    def path(self) -> Path:
        """Return the path of the file."""
        return self.root / "source.json"

    def recall(self, identity: FileIdentity) -> str | None:
        """Return the fingerprint of exactly this file, or None."""
        with suppress(StorageError):
            known = read_json(self.path, _Remembered)
            return known.fingerprint if known is not None and known.identity == identity else None
        return None

    def remember(self, identity: FileIdentity, fingerprint: str) -> None:
        """Store a fingerprint in place of the last one."""
        with suppress(StorageError, OSError):
            write_json(self.path, _Remembered(identity=identity, fingerprint=fingerprint))
