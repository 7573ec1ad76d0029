"""Projects: one video each, from a file, an upload or an address."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Query, Response
from pydantic import Field, computed_field

from autoclip.errors import ConflictError, MediaError, NotFoundError
from autoclip.export.framing.facecam import require_within
from autoclip.media.video import SourceTimecode, Video
from autoclip.settings import Framing
from interfaces.api.etags import Expected, place, tag
from interfaces.api.guards.local_paths import make_folder, open_named, output_path, source_path
from interfaces.api.guards.web_addresses import web_address
from interfaces.api.job_submission import active_job
from interfaces.api.probe_cache import known_video
from interfaces.api.problems import ApiError, documented
from interfaces.api.schemas.requests import (
    ALWAYS_GIVEN,
    PATH_PATTERN,
    SORT_HELP,
    URL_PATTERN,
    Body,
    CleanName,
    CleanText,
    Listing,
    ListQuery,
    PathIdentity,
)
from interfaces.api.services import Services, ServicesDep
from stages.deleted_projects import remove_project
from stages.register_video import named, register_video
from storage.catalog import Analysis, ExportLayout, Project, ProjectState, Source
from storage.source_files import pinned

router = APIRouter(prefix="/projects", tags=["projects"])


class ProjectView(Project):
    """A project."""

    model_config = ALWAYS_GIVEN

    media: Video | None = Field(None, exclude=True)
    timecode: SourceTimecode | None = Field(
        None, description="Timecode of the first frame; null if the video has none, or was not probed yet."
    )

    @computed_field(description="Address of its video.")  # type: ignore[prop-decorator]
    @property
    def video_url(self) -> str | None:
        """Address of the video; null as long as there is none."""
        return f"/api/projects/{self.id}/video" if self.path is not None else None

    @classmethod
    def of(cls, project: Project) -> Self:
        """Show a record."""
        return cls.model_validate(dict(project) | {"timecode": project.media.timecode if project.media else None})


class ProjectDetails(ProjectView):
    """A project with what was made of it."""

    clip_count: int = Field(0, description="Number of clips.")
    export_count: int = Field(0, description="Number of exports.")
    analyses: tuple[Analysis, ...] = Field((), description="The last analysis in each mode, newest first.")


class AddressRequest(Body):
    """A video to be downloaded."""

    url: CleanText = Field(
        description="Address of a video on YouTube or any other site yt-dlp knows.",
        examples=["https://www.youtube.com/watch?v=aqz-KE-bpKQ"],
        json_schema_extra=URL_PATTERN,
    )
    name: CleanName | None = Field(None, description="Name of the project; by default, that of the video.")


class FileRequest(Body):
    """A video that is on the server already."""

    path: CleanText = Field(
        description="Absolute path of the file.", examples=["/srv/videos/match.mp4"], json_schema_extra=PATH_PATTERN
    )
    name: CleanName | None = Field(None, description="Name of the project; by default, that of the file.")


class LayoutRequest(Body):
    """How exports fill a shape that is not the source's."""

    framing: Framing = Field("center", description="As the setting `framing`.", examples=["facecam-top"])
    facecam: str = Field(
        "",
        max_length=23,
        pattern=r"^(\d{1,5}(,\d{1,5}){3})?$",
        description="As the setting `facecam`: left,top,width,height of the camera in pixels; empty: it is found.",
        examples=["960,540,320,180"],
    )


class ProjectChange(Body):
    """Changes of a project. Omitted fields keep their values."""

    name: CleanName | None = Field(None, examples=["Grand final"])
    layout: LayoutRequest | None = Field(
        None,
        description="How the exports of all its clips fill their shape, where their own settings don't say; "
        "null: nothing is prescribed.",
    )

    def changes(self) -> dict[str, object]:
        """Return the given fields."""
        named: dict[str, object] = {} if self.name is None else {"name": self.name}
        if "layout" in self.model_fields_set:
            named["layout"] = None if self.layout is None else ExportLayout.model_validate(self.layout.model_dump())
        return named


class FolderRequest(Body):
    """Where exports go."""

    folder: CleanText | None = Field(
        description="Absolute path of a folder; null for the project's own.",
        examples=["/srv/videos/clips"],
        json_schema_extra=PATH_PATTERN,
    )


KNOWN: dict[int | str, dict[str, Any]] = {200: {"model": ProjectView, "description": "It is a project already."}}


class ProjectQuery(ListQuery):
    """Which projects."""

    sort: Literal[
        "name", "-name", "created_at", "-created_at", "updated_at", "-updated_at", "duration_sec", "-duration_sec",
        "state", "-state",
    ] = Field("-created_at", description=SORT_HELP)  # fmt: skip
    state: ProjectState | None = Field(None, description="Only those with this state.")
    search: CleanName | None = Field(None, description="Text that the name contains.")
    deleted: bool = Field(False, description="Only deleted projects that can be restored.")  # noqa: FBT003


@router.post("/youtube", status_code=201, responses={**KNOWN, **documented(403)})
def create_from_address(body: AddressRequest, services: ServicesDep, response: Response) -> ProjectView:
    """Create a project from an address; a download job fetches its video. A known address returns its project (200)."""
    url = web_address(body.url, allow_private=services.environment.allow_private_urls)
    fresh = Project(name=body.name or url[:500], source=Source(kind="url", address=url))
    with services.catalog.transaction() as unit:
        known = unit.projects.from_address(url)
        project = named(unit, known[0], body.name or "") if known else unit.projects.add(fresh)
    response.status_code = 200 if known else 201
    return show_project(project, response)


@router.post("/local", status_code=201, responses={**KNOWN, **documented(403, 404, 409, 415)})
def create_from_file(body: FileRequest, services: ServicesDep, response: Response) -> ProjectView:
    """Create a project from a file below a source root, without moving it. Known content returns its project (200)."""
    place = source_path(services.environment, body.path)
    path = place.path
    if not path.exists():
        raise NotFoundError(f"there is no file {str(path)!r} on this server; check the path, or upload the video")
    with services.catalog.reading() as view:
        known = view.projects.with_path(path)
    with pinned(open_named(place)):
        project = register_video(services.catalog, path, body.name or "").project
    # An existing project has another file, or was updated for this one, which changed its revision.
    new = not known and project.path == path and project.revision == 1
    response.status_code = 201 if new else 200
    return show_project(project, response)


@router.get("")
def list_projects(query: Annotated[ProjectQuery, Query()], services: ServicesDep) -> Listing[ProjectView]:
    """List the projects."""
    with services.catalog.reading() as view:
        page = view.projects.page(**query.model_dump())
    return Listing[ProjectView].of(page, map(ProjectView.of, page.items))


@router.get("/{project_id}", responses=documented(404))
def get_project(project_id: PathIdentity, services: ServicesDep, response: Response) -> ProjectDetails:
    """Show a project with its analyses."""
    with services.catalog.reading() as view:
        project = view.projects.get(project_id)
        details = ProjectDetails.of(project).changed(
            clip_count=view.clips.page(project_id, limit=0).total,
            export_count=view.exports.page(project_id, limit=0).total,
            analyses=view.analyses.of_project(project_id),
        )
    if project.media is None:
        details = details.changed(timecode=_probed_timecode(services, project))
    tag(response, details.revision)
    return details


@router.patch("/{project_id}", responses=documented(404, 412, 428))
def change_project(
    project_id: PathIdentity, change: ProjectChange, expected: Expected, services: ServicesDep, response: Response
) -> ProjectView:
    """Rename a project, or choose the layout of its exports."""
    with services.catalog.transaction() as unit:
        project = unit.projects.get(project_id)
        expected.require("project", project_id, project.revision)
        _require_camera_in_picture(project, change.layout)
        project = unit.projects.save(project.changed(**change.changes()))
    return show_project(project, response)


@router.delete("/{project_id}", status_code=204, responses=documented(404, 409, 412, 428, 503))
def delete_project(
    project_id: PathIdentity,
    expected: Expected,
    services: ServicesDep,
    permanently: Annotated[bool, Query(description="Remove it immediately and permanently.")] = False,  # noqa: FBT002
) -> None:
    """Delete a project with its clips and its folder. A local source file and exports in other folders stay.

    It can be restored for some days (`AUTOCLIP_KEEP_DELETED_DAYS`), unless it is deleted `permanently`.
    """
    active = active_job(services.jobs, project_id)
    if active is not None:
        raise ConflictError(f"the {active.type} job {active.id} is at work on it; cancel that first")
    with services.catalog.transaction() as unit:
        project = unit.projects.get(project_id, deleted=permanently)
        expected.require("project", project_id, project.revision)
        if project.deleted_at is None:
            unit.projects.discard(project_id)
    if permanently:
        remove_project(services.catalog, services.data_folder, project_id)
    else:
        services.data_folder.discard_project(project_id)


@router.post("/{project_id}/restore", responses=documented(404))
def restore_project(project_id: PathIdentity, services: ServicesDep, response: Response) -> ProjectView:
    """Restore a deleted project with its clips and its folder."""
    services.data_folder.restore_project(project_id)  # first: what is still deleted can be restored again
    with services.catalog.transaction() as unit:
        project = unit.projects.restore(project_id)
    return show_project(project, response)


@router.post("/{project_id}/output-folder", responses=documented(403, 404, 412, 428))
def set_output_folder(
    project_id: PathIdentity, body: FolderRequest, expected: Expected, services: ServicesDep, response: Response
) -> ProjectView:
    """Set the folder for the exports of a project: below an output root, created if missing."""
    folder = None
    with services.catalog.reading() as view:  # a refused request creates no folder
        expected.require("project", project_id, view.projects.get(project_id).revision)
    if body.folder is not None:
        place = output_path(services.environment, body.folder)
        make_folder(place)
        folder = place.path
    with services.catalog.transaction() as unit:
        project = unit.projects.get(project_id)
        expected.require("project", project_id, project.revision)
        project = unit.projects.save(project.changed(output_folder=folder))
    return show_project(project, response)


def _probed_timecode(services: Services, project: Project) -> SourceTimecode | None:
    try:
        return known_video(services, project).timecode
    except (ApiError, MediaError, NotFoundError):
        return None  # the project is shown anyway; requests for its video report the fault


def _require_camera_in_picture(project: Project, layout: LayoutRequest | None) -> None:
    if layout and layout.facecam and project.display_width and project.display_height:
        require_within(layout.facecam, project.display_width, project.display_height, project.name)


def show_project(project: Project, response: Response) -> ProjectView:
    """Show a project with its address and its ETag."""
    place(response, f"/api/projects/{project.id}", project.revision)
    return ProjectView.of(project)
