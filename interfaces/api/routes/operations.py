"""The changes of a project: list, undo, redo; restore deleted clips."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import Field

from autoclip.errors import NotFoundError
from interfaces.api.etags import Expected, tag
from interfaces.api.problems import documented
from interfaces.api.routes.clips import ClipView, show_clip
from interfaces.api.schemas.requests import MAX_PAGE, Listing, ListQuery, PathIdentity, View
from interfaces.api.services import ServicesDep
from storage.catalog import Operation, StoredClip, UnitOfWork

router = APIRouter(prefix="/projects/{project_id}", tags=["undo and redo"])


class LogQuery(ListQuery):
    """Which part of the log."""

    limit: int = Field(100, ge=0, le=MAX_PAGE, description="Maximum number of operations; 0: only where it stands.")


class OperationLog(Listing[Operation]):
    """Part of a project's log, the latest operation first."""

    undo: int | None = Field(description="Number of the operation that an undo would revert; null if there is none.")
    redo: int | None = Field(description="Number of the operation that a redo would repeat; null if there is none.")
    revision: int = Field(description="Increases with each operation, undo and redo; it is the ETag.")


class Replay(View):
    """What an undo or a redo did."""

    operation: Operation
    clips: list[ClipView] = Field(description="The clips it changed or restored, as they are now.")
    removed: list[str] = Field(description="Ids of the clips it removed.")
    undo: int | None = Field(description="Number of the operation that the next undo would revert.")
    redo: int | None = Field(description="Number of the operation that the next redo would repeat.")
    revision: int = Field(description="Increases with each operation, undo and redo; it is the ETag.")


@router.get("/operations", responses=documented(404))
def list_operations(
    project_id: PathIdentity, query: Annotated[LogQuery, Query()], services: ServicesDep, response: Response
) -> OperationLog:
    """List the changes that people and analyses made to a project, newest first."""
    with services.catalog.reading() as view:
        page = view.operations.page(project_id, limit=query.limit, offset=query.offset)
        ends = _ends(view, project_id)
    tag(response, ends["revision"])
    return OperationLog(items=list(page.items), total=page.total, limit=page.limit, offset=page.offset, **ends)


@router.post("/undo", responses=documented(404, 409, 412))
def undo(project_id: PathIdentity, expected: Expected, services: ServicesDep, response: Response) -> Replay:
    """Undo the last operation of a project, whoever made it.

    `If-Match` carries the ETag of the log; if something else has changed meanwhile, the undo is refused.
    """
    return _replayed(services, project_id, expected, lambda unit: unit.operations.undo(project_id), response)


@router.post("/redo", responses=documented(404, 409, 412))
def redo(project_id: PathIdentity, expected: Expected, services: ServicesDep, response: Response) -> Replay:
    """Redo the operation that was undone last. A new change makes this impossible."""
    return _replayed(services, project_id, expected, lambda unit: unit.operations.redo(project_id), response)


@router.get("/deleted-clips", responses=documented(404))
def list_deleted_clips(project_id: PathIdentity, services: ServicesDep) -> list[ClipView]:
    """List the deleted clips that can be restored, latest deletion first."""
    with services.catalog.reading() as view:
        return [ClipView.show(clip) for clip in view.operations.deleted_clips(project_id)]


@router.post("/clips/{clip_id}/restore", status_code=201, responses=documented(404, 409))
def restore_clip(
    project_id: PathIdentity, clip_id: PathIdentity, services: ServicesDep, response: Response
) -> ClipView:
    """Restore a deleted clip as it was, whatever has changed since."""
    with services.catalog.transaction() as unit:
        found = [clip for clip in unit.operations.deleted_clips(project_id) if clip.id == clip_id]
        if not found:
            raise NotFoundError(f"the project {project_id} has no deleted clip {clip_id} that could be restored")
        clip = unit.clips.add(_next_revision(found[0]))
        unit.operations.label(project_id, "restore")
    return show_clip(clip, response)


def _next_revision(clip: StoredClip) -> StoredClip:
    return clip.changed(revision=clip.revision + 1)


def _replayed(
    services: ServicesDep,
    project_id: str,
    expected: Expected,
    play: Callable[[UnitOfWork], Operation],
    response: Response,
) -> Replay:
    with services.catalog.transaction() as unit:
        expected.require("log of the project", project_id, unit.operations.revision(project_id))
        operation = play(unit)
        ids = [change.id for change in operation.changes if change.entity == "clip"]
        present = unit.clips.stored(project_id, ids)
        ends = _ends(unit, project_id)
    tag(response, ends["revision"])
    clips = [ClipView.show(clip) for clip in sorted(present.values(), key=lambda clip: clip.start)]
    return Replay(
        operation=operation, clips=clips, removed=[identity for identity in ids if identity not in present], **ends
    )


def _ends(view: UnitOfWork, project_id: str) -> dict[str, Any]:
    """Return the undo and redo state of a project's log."""
    undo, redo = view.operations.to_undo(project_id), view.operations.to_redo(project_id)
    return {
        "undo": undo and undo.number,
        "redo": redo and redo.number,
        "revision": view.operations.revision(project_id),
    }
