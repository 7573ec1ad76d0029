"""What the stages of an analysis pass to each other: small, frozen, complete.

A stage finds everything it works on in what it is given, and nothing in what ran before it in the same folder. The
arrays stay in the folder's Parquet files; `ExtractedFeatures` says which.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from autoclip.clips import ClipsFile
from autoclip.errors import ParameterError
from autoclip.media.video import Video
from autoclip.selection.anchors import Anchor
from autoclip.selection.boundaries import Boundary
from autoclip.selection.filters import Verdict
from autoclip.selection.windows import Window
from autoclip.settings import Settings
from autoclip.signals.source_metadata import SourceMetadata
from stages.chat_files import ChatFile
from storage.analysis_folder import AnalysisFolder


@dataclass(frozen=True, slots=True)
class RegisteredVideo:
    """A video that was probed, and the folder its analysis goes to.

    Attributes
    ----------
    project_id : str
        What the ids of its clips are unique in: its project's id, or its fingerprint outside the catalog.
    root : Path
        The analysis folder.
    video : Video
        What the probe found.
    fingerprint : str
        Of its content.
    metadata : SourceMetadata or None
        What its source told of it; None when it has none to ask.
    chat : ChatFile or None
        The chat of the stream, when there is one.
    """

    project_id: str
    root: Path
    video: Video
    fingerprint: str
    metadata: SourceMetadata | None = None
    chat: ChatFile | None = None

    @property
    def folder(self) -> AnalysisFolder:
        """The analysis folder."""
        return AnalysisFolder(self.root)

    @property
    def name(self) -> str:
        """Name of the file."""
        return self.video.path.name

    def with_chat(self, named: ChatFile | None, offset_sec: float) -> RegisteredVideo:
        """Return the video with the chat that somebody named, or else with its own, moved in time.

        Parameters
        ----------
        named : ChatFile or None
            The chat that goes before the video's own.
        offset_sec : float
            Added to the chat's times to bring them onto the video's timeline.

        Raises
        ------
        ParameterError
            If there is an offset, but no chat.
        """
        chat = named or self.chat
        if chat is not None:
            return replace(self, chat=replace(chat, offset_sec=chat.offset_sec + offset_sec))
        if offset_sec:
            raise ParameterError(
                f"chat_offset = {offset_sec:g} moves a chat, and {self.name} has none beside it; name the file as chat"
            )
        return self


@dataclass(frozen=True, slots=True)
class ExtractedFeatures:
    """A video whose features lie in its folder.

    Attributes
    ----------
    source : RegisteredVideo
        The video.
    key : str
        Names content, settings and version that the features come from.
    reused : bool
        Whether they were there already, so that nothing was decoded.
    warnings : tuple of str
        What the probe and the decode pass found damaged or missing.
    analysis_settings : Settings or None
        Those of the analysis, where clips are selected again from what it extracted.
    """

    source: RegisteredVideo
    key: str
    reused: bool = True
    warnings: tuple[str, ...] = ()
    analysis_settings: Settings | None = None

    @property
    def project_id(self) -> str:
        """The project, as in `RegisteredVideo`."""
        return self.source.project_id

    @property
    def path(self) -> Path:
        """Folder of the Parquet files."""
        return self.source.folder.features


@dataclass(frozen=True, slots=True)
class FoundAnchors:
    """The moments of a video, by time."""

    features: ExtractedFeatures
    anchors: tuple[Anchor, ...]


@dataclass(frozen=True, slots=True)
class ScoredBoundaries:
    """The places where a clip of a video may begin or end, by time."""

    features: ExtractedFeatures
    boundaries: tuple[Boundary, ...]


@dataclass(frozen=True, slots=True)
class CandidateWindows:
    """A window around each moment, by time, with the moments and boundaries it was made of."""

    features: ExtractedFeatures
    anchors: tuple[Anchor, ...]
    boundaries: tuple[Boundary, ...]
    windows: tuple[Window, ...]


@dataclass(frozen=True, slots=True)
class SelectedClips:
    """The clips of a video as its folder lists them, and what became of each candidate.

    Attributes
    ----------
    features : ExtractedFeatures
        What they were selected from.
    settings : Settings
        How.
    clips_file : ClipsFile
        The clips.
    anchors, windows, verdicts : tuple
        The moments, the candidates, and what each filter decided on each of them.
    warnings : tuple of str
        What went wrong since without ending the work, such as a thumbnail that could not be made.
    """

    features: ExtractedFeatures
    settings: Settings
    clips_file: ClipsFile
    anchors: tuple[Anchor, ...] = ()
    windows: tuple[Window, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def project_id(self) -> str:
        """The project, as in `RegisteredVideo`."""
        return self.features.project_id

    @property
    def all_warnings(self) -> tuple[str, ...]:
        """Everything that went wrong, from the probe on, without ending the work."""
        return (*self.features.warnings, *self.warnings)
