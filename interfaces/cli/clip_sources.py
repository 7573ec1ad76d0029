"""Where a command takes clips from (an analysis folder or a project of the catalog), and which clips."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from autoclip.clips import Clip
from autoclip.errors import NotFoundError, ParameterError
from autoclip.settings import SegmentationMode
from interfaces.cli.options import full_path

if TYPE_CHECKING:
    from storage.catalog import Catalog, CompoundClip, Project, UnitOfWork
    from storage.clip_store import ClipStore

Source = Annotated[
    str,
    typer.Argument(
        help="An analysis folder, or a project by its id or name ('autoclip projects').", show_default=False
    ),
]
Top = Annotated[int | None, typer.Option("--top", min=1, help="This many of the best clips.")]
ClipIds = Annotated[
    list[str] | None,
    typer.Option("--clip", metavar="CLIP", help="A clip, by its id, the beginning of its id, or its name. Repeatable."),
]
OfMode = Annotated[
    str | None,
    typer.Option(
        "--mode",
        metavar="v1|v2",
        help="Only clips found in this mode; by default, those of the last analysis, or all clips of a project.",
    ),
]
AllClips = Annotated[bool, typer.Option("--all", help="Every clip that was not rejected.")]
KeptClips = Annotated[bool, typer.Option("--kept", help="Every clip whose verdict is 'kept', in chronological order.")]

_MIN_ID_CHARS = 4
"""Minimum length of the beginning of an id."""


@dataclass(frozen=True, slots=True)
class ClipChoice:
    """Which clips: the named ones, in that order; the kept ones, in order of time; or else the best `top`, best first.

    All if `top` is None. Rejected clips are included only when named.
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
        """Parse the options; `default` is the number of clips if none of them is given.

        Raises
        ------
        ParameterError
            If they contradict each other.
        """
        if sum((top is not None, bool(names), all_clips, kept)) > 1:
            raise ParameterError("--top, --clip, --kept and --all exclude one another; keep one of them")
        return cls(tuple(names or ()), None if all_clips else top or default, kept)

    def among(self, store: ClipStore) -> tuple[Clip, ...]:
        """Return the selected clips.

        Raises
        ------
        NotFoundError
            If no clip, or several, match one of the names; or no clip was kept.
        """
        if self.names:
            clips = store.clips()
            return tuple(find_clip(name, clips) for name in self.names)
        if self.kept:
            return _kept(store)
        candidates = store.clips(without_verdict="rejected")
        return tuple(sorted(candidates, key=lambda clip: -clip.quality_score)[: self.top])


def _kept(store: ClipStore) -> tuple[Clip, ...]:
    found = store.clips(verdict="kept")
    if not found:
        raise NotFoundError("--kept: no clip has the verdict 'kept'; decide about clips in the review page first")
    return found


def find_clip(wanted: str, clips: Sequence[Clip]) -> Clip:
    """Return a clip by its id, the beginning of its id, or its name.

    Raises
    ------
    NotFoundError
        If none or several match.
    """
    exact = [clip for clip in clips if clip.id == wanted] or [clip for clip in clips if clip.name == wanted]
    begun = [clip for clip in clips if len(wanted) >= _MIN_ID_CHARS and clip.id.startswith(wanted)]
    found = exact or begun
    if len(found) == 1:
        return found[0]
    reason = "several clips are meant; give the whole id" if found else f"not among the {len(clips)} clips"
    raise NotFoundError(
        f"clip {wanted}: {reason}; 'autoclip compound' and 'export' take ids, their beginning, or names"
    )


def in_order(clips: Sequence[Clip]) -> tuple[Clip, ...]:
    """Return clips in order of time."""
    return tuple(sorted(clips, key=lambda clip: clip.start))


def open_clips(source: str, mode: str | None = None) -> ClipStore:
    """Return the clips of an analysis folder or of a project, of one mode if given.

    Raises
    ------
    NotFoundError
        If `source` is neither, or its video does not exist.
    ParameterError
        If there is no such mode.
    """
    from storage.analysis_folder import AnalysisFolder
    from storage.clip_store import FolderClips

    if mode not in {None, "v1", "v2"}:
        raise ParameterError(f"--mode {mode}: there are v1 and v2")
    chosen = cast("SegmentationMode | None", mode)
    folder = AnalysisFolder(full_path(Path(source)))
    if not folder.modes():
        return _of_project(source, chosen)
    store = FolderClips(folder, chosen)
    store.source()
    return store


def _of_project(wanted: str, mode: SegmentationMode | None) -> ClipStore:
    from storage.clip_store import CatalogClips
    from storage.data_folder import DataFolder
    from storage.environment import read_environment

    catalog = open_the_catalog()
    try:
        with catalog.reading() as view:
            project = find_project(view, wanted)
    except NotFoundError as error:
        raise NotFoundError(f"{error}; 'autoclip analyze VIDEO -o FOLDER' makes a folder to take clips from") from error
    if project.path is None:
        raise NotFoundError(f"the project {project.id} has no video yet; download it first")
    return CatalogClips(catalog, project, DataFolder.of(read_environment()).open_project(project.id), mode)


def open_the_catalog() -> Catalog:
    """Return the catalog of the environment."""
    from storage.catalog import catalog_of
    from storage.environment import read_environment

    return catalog_of(read_environment())


def find_project(view: UnitOfWork, wanted: str) -> Project:
    """Return a project by its id, or by its name if that is unique.

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


def find_compound(wanted: str, store: ClipStore, source: str) -> CompoundClip:
    """Return a compound clip by its id, or by its name if that is unique.

    Parameters
    ----------
    wanted : str
        Id or name.
    store : ClipStore
        The store to search.
    source : str
        The user's name for the store.

    Raises
    ------
    NotFoundError
        If there is none, or several have the name.
    """
    compounds = store.compounds()
    found = [c for c in compounds if c.id == wanted] or [c for c in compounds if c.name == wanted]
    if len(found) == 1:
        return found[0]
    reason = "several bear this name; give the id" if found else "there is none by this id or name"
    known = ", ".join(f"{compound.id} ({compound.name})" for compound in compounds)
    hint = f"there are {known}" if known else f"'autoclip compound create {shlex.quote(source)}' makes one"
    raise NotFoundError(f"compound clip {wanted}: {reason}; {hint}")
