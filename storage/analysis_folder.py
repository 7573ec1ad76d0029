"""The folder of an analysis: ``--output-dir`` of the command line, and ``projects/<id>`` of the data folder."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import numpy as np
from pydantic import ValidationError
from pydantic_core import from_json, to_json

from autoclip.clips import CLIPS_FILE_VERSION, ClipsFile
from autoclip.errors import NotFoundError, StorageError
from autoclip.settings import SegmentationMode, with_current_names
from autoclip.signals.table import Features
from autoclip.system.files import facts_of, is_file_of
from storage.atomic import replacing, storage_faults, write_atomically
from storage.corrections import CORRECTIONS
from storage.features import Origin, features_key, features_origin, read_features, write_features
from storage.transcripts import TRANSCRIPT, StoredTranscript, read_transcript, transcript_key_in, write_transcript


@dataclass(frozen=True, slots=True)
class AnalysisFolder:
    """Paths of an analysis's files, and atomic writes to them.

    ::

        <root>/v2_clips.json, v1_clips.json              the chosen clips
        <root>/features/{signals,events,envelope}.parquet
        <root>/features/transcript.parquet               what is said, if that was asked for
        <root>/debug/segmentation_{v2,v1}_debug.json     why these clips and no others
        <root>/thumbnails/*.jpg
        <root>/report.html
        <root>/source.json                               identity and fingerprint of the video's file

    Folders are created on write; reading a path creates nothing.

    Attributes
    ----------
    root : Path
        The folder.
    """

    root: Path

    @property
    def features(self) -> Path:
        """Return the folder of the features."""
        return self.root / "features"

    @property
    def debug(self) -> Path:
        """Return the folder of the debug documents."""
        return self.root / "debug"

    @property
    def thumbnails(self) -> Path:
        """Return the folder of the thumbnails."""
        return self.root / "thumbnails"

    @property
    def report(self) -> Path:
        """Return the path of the report page."""
        return self.root / "report.html"

    def make(self) -> None:
        """Create the folder, before hours are spent on what it is to hold.

        Raises
        ------
        StorageError
            If it can't be created or written to.
        """
        with storage_faults(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
        with storage_faults(self.features):
            self.features.mkdir(exist_ok=True)
            tempfile.TemporaryFile(dir=self.features).close()

    def clips_path(self, mode: SegmentationMode) -> Path:
        """Return the path of the clips file of `mode`."""
        return self.root / f"{mode}_clips.json"

    def debug_path(self, mode: SegmentationMode) -> Path:
        """Return the path of the debug document of `mode`."""
        return self.debug / f"segmentation_{mode}_debug.json"

    def modes(self) -> tuple[SegmentationMode, ...]:
        """Return the modes with a clips file, the most recently written first."""
        written = [(facts.st_mtime_ns, mode) for mode in _MODES if (facts := facts_of(self.clips_path(mode)))]
        return tuple(mode for _, mode in sorted(written, reverse=True))

    def write_clips(self, clips: ClipsFile) -> Path:
        """Write the clips file of its mode; return its path.

        Raises
        ------
        StorageError
            If it can't be written; an existing file is then unchanged. All ``write_...`` methods behave this way.
        """
        path = self.clips_path(clips.mode)
        write_atomically(path, clips.model_dump_json(indent=2) + "\n")
        return path

    def read_clips(self, mode: SegmentationMode | None = None) -> ClipsFile:
        """Read the clips of `mode`, or those written last.

        Raises
        ------
        NotFoundError
            If the folder contains none.
        StorageError
            If the file is damaged, or was written by a newer autoclip.
        """
        modes = self.modes() if mode is None else (mode,)
        if not modes or not self.clips_path(modes[0]).exists():
            raise NotFoundError(
                f"{self.root}: contains no {mode or 'analysis, no'} clips; analyze a video into it first"
            )
        return _clips_in(self.clips_path(modes[0]))

    def write_features(self, features: Features, origin: Origin) -> None:
        """Write features; see `storage.features.write_features`."""
        write_features(self.features, features, origin)

    def read_features(self) -> Features:
        """Read features; see `storage.features.read_features`."""
        return read_features(self.features)

    def features_key(self) -> str | None:
        """Return the key of the existing features, or None if there are none that can be reused."""
        return features_key(self.features)

    def features_origin(self) -> Origin | None:
        """Return the origin of the existing features; None without features."""
        return features_origin(self.features)

    def write_transcript(self, stored: StoredTranscript) -> None:
        """Write a transcript; see `storage.transcripts.write_transcript`."""
        write_transcript(self.features, stored)

    def read_transcript(self) -> StoredTranscript:
        """Read the transcript; see `storage.transcripts.read_transcript`."""
        return read_transcript(self.features)

    def words_changed_at(self) -> datetime | None:
        """Return when the transcript or its corrections were last written; None if there are none."""
        files = (self.features / name for name in (TRANSCRIPT, CORRECTIONS))
        written = [facts.st_mtime for path in files if (facts := facts_of(path))]
        return datetime.fromtimestamp(max(written), UTC) if written else None

    def transcript_key(self) -> str | None:
        """Return the key of the existing transcript, or None if there is none that can be reused."""
        return transcript_key_in(self.features)

    def find_source(self, recorded: Path, size_bytes: int) -> Path:
        """Return the path of the analyzed video: its recorded path, or beside the analysis if both were moved.

        Parameters
        ----------
        recorded : Path
            Its path at the time of the analysis.
        size_bytes : int
            Its size then, in bytes; a file of another size is another video.

        Raises
        ------
        NotFoundError
            If it is in neither place.
        """
        if recorded.is_file():
            return recorded
        root = self.root.absolute()
        places = [folder / name for folder in (root, root.parent) for name in (recorded.name, recorded)]
        found = next((place for place in places if is_file_of(place, size_bytes)), None)
        if found is None:
            raise NotFoundError(
                f"{recorded}: the analyzed video no longer exists, nor beside {self.root}; "
                f"put {recorded.name} beside that folder, or analyze it again"
            )
        return found

    def write_debug(self, mode: SegmentationMode, document: Any) -> Path:  # noqa: ANN401
        """Write a debug document of mappings, sequences, models, dataclasses and NumPy values.

        NaN and infinities become null, because JSON has none.
        """
        path = self.debug_path(mode)
        write_atomically(path, to_json(document, indent=2, inf_nan_mode="null", fallback=_plain) + b"\n")
        return path

    def write_report(self, page: Iterable[str]) -> Path:
        """Write the report page from its chunks; return its path."""
        with replacing(self.report) as partial, partial.open("w", encoding="utf-8") as file:
            file.writelines(page)
        return self.report


_MODES: tuple[SegmentationMode, ...] = get_args(SegmentationMode)


def _clips_in(path: Path) -> ClipsFile:
    """Read one clips file."""
    content = _json_in(path)
    version = content.get("version") if isinstance(content, dict) else None
    if isinstance(version, int) and version > CLIPS_FILE_VERSION:
        raise StorageError(
            f"{path}: has version {version}, this autoclip reads up to {CLIPS_FILE_VERSION}; update autoclip"
        )
    try:
        for clip in content["clips"]:
            clip.pop("duration", None)  # derived from start and end; see the model
        for name in {"settings", "analysis_settings"} & content.keys():
            content[name] = with_current_names(content[name])
        return ClipsFile.model_validate(content)
    except (ValidationError, TypeError, KeyError, AttributeError) as error:
        raise StorageError(f"{path}: is not a clips file; remove it and analyze the video again") from error


def _json_in(path: Path) -> Any:  # noqa: ANN401
    """Read one JSON file."""
    with storage_faults(path):
        content = path.read_bytes()
    try:
        return from_json(content)
    except ValueError as error:
        raise StorageError(f"{path}: is damaged ({error}); remove it and analyze the video again") from error


def _plain(value: object) -> object:
    """Convert NumPy values to Python's."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} can't be written as JSON")
