"""Register a video file in the catalog: as the project that has this content, or as a new one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from autoclip.media.probe import probe
from autoclip.media.video import Video
from autoclip.signals.source_metadata import ReplayedSpan, SourceMetadata
from stages.chat_files import chat_beside
from stages.known_video import require_same
from stages.results import RegisteredVideo
from storage.catalog import Catalog, CatalogMemory, Project, Source, UnitOfWork
from storage.data_folder import DataFolder
from storage.keys import fingerprint, unchanged


@dataclass(frozen=True, slots=True)
class Registration:
    """A project, and the probe result of its file."""

    project: Project
    video: Video
    fingerprint: str

    def within(self, data_folder: DataFolder) -> RegisteredVideo:
        """Return the video with the folder of its project."""
        folder = data_folder.project(self.project.id)
        metadata = metadata_of(self.project.source)
        chat = chat_beside(self.video.path)
        return RegisteredVideo(self.project.id, folder.root, self.video, self.fingerprint, metadata, chat)


def register_video(
    catalog: Catalog, path: Path, name: str = "", *, is_there: Callable[[Path], bool] = Path.exists
) -> Registration:
    """Return the project of a video file; create it if its content is new.

    A file is identified by its content, so a renamed or copied file belongs to the same project.

    Parameters
    ----------
    catalog : Catalog
        The catalog of the projects.
    path : Path
        The video.
    name : str
        Name of the project, also for an existing one; empty keeps its name, or uses the file's.
    is_there : callable
        Returns whether the file of an existing project exists; then the project keeps it.

    Raises
    ------
    MediaError
        If the file is not a readable video; the catalog is then unchanged.
    ConflictError
        If the file changes while it is read.
    StorageError
        If the catalog can't be used.
    """
    path = path.expanduser().absolute()
    with unchanged(path):
        video = probe(path)
        content = fingerprint(path, CatalogMemory(catalog))
    with catalog.transaction() as unit:
        known = unit.projects.with_fingerprint(content)
        if known:
            return Registration(_found(unit, known[0], video, name, is_there), video, content)
        project = Project(name=name or path.stem or path.name, source=Source(kind="file", address=str(path)))
        return Registration(unit.projects.add(with_facts(project, video, content)), video, content)


def register_file_of(catalog: Catalog, project_id: str, path: Path) -> Registration:
    """Store the facts of a project's file, after its download or before it is used again.

    Raises
    ------
    NotFoundError
        If there is no such project.
    MediaError, ConflictError, StorageError
        As in `register_video`.
    """
    with unchanged(path):
        video = probe(path)
        content = fingerprint(path, CatalogMemory(catalog))
    with catalog.reading() as view:
        before = view.projects.get(project_id)
    if with_facts(before, video, content) == before:
        return Registration(before, video, content)
    with catalog.transaction() as unit:
        after = unit.projects.save(with_facts(unit.projects.get(project_id), video, content))
        return Registration(after, video, content)


def same_file_of(catalog: Catalog, project_id: str, path: Path) -> Registration:
    """Return a project with its file, whose facts are stored already, for work on its clips.

    Raises
    ------
    NotFoundError
        If there is no such project.
    ConflictError
        If the file has other content than that of the project.
    MediaError, StorageError
        As in `register_video`, which stores facts that an earlier version left out.
    """
    with catalog.reading() as view:
        project = view.projects.get(project_id)
    if project.fingerprint is not None:
        require_same(path, project.fingerprint, CatalogMemory(catalog))
        if project.video is not None and project.video.is_complete:
            return Registration(project, project.video, project.fingerprint)
    return register_file_of(catalog, project_id, path)


def metadata_of(source: Source) -> SourceMetadata:
    """Return the metadata of a project's source: what viewers replay, and chapters."""
    return SourceMetadata(
        tuple(ReplayedSpan(span.start_sec, span.end_sec, span.value) for span in source.heatmap),
        tuple(chapter.start_sec for chapter in source.chapters),
    )


def _found(unit: UnitOfWork, project: Project, video: Video, name: str, is_there: Callable[[Path], bool]) -> Project:
    """Update a project whose file was moved. It keeps its own file as long as that exists, and takes the given name."""
    project = named(unit, project, name)
    stays = project.path is not None and is_there(project.path)
    found = project.changed(path=project.path if stays else video.path, media=video)
    return project if found.video == project.video else unit.projects.save(found)


def named(unit: UnitOfWork, project: Project, name: str) -> Project:
    """Return an existing project with the given name; without one, it keeps its own."""
    return unit.projects.save(project.changed(name=name)) if name and name != project.name else project


def with_facts(project: Project, video: Video, content: str) -> Project:
    """Return the project with the facts of its video, whose fingerprint is `content`."""
    return project.changed(
        path=video.path,
        fingerprint=content,
        size_bytes=video.size_bytes,
        duration_sec=video.duration_sec,
        display_width=video.video.display_width,
        display_height=video.video.display_height,
        media=video,
        state=project.state if project.state == "analyzed" and project.fingerprint == content else "ready",
        error=None,
    )
