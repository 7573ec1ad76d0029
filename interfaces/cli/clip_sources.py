"""Where a command takes clips from, an analysis folder or a project of the catalog; and which of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from autoclip.clips import Clip
from autoclip.errors import NotFoundError, ParameterError
from autoclip.settings import SegmentationMode

if TYPE_CHECKING:
    from storage.analysis_folder import AnalysisFolder
    from storage.catalog import Catalog, Project, Unit

Source = Annotated[
    str,
    typer.Argument(
        help="An analysis folder, or a project by its id or name ('autoclip projects').", show_default=False
    ),
]
Top = Annotated[int | None, typer.Option("--top", min=1, help="The best clips, so many.")]
ClipIds = Annotated[
    list[str] | None,
    typer.Option("--clip", metavar="CLIP", help="A clip, by its id, the beginning of it, or its name. Repeatable."),
]
OfMode = Annotated[
    str | None,
    typer.Option(
        "--mode",
        metavar="v1|v2",
        help="Only clips found in this mode; else those of the last analysis, of a project all.",
    ),
]
AllClips = Annotated[bool, typer.Option("--all", help="Every clip that was not rejected.")]
KeptClips = Annotated[bool, typer.Option("--kept", help="Every clip of a project whose verdict is 'kept', in time.")]

_FEWEST_LETTERS = 4
"""The beginning of an id has to be at least so long."""


@dataclass(frozen=True, slots=True)
class ClipSource:
    """Clips, and what they are cut from.

    Attributes
    ----------
    name : str
        The project's name, or that of the video.
    video : Path
        The video file.
    duration_sec : float
        Its length in seconds.
    clips : tuple of Clip
        Those of the mode that was asked for, in order of their start.
    known : mapping of str to Clip
        The clips of every mode, by id.
    folder : AnalysisFolder
        The analysis they came from.
    target : Path
        Where files that are made of them go.
    project : Project or None
        The project, for clips of the catalog.
    """

    name: str
    video: Path
    duration_sec: float
    clips: tuple[Clip, ...]
    known: Mapping[str, Clip]
    folder: AnalysisFolder
    target: Path
    project: Project | None = None


@dataclass(frozen=True, slots=True)
class ClipChoice:
    """Which clips: those named, in that order; those that people kept, in time; or else the best `top`, the best first.

    All when `top` is None. Clips that people rejected are meant only when they are named.
    """

    names: Sequence[str]
    top: int | None
    kept: bool = False

    @classmethod
    def of(
        cls,
        names: Sequence[str] | None,
        top: int | None,
        *,
        all_clips: bool,
        kept: bool = False,
        default: int | None,
    ) -> ClipChoice:
        """Read the options; `default` is how many when none of them is given.

        Raises
        ------
        ParameterError
            If they contradict each other.
        """
        if sum((top is not None, bool(names), all_clips, kept)) > 1:
            raise ParameterError("--top, --clip, --kept and --all exclude one another; keep one of them")
        return cls(tuple(names or ()), None if all_clips else top or default, kept)

    def among(self, clips: Sequence[Clip]) -> tuple[Clip, ...]:
        """Return the clips that are meant.

        Raises
        ------
        NotFoundError
            If there is no clip by one of the names, or several begin with it; or no clip was kept.
        """
        if self.names:
            return tuple(find_clip(name, clips) for name in self.names)
        if self.kept:
            return _kept(clips)
        candidates = [clip for clip in clips if _verdict(clip) != "rejected"]
        return tuple(sorted(candidates, key=lambda clip: -clip.quality_score)[: self.top])


def _kept(clips: Sequence[Clip]) -> tuple[Clip, ...]:
    found = tuple(clip for clip in clips if _verdict(clip) == "kept")
    if not found:
        raise NotFoundError("--kept: no clip has the verdict 'kept'; decide about clips in the review page first")
    return found


def _verdict(clip: Clip) -> str:
    """Return what a person decided about a clip; clips of an analysis folder know no verdict."""
    return getattr(clip, "verdict", "undecided")


def find_clip(wanted: str, clips: Sequence[Clip]) -> Clip:
    """Return a clip by its id, the beginning of its id, or its name.

    Raises
    ------
    NotFoundError
        If none or several are meant.
    """
    exact = [clip for clip in clips if clip.id == wanted] or [clip for clip in clips if clip.name == wanted]
    begun = [clip for clip in clips if len(wanted) >= _FEWEST_LETTERS and clip.id.startswith(wanted)]
    found = exact or begun
    if len(found) == 1:
        return found[0]
    reason = "several clips are meant; give the whole id" if found else f"not among the {len(clips)} clips"
    raise NotFoundError(
        f"clip {wanted}: {reason}; 'autoclip compound' and 'export' take ids, their beginning, or names"
    )


def open_clip_source(source: str, mode: str | None = None) -> ClipSource:
    """Return the clips of an analysis folder or of a project, those of one mode if it is given.

    Raises
    ------
    NotFoundError
        If `source` is neither, or its project has no video yet.
    ParameterError
        If there is no such mode.
    """
    from storage.analysis_folder import AnalysisFolder

    if mode not in {None, "v1", "v2"}:
        raise ParameterError(f"--mode {mode}: there are v1 and v2")
    chosen = cast("SegmentationMode | None", mode)
    folder = AnalysisFolder(Path(source))
    return _of_folder(folder, chosen) if folder.modes() else _of_project(source, chosen)


def open_the_catalog() -> Catalog:
    """Return the catalog of the environment."""
    from storage.catalog import catalog_of
    from storage.environment import read_environment

    return catalog_of(read_environment())


def _of_folder(folder: AnalysisFolder, mode: SegmentationMode | None) -> ClipSource:
    from autoclip.media.video import Video

    clips_file = folder.read_clips(mode)
    video = Video.model_validate(clips_file.video)
    return ClipSource(
        name=video.path.stem,
        video=folder.find_source(video.path, video.size_bytes),
        duration_sec=video.duration_sec,
        clips=clips_file.clips,
        known={clip.id: clip for each in folder.modes() for clip in folder.read_clips(each).clips},
        folder=folder,
        target=folder.root / "exports",
    )


def find_project(view: Unit, wanted: str) -> Project:
    """Return a project by its id, or by its name if no other bears it.

    Raises
    ------
    NotFoundError
        If there is none, or several have the name.
    """
    try:
        return view.projects.get(wanted)
    except NotFoundError:
        named = [project for project in view.projects.page(search=wanted).items if project.name == wanted]
    if len(named) == 1:
        return named[0]
    reason = "several projects bear this name; give the id" if named else "no project has this id or name"
    raise NotFoundError(f"{wanted}: {reason}; 'autoclip projects' lists them")


def _of_project(wanted: str, mode: SegmentationMode | None) -> ClipSource:
    from storage.data_folder import DataFolder
    from storage.environment import read_environment

    try:
        with open_the_catalog().reading() as view:
            project = find_project(view, wanted)
            clips = view.clips.page(project.id).items
    except NotFoundError as error:
        raise NotFoundError(f"{error}; 'autoclip analyze VIDEO -o FOLDER' makes a folder to take clips from") from error
    if project.path is None:
        raise NotFoundError(f"the project {project.id} has no video yet; see 'autoclip jobs'")
    folder = DataFolder(read_environment().data_dir).project(project.id)
    return ClipSource(
        name=project.name,
        video=project.path,
        duration_sec=project.duration_sec or 0.0,
        clips=tuple(clip for clip in clips if mode in {None, clip.mode}),
        known={clip.id: clip for clip in clips},
        folder=folder,
        target=project.output_folder or folder.exports,
        project=project,
    )
