"""Add an uploaded file to the catalog: move it into its project's folder, or discard it if the content is known."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from autoclip.errors import MediaError
from autoclip.media.probe import probe
from autoclip.media.video import Video
from stages.register_video import named, with_facts
from storage.atomic import move
from storage.catalog import Catalog, Project, Source
from storage.data_folder import DataFolder
from storage.keys import fingerprint
from storage.names import file_name

SUFFIXES = {
    "mov": (".mp4", ".mov", ".m4v", ".3gp"),
    "matroska": (".mkv", ".webm"),
    "avi": (".avi",),
    "mpegts": (".ts", ".m2ts", ".mts"),
    "mpeg": (".mpg", ".mpeg", ".vob"),
    "flv": (".flv",),
    "asf": (".wmv", ".asf"),
    "ogg": (".ogv", ".ogg"),
    "mxf": (".mxf",),
}
"""Suffixes of each format, by the first of FFmpeg's names of it. A file with another suffix gets the first one."""


@dataclass(frozen=True, slots=True)
class IngestedUpload:
    """The project of an uploaded file, and whether it is new."""

    project: Project
    new: bool


def ingest_upload(catalog: Catalog, data_folder: DataFolder, path: Path, called: str, name: str = "") -> IngestedUpload:
    """Make an uploaded file the video of a project.

    Parameters
    ----------
    catalog : Catalog
        The catalog of the projects.
    data_folder : DataFolder
        The data folder.
    path : Path
        The received file; it no longer exists when this function ends.
    called : str
        Its name according to the sender; any text.
    name : str
        Name of the project, also for an existing one; empty keeps its name, or uses the file's.

    Raises
    ------
    MediaError
        If it is not a readable video, whatever its name.
    StorageError
        If the file can't be moved.
    """
    # From here on it is a name like any other, whatever was sent.
    called = file_name(Path(called).stem, Path(called).suffix)
    try:
        video = _probed(path, called)
        content = fingerprint(path)
        known = _known(catalog, content)
        if known is not None and known.path is not None and data_folder.has(known.path):
            with catalog.transaction() as unit:
                return IngestedUpload(named(unit, unit.projects.get(known.id), name), new=False)
        fresh = Project(name=name or Path(called).stem or "upload", source=Source(kind="upload", address=called))
        project = known or fresh
        place = data_folder.project(project.id).source / file_name(Path(called).stem, _suffix(video, called))
        move(path, place)
        data_folder.project(project.id).keep()  # first: another machine may find the project
        return _registered(catalog, data_folder, project, video.model_copy(update={"path": place}), content, name=name)
    finally:
        path.unlink(missing_ok=True)


def _known(catalog: Catalog, content: str) -> Project | None:
    with catalog.reading() as view:
        return next(iter(view.projects.with_fingerprint(content)), None)


def _registered(
    catalog: Catalog, data_folder: DataFolder, project: Project, video: Video, content: str, *, name: str
) -> IngestedUpload:
    """Record the project of a file that is in its place; if the same content was added meanwhile, that project wins."""
    taken = None
    try:
        with catalog.transaction() as unit:
            first = next(iter(unit.projects.with_fingerprint(content)), None)
            if first is None:
                taken = IngestedUpload(unit.projects.add(with_facts(project, video, content)), new=True)
            elif first.id == project.id:
                facts = with_facts(named(unit, first, name), video, content)
                taken = IngestedUpload(unit.projects.save(facts), new=False)
            else:
                return IngestedUpload(named(unit, first, name), new=False)
    finally:
        if taken is None:
            video.path.unlink(missing_ok=True)
            data_folder.project(project.id).forget(video.path)
    return taken


def _probed(path: Path, called: str) -> Video:
    """Probe, and use the sender's file name in errors."""
    try:
        return probe(path)
    except MediaError as error:
        raise MediaError(called, error.reason) from error


def _suffix(video: Video, called: str) -> str:
    """Return the suffix for the format that was found."""
    own = Path(called).suffix.lower()
    fitting = SUFFIXES.get(video.container.split(",")[0], (".video",))
    return own if own in fitting else fitting[0]
