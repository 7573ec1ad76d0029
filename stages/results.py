"""The results that the stages of an analysis pass to each other: small, frozen, complete.

A stage gets all its input as arguments and does not depend on earlier work in the same folder. The arrays stay in the
folder's Parquet files, which `ExtractedFeatures` refers to.
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
    """A probed video and its analysis folder.

    Attributes
    ----------
    project_id : str
        Scope of the clips' ids: its project's id, or its fingerprint outside the catalog.
    root : Path
        The analysis folder.
    video : Video
        The probed video.
    fingerprint : str
        Fingerprint of its content.
    metadata : SourceMetadata or None
        Metadata of its source; None without a source.
    chat : ChatFile or None
        The chat of the stream, if there is one.
    """

    project_id: str
    root: Path
    video: Video
    fingerprint: str
    metadata: SourceMetadata | None = None
    chat: ChatFile | None = None

    @property
    def folder(self) -> AnalysisFolder:
        """Return the analysis folder."""
        return AnalysisFolder(self.root)

    @property
    def name(self) -> str:
        """Return the name of the file."""
        return self.video.path.name

    def with_chat(self, named: ChatFile | None, offset_sec: float) -> RegisteredVideo:
        """Return the video with the given chat, or else its own, with an offset.

        Parameters
        ----------
        named : ChatFile or None
            The chat to use instead of the video's own.
        offset_sec : float
            Seconds added to the chat's times to align them with the video.

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
    """A video whose features are in its folder.

    Attributes
    ----------
    source : RegisteredVideo
        The video.
    key : str
        Key of the content, settings and version of the features.
    reused : bool
        Whether they existed, so that nothing was decoded.
    warnings : tuple of str
        Damage and missing data found by the probe and the decode pass.
    analysis_settings : Settings or None
        The settings of the original analysis, if clips are selected again from its features.
    """

    source: RegisteredVideo
    key: str
    reused: bool = True
    warnings: tuple[str, ...] = ()
    analysis_settings: Settings | None = None

    @property
    def project_id(self) -> str:
        """Return the project id, as in `RegisteredVideo`."""
        return self.source.project_id

    @property
    def path(self) -> Path:
        """Return the folder of the Parquet files."""
        return self.source.folder.features


@dataclass(frozen=True, slots=True)
class FoundAnchors:
    """The anchors of a video, ordered by time."""

    features: ExtractedFeatures
    anchors: tuple[Anchor, ...]


@dataclass(frozen=True, slots=True)
class ScoredBoundaries:
    """The boundaries of a video, ordered by time."""

    features: ExtractedFeatures
    boundaries: tuple[Boundary, ...]


@dataclass(frozen=True, slots=True)
class CandidateWindows:
    """A window around each anchor, ordered by time, with the anchors and boundaries it was made from."""

    features: ExtractedFeatures
    anchors: tuple[Anchor, ...]
    boundaries: tuple[Boundary, ...]
    windows: tuple[Window, ...]


@dataclass(frozen=True, slots=True)
class SelectedClips:
    """The clips of a video as listed in its folder, and the verdicts on each candidate.

    Attributes
    ----------
    features : ExtractedFeatures
        The features they were selected from.
    settings : Settings
        The settings of the selection.
    clips_file : ClipsFile
        The clips.
    anchors, windows, verdicts : tuple
        The anchors, the candidates, and the verdict of each filter on each of them.
    warnings : tuple of str
        Problems since then that did not stop the work, such as a thumbnail that could not be made.
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
        """Return the project id, as in `RegisteredVideo`."""
        return self.features.project_id

    @property
    def all_warnings(self) -> tuple[str, ...]:
        """Return all problems, from the probe on, that did not stop the work."""
        return (*self.features.warnings, *self.warnings)
