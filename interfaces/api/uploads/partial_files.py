"""Partial uploads as files: the received bytes, and a note about the whole upload.

An upload is ``<id>.partial`` beside ``<id>.json``, plus ``<id>.lock`` once data was added. Its offset is the size of
the file, so it always matches what is on disk, even after a crash.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from autoclip.errors import NotFoundError, StorageError
from autoclip.system.files import is_older
from interfaces.api.problems import ApiError
from storage.atomic import PARTIAL, storage_faults, write_atomically
from storage.file_locks import Timeout, file_lock

LIFETIME_SEC = 24 * 3600
"""Seconds without new data after which an upload is discarded."""

MAX_AT_ONCE = 100
"""Maximum number of unfinished uploads, so that starting many fills neither the disk nor a folder."""


class UploadNote(BaseModel):
    """The client's description of an upload."""

    model_config = ConfigDict(frozen=True)

    length: int
    called: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class PartialUpload:
    """An upload that has begun."""

    id: str
    note: UploadNote
    path: Path

    @property
    def offset(self) -> int:
        """Return the number of bytes received."""
        return self.path.stat().st_size

    @property
    def expires_at(self) -> float:
        """Return when it will be discarded, in seconds since 1970."""
        return self.path.stat().st_mtime + LIFETIME_SEC


@dataclass(frozen=True, slots=True)
class PartialUploads:
    """The folder of all partial uploads."""

    folder: Path

    def begin(self, note: UploadNote) -> PartialUpload:
        """Begin an upload.

        Raises
        ------
        ApiError
            429 if too many are unfinished.
        """
        with storage_faults(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            self._remove_expired()
            if len(list(self.folder.glob("*.json"))) >= MAX_AT_ONCE:
                raise ApiError(
                    429, "too-many-uploads", f"{MAX_AT_ONCE} uploads are unfinished; finish or delete some of them"
                )
            upload = PartialUpload(identity := secrets.token_hex(16), note, self._path(identity))
            upload.path.touch()
        try:
            write_atomically(self._note_path(identity), note.model_dump_json())
        except StorageError:
            self.remove(identity)
            raise
        return upload

    def get(self, identity: str) -> PartialUpload:
        """Return an upload.

        Raises
        ------
        NotFoundError
            If there is none with that id, or it was finished or discarded.
        """
        if re.fullmatch("[0-9a-f]{32}", identity):
            try:
                note = UploadNote.model_validate_json(self._note_path(identity).read_bytes())
                upload = PartialUpload(identity, note, self._path(identity))
                if upload.expires_at > time.time():
                    return upload
            except (OSError, ValidationError):
                pass  # removed, or about to be
        raise NotFoundError(f"there is no upload {identity[:80]!r}; it was finished, deleted or discarded")

    def remove(self, identity: str) -> None:
        """Remove an upload with all received data."""
        self._note_path(identity).unlink(missing_ok=True)
        self._path(identity).unlink(missing_ok=True)
        with suppress(OSError):  # Windows can't remove a locked file, but the lock's holder will
            self._lock_path(identity).unlink(missing_ok=True)

    @contextmanager
    def sole_writer(self, upload: PartialUpload) -> Iterator[None]:
        """Hold the exclusive right to add to an upload.

        Raises
        ------
        ApiError
            423 if another request is adding to it, because two at once would mix their bytes.
        """
        lock = file_lock(self._lock_path(upload.id))  # on Windows nobody else can write a file that is locked itself
        with storage_faults(upload.path):
            upload.path.stat()
            try:
                lock.acquire(timeout=0)
            except Timeout as error:
                raise ApiError(
                    423, "upload-in-use", "another request is adding to this upload; try again when it has ended"
                ) from error
        try:
            yield
        finally:
            lock.release()
            if not upload.path.exists():  # it was finished or discarded meanwhile
                self.remove(upload.id)

    def _remove_expired(self) -> None:
        for path in (path for ending in (".json", ".lock", PARTIAL) for path in self.folder.glob(f"*{ending}")):
            data = path.with_suffix(PARTIAL)  # while data arrives, the note stays as old as it is
            if is_older(path, LIFETIME_SEC) and (is_older(data, LIFETIME_SEC) or not data.exists()):
                path.unlink(missing_ok=True)

    def _path(self, identity: str) -> Path:
        return self.folder / f"{identity}{PARTIAL}"

    def _lock_path(self, identity: str) -> Path:
        return self.folder / f"{identity}.lock"

    def _note_path(self, identity: str) -> Path:
        return self.folder / f"{identity}.json"
