"""How the clips of a project were selected: excitement, anchors, boundaries, and what was dropped and why."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from autoclip.errors import NotFoundError
from autoclip.report.document import dropped_windows
from autoclip.selection.boundaries import BoundaryKind
from autoclip.selection.filters import FilterStage
from autoclip.selection.pipeline import Selection
from interfaces.api.downsampling import downsample, nulls
from interfaces.api.problems import documented
from interfaces.api.schemas.requests import PathIdentity, QueryBody, View
from interfaces.api.services import ServicesDep
from stages.select_clips import load_selection
from storage.data_folder import ProjectFolder
from storage.keys import FileIdentity

router = APIRouter(prefix="/projects/{project_id}", tags=["signals"])

REMEMBERED = 16
"""Number of cached selections: a page requests the same one whenever it is opened, and computing it takes up to a
second.
"""


class SelectionQuery(QueryBody):
    """How finely."""

    points: int = Field(1000, ge=1, le=10_000, description="Maximum number of points of the excitement curve.")


class CurveView(View):
    """A curve from the beginning of the video on; null where nothing was measured."""

    step_sec: float
    values: list[float | None]


class AnchorView(View):
    """A moment that stands out."""

    time_sec: float
    score: float
    reason: str


class BoundaryView(View):
    """A place where a clip may begin or end."""

    starts_at_sec: float = Field(description="Start of a clip that begins at this boundary.")
    ends_at_sec: float = Field(description="End of a clip that ends at this boundary.")
    kind: BoundaryKind
    score: float


class DroppedView(View):
    """A candidate that became no clip."""

    start: float
    end: float
    quality_score: float
    stage: FilterStage
    reason: str = Field(description="Why, in English words.")
    value: float = Field(
        description="What the filter measured: intersection over union with the better clip (`overlap`), share of "
        "credits, share of low activity (`boring`), bits in which the pictures differ (`duplicate`), or place by "
        "quality, seconds or share of the video (`cutoff`)."
    )
    limit: float = Field(description="What it was compared with.")
    rival_start: float | None = Field(description="Start of the better clip it lost to; null if there is none.")


class SelectionView(View):
    """The way from the signals to the clips."""

    message: str
    excitement: CurveView
    anchors: list[AnchorView]
    boundaries: list[BoundaryView]
    dropped: list[DroppedView]


@router.get("/selection", responses=documented(404))
def get_selection(
    project_id: PathIdentity, query: Annotated[SelectionQuery, Query()], services: ServicesDep
) -> SelectionView:
    """Show how the clips of the last analysis were chosen, and what was dropped, with the reason."""
    folder = services.folder(project_id)
    modes = folder.modes()
    if not modes:
        raise NotFoundError(f"the project {project_id} was not analyzed yet; start an analysis first")
    return _remembered(folder.root, FileIdentity.of(folder.clips_path(modes[0])), query.points)


@functools.lru_cache(maxsize=REMEMBERED)
def _remembered(root: Path, _clips_file: FileIdentity, points: int) -> SelectionView:
    """Return the last selection, cached until the clips file is rewritten."""
    return _shown(load_selection(ProjectFolder(root)), points)


def _shown(selection: Selection, points: int) -> SelectionView:
    excitement = selection.excitement
    per_point = max(1, -(-excitement.curve.size // points))
    return SelectionView(
        message=selection.message,
        excitement=CurveView(
            step_sec=per_point * excitement.grid.step_sec,
            values=nulls(downsample(excitement.curve, per_point).max, digits=3),
        ),
        anchors=[AnchorView.from_attributes(anchor) for anchor in selection.anchors],
        boundaries=[
            BoundaryView.from_attributes(boundary, score=round(boundary.score, 4)) for boundary in selection.boundaries
        ],
        dropped=[
            DroppedView.from_attributes(
                window,
                start=window.interval.start,
                end=window.interval.end,
                rival_start=None if window.rival is None else window.rival.start,
            )
            for window in dropped_windows(selection.windows, selection.verdicts)
        ],
    )
