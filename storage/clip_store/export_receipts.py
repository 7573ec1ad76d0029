"""Files rendered from an analysis folder, in ``exports.json``, so that a repeated export finds its file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, model_validator

from autoclip.system.files import facts_of
from storage.atomic import write_atomically
from storage.catalog.records import Export
from storage.clip_store.interface import EXISTS, ExportSubject, relative_to_folder
from storage.json_files import content_of


class _Receipt(BaseModel):
    """One rendered file; its path is relative to the folder."""

    model_config = ConfigDict(frozen=True)

    path: Path
    size_bytes: int
    mtime_ns: int
    duration_sec: float
    note: str = ""

    @model_validator(mode="before")
    @classmethod
    def _as_written_before(cls, data: Any) -> Any:  # noqa: ANN401 - whatever the file holds
        """Convert a receipt of an earlier version, with a span and notes instead of a length and a note."""
        if isinstance(data, Mapping) and {"start", "end"} <= data.keys():
            span = data["end"] - data["start"]
            return {**data, "duration_sec": span, "note": "; ".join(data.get("notes", ()))}
        return data


_RECEIPTS = TypeAdapter(dict[str, _Receipt])


@dataclass(frozen=True, slots=True)
class ExportReceipts:
    """``exports.json`` of the analysis folder `root`: which file was rendered from what.

    A file that was changed, moved or deleted since counts as missing. Receipts only save work, so unreadable ones are
    discarded.
    """

    root: Path

    @property
    def path(self) -> Path:
        """Return the path of the file."""
        return self.root / "exports.json"

    def find(self, subject: ExportSubject, project_id: str) -> Export | None:
        """Return a record of an unchanged file that was rendered from a subject, with a note that says so."""
        receipt = self._all().get(self._key(subject))
        if receipt is None:
            return None
        path = self._absolute(receipt)
        facts = facts_of(path)
        if facts is None or (facts.st_size, facts.st_mtime_ns) != (receipt.size_bytes, receipt.mtime_ns):
            return None
        return Export(
            project_id=project_id,
            clip_id=subject.clip_id,
            compound_id=subject.compound_id,
            name=path.name,
            state="completed",
            path=path,
            settings=subject.settings.model_dump(mode="json"),
            note="; ".join(filter(None, (receipt.note, EXISTS))),
            size_bytes=receipt.size_bytes,
            duration_sec=receipt.duration_sec,
        )

    def paths(self) -> frozenset[Path]:
        """Return the files in the receipts, whether they exist or not."""
        return frozenset(self._absolute(receipt) for receipt in self._all().values())

    def add(self, subject: ExportSubject, record: Export) -> None:
        """Add the completed file of a record; raise `StorageError` if the receipts can't be written."""
        path = record.path
        if path is None or record.duration_sec is None:
            raise ValueError(f"a record of a completed file names it and its length, got {record}")
        facts = path.stat()
        receipt = _Receipt(
            path=relative_to_folder(path, self.root),
            size_bytes=facts.st_size,
            mtime_ns=facts.st_mtime_ns,
            duration_sec=record.duration_sec,
            note=record.note,
        )
        content = _RECEIPTS.dump_json(self._all() | {self._key(subject): receipt}, indent=2)
        write_atomically(self.path, content + b"\n")

    def _key(self, subject: ExportSubject) -> str:
        """Return a digest of a file's inputs; that of the source stays the same if it is moved."""
        facts = subject.source.stat()
        return subject.export_key((subject.source.name, facts.st_size, facts.st_mtime_ns), self.root)

    def _absolute(self, receipt: _Receipt) -> Path:
        return self.root.absolute() / receipt.path

    def _all(self) -> dict[str, _Receipt]:
        try:
            return _RECEIPTS.validate_json(content_of(self.path) or b"{}")
        except (ValidationError, TypeError):
            return {}
