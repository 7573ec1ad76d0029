"""Files that were rendered of an analysis folder: the same export again finds its file instead of making another."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from autoclip.export.cuts.cut_spec import ExportResult
from autoclip.media.video import Video
from autoclip.settings import CutMethod, ExportSettings
from autoclip.speech.transcript import Transcript
from autoclip.timeline import Interval
from storage.atomic import storage_faults, write_atomically

EXISTS = "exists already, nothing was rendered"
"""What is noted of a file that was found."""

UNSEEN_SETTINGS = frozenset({"parallel_exports", "export_stall_sec", "disk_reserve_mb", "overwrite"})
"""Settings that nothing of a file depends on."""


class _Receipt(BaseModel):
    """What is known of one rendered file; its path as seen from the folder, its span in seconds of the source."""

    model_config = ConfigDict(frozen=True)

    path: Path
    size_bytes: int
    mtime_ns: int
    method: CutMethod
    start: float
    end: float
    frame_count: int
    notes: tuple[str, ...] = ()


_RECEIPTS = TypeAdapter(dict[str, _Receipt])


@dataclass(frozen=True, slots=True)
class FinishedFiles:
    """The receipts of the analysis folder `root`, in ``exports.json``: which file was made of what.

    A file that was changed, moved or deleted since counts as not there. The receipts only save work, so ones that can't
    be read are forgotten.
    """

    root: Path

    @property
    def path(self) -> Path:
        """The file."""
        return self.root / "exports.json"

    def find(self, key: str) -> ExportResult | None:
        """Return the file that was made under a key and is unchanged, with a note that says so."""
        receipt = self._all().get(key)
        path = None if receipt is None else self.root.absolute() / receipt.path
        if receipt is None or path is None or not path.is_file():
            return None
        facts = path.stat()
        if (facts.st_size, facts.st_mtime_ns) != (receipt.size_bytes, receipt.mtime_ns):
            return None
        span = Interval(receipt.start, receipt.end)
        return ExportResult(
            path,
            receipt.method,
            span,
            span,
            receipt.frame_count,
            receipt.size_bytes,
            (),
            (*receipt.notes, EXISTS),
        )

    def keep(self, made: Sequence[tuple[str, ExportResult]]) -> None:
        """Note files that were made, each under its key.

        Raises
        ------
        StorageError
            If the receipts can't be written.
        """
        fresh = {
            key: _receipt_of(result, self._told(result.path)) for key, result in made if EXISTS not in result.notes
        }
        if fresh:
            write_atomically(self.path, _RECEIPTS.dump_json(self._all() | fresh, indent=2) + b"\n")

    def key(
        self,
        video: Video,
        intervals: Sequence[Interval],
        target: Path,
        settings: ExportSettings,
        transcript: Transcript | None = None,
    ) -> str:
        """Return what a file is made of, in a word: the source as it is now, spans, name, settings and what is said.

        It is the same after the folder was moved together with its source.
        """
        facts = video.path.stat()
        parts: list[object] = [
            video.path.name,
            facts.st_size,
            facts.st_mtime_ns,
            [(interval.start, interval.end) for interval in intervals],
            str(self._told(target)),
            settings.model_dump(mode="json", exclude=set(UNSEEN_SETTINGS)),
        ]
        if transcript is not None:
            parts.append([transcript.between(interval.start, interval.end).words for interval in intervals])
        return hashlib.blake2s(repr(parts).encode(), digest_size=16).hexdigest()

    def _told(self, path: Path) -> Path:
        """Return a path as it is noted: seen from the folder where it lies below it."""
        root, whole = self.root.absolute(), path.absolute()
        return whole.relative_to(root) if whole.is_relative_to(root) else whole

    def _all(self) -> dict[str, _Receipt]:
        if not self.path.exists():
            return {}
        with storage_faults(self.path):
            content = self.path.read_bytes()
        try:
            return _RECEIPTS.validate_json(content)
        except ValidationError:
            return {}


def _receipt_of(result: ExportResult, told: Path) -> _Receipt:
    facts = result.path.stat()
    return _Receipt(
        path=told,
        size_bytes=facts.st_size,
        mtime_ns=facts.st_mtime_ns,
        method=result.method,
        start=result.actual.start,
        end=result.actual.end,
        frame_count=result.frame_count,
        notes=result.notes,
    )
