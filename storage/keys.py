"""Keys of results: the content, the relevant settings, and the version of the algorithm.

Equal keys mean equal results, so a result with the same key may be reused. A name, a path or a time of day is never
part of a key.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from autoclip.confinement import location_of
from autoclip.errors import ConflictError, MediaError
from autoclip.settings import ExtractionSettings, Settings
from autoclip.system.files import read_ahead
from storage.atomic import storage_faults

FINGERPRINT_DIGITS = 32
"""128 bits: two different files among a billion have the same fingerprint with a probability below 1e-20 (birthday
bound).
"""

READ_BYTES = 1 << 20

TIMESTAMP_RESOLUTION_NS = 2_000_000_000
"""Coarsest resolution of a file system's times: 2 s (FAT). A file changed more recently may change again undetected."""

GROWTH_SEC = 0.25
"""Seconds within which a file that is being copied grows; file systems update its time with each write."""


@dataclass(frozen=True, slots=True)
class FileIdentity:
    """The file system's metadata of a file; any write, rename or replacement changes it.

    Attributes
    ----------
    path : str
        Absolute path, symbolic links resolved.
    size, device, inode : int
        Size in bytes, and location of the content.
    mtime_ns, ctime_ns : int
        Times of the last change to the content and to the entry. Programs can change the first, but not the second.
    """

    path: str
    size: int
    device: int
    inode: int
    mtime_ns: int
    ctime_ns: int

    @classmethod
    def of(cls, path: Path) -> FileIdentity:
        """Read the metadata; for a pinned file, from its descriptor."""
        location = location_of(path)
        resolved = path.resolve() if location == path else path.absolute()
        facts = location.stat()
        return cls(str(resolved), facts.st_size, facts.st_dev, facts.st_ino, facts.st_mtime_ns, facts.st_ctime_ns)

    def settled(self, now_ns: int) -> bool:
        """Whether a later change is visible in the times: the last one is older than their resolution."""
        return now_ns - max(self.mtime_ns, self.ctime_ns) > TIMESTAMP_RESOLUTION_NS


class FingerprintMemory(Protocol):
    """Remembers fingerprints, so that a file is not read again (implemented by the catalog and analysis folders)."""

    def recall(self, identity: FileIdentity) -> str | None:
        """Return the fingerprint of exactly this file, or None."""

    def remember(self, identity: FileIdentity, fingerprint: str) -> None:
        """Store a fingerprint."""


def fingerprint(path: Path, memory: FingerprintMemory | None = None) -> str:
    """Return the fingerprint of a file: the first 128 bits of the SHA-256 of all its bytes.

    SHA-256 (FIPS 180-4) because CPUs have instructions for it: 1.7 GB/s measured, BLAKE2b 0.9 GB/s.

    Parameters
    ----------
    path : Path
        The file; it is streamed, so memory stays flat.
    memory : FingerprintMemory, optional
        Asked first, and given the result. Only a file whose last change is older than the resolution of file times is
        remembered, so a change within that resolution is not missed.

    Returns
    -------
    str
        32 hexadecimal digits.

    Raises
    ------
    ConflictError
        If the file changes while it is read.
    StorageError
        If the file can't be read.
    """
    with storage_faults(path):
        before = FileIdentity.of(path)
        known = memory.recall(before) if memory else None
        if known is not None:
            return known
        started_ns = time.time_ns()
        digest = _digest(path)
        if FileIdentity.of(path) != before:
            raise _still_written(path)
    if memory and before.settled(started_ns):
        memory.remember(before, digest)
    return digest


@contextmanager
def unchanged(path: Path) -> Iterator[None]:
    """Verify that a file that is read several times in the block does not change meanwhile.

    A file that is still being copied is often not readable as a video yet, so a file that changed just now is checked
    again before it is called broken.

    Raises
    ------
    ConflictError
        If the file changes meanwhile.
    """
    before = _identity(path)
    try:
        yield
    except MediaError as error:
        if before is not None and not before.settled(time.time_ns()):
            time.sleep(GROWTH_SEC)
        if _identity(path) != before:
            raise _still_written(path) from error
        raise
    if _identity(path) != before:
        raise _still_written(path)


def _identity(path: Path) -> FileIdentity | None:
    try:
        return FileIdentity.of(path)
    except (OSError, RuntimeError):  # the reader reports why
        return None


def _still_written(path: Path) -> ConflictError:
    return ConflictError(f"{path}: changed while it was read; try again when it is completely written")


def extraction_key(content: str, settings: ExtractionSettings, version: int | str) -> str:
    """Return the key of an extraction.

    Parameters
    ----------
    content : str
        The video's fingerprint.
    settings : ExtractionSettings
        The settings; each of them changes the features.
    version : int or str
        ``autoclip.extraction.EXTRACTION_VERSION``.

    Returns
    -------
    str
        32 hexadecimal digits.
    """
    # Before the setting existed, software decoded: those features keep their key.
    usual = {"decoder"} if settings.decoder == "software" else set()
    return _key("extraction", content, settings.model_dump(mode="json", exclude=usual), version)


def transcript_key(content: str, transcriber: str, settings: Mapping[str, object], version: int | str) -> str:
    """Return the key of a transcription.

    Parameters
    ----------
    content : str
        The video's fingerprint; for subtitles, with that of their file.
    transcriber : str
        Name of the transcriber.
    settings : mapping
        Everything that changes the words: model, language.
    version : int or str
        Version of our transcriber code.
    """
    return _key("transcript", content, {"transcriber": transcriber, **settings}, version)


def selection_key(extraction: str, settings: Settings, version: int | str) -> str:
    """Return the key of a selection.

    Parameters
    ----------
    extraction : str
        Key of the features it selects from (which covers the settings of the extraction).
    settings : Settings
        All settings except those of the extraction.
    version : int or str
        ``autoclip.selection.pipeline.SELECTION_VERSION``.

    Returns
    -------
    str
        32 hexadecimal digits.
    """
    return _key("selection", extraction, settings.model_dump(mode="json", exclude={"extraction"}), version)


def _digest(path: Path) -> str:
    """Hash a file as a stream."""
    digest = hashlib.sha256()
    with location_of(path).open("rb", buffering=0) as file:
        read_ahead(file)
        while block := file.read(READ_BYTES):
            digest.update(block)
    return digest.hexdigest()[:FINGERPRINT_DIGITS]


def _key(kind: str, origin: str, settings: dict[str, object], version: int | str) -> str:
    """Hash the parts in one canonical form."""
    text = json.dumps([kind, origin, settings, str(version)], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:FINGERPRINT_DIGITS]
