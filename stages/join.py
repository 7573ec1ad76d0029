"""Take a video file into the catalog: as the project that already has this content, or as a new one."""

from __future__ import annotations

from pathlib import Path

from autoclip.media.probe import probe
from autoclip.media.video import Video
from storage.catalog import Catalog, CatalogMemory, Project, Source, Unit
from storage.keys import fingerprint


def join_project(catalog: Catalog, path: Path, name: str = "") -> Project:
    """Return the project of a video file; make it when its content is new.

    A file is known by its content, so one that was renamed or copied is still the same project.

    Parameters
    ----------
    catalog : Catalog
        Where the projects are.
    path : Path
        The video.
    name : str
        What to call a new project; empty: the file's name.

    Raises
    ------
    MediaError
        If the file is no readable video; the catalog is left alone then.
    StorageError
        If the file changes while it is read, or the catalog can't be used.
    """
    path = path.expanduser().absolute()
    video = probe(path)
    content = fingerprint(path, CatalogMemory(catalog))
    with catalog.transaction() as unit:
        known = unit.projects.with_fingerprint(content)
        if known:
            return _found(unit, known[0], path)
        project = Project(name=name or path.stem or path.name, source=Source(kind="file", address=str(path)))
        return unit.projects.add(with_facts(project, video, content))


def take_in(catalog: Catalog, project_id: str, path: Path) -> Project:
    """Note what a project's file holds, once it is there (a download that ended, an upload).

    Raises
    ------
    NotFoundError
        If there is no such project.
    MediaError, StorageError
        As `join_project`.
    """
    video = probe(path)
    content = fingerprint(path, CatalogMemory(catalog))
    with catalog.transaction() as unit:
        before = unit.projects.get(project_id)
        after = with_facts(before, video, content)
        return before if after == before else unit.projects.save(after)


def _found(unit: Unit, project: Project, path: Path) -> Project:
    """Follow a file that was moved; a project keeps its own file as long as that exists."""
    if project.path is not None and project.path.exists():
        return project
    return unit.projects.save(project.changed(path=path))


def with_facts(project: Project, video: Video, content: str) -> Project:
    """Return the project with the facts of its video, whose fingerprint is `content`."""
    return project.changed(
        path=video.path,
        fingerprint=content,
        size_bytes=video.size_bytes,
        duration_sec=video.duration_sec,
        display_width=video.video.display_width,
        display_height=video.video.display_height,
        state=project.state if project.state == "analyzed" and project.fingerprint == content else "ready",
        error=None,
    )
