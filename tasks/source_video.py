"""The video and the chat a task reads: opened once, and read through their descriptors as long as the task works."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from autoclip.errors import MediaError, NotFoundError
from autoclip.media.probe import probe
from stages.chat_files import ChatFile
from stages.results import RegisteredVideo
from storage.catalog import Project
from storage.environment import read_environment
from storage.source_files import open_new_source, open_source, pinned
from tasks.places import data_folder, fingerprint_memory


@contextmanager
def source_video(project: Project) -> Iterator[Path]:
    """Open the video of a project; whatever is swapped into its place meanwhile is not read.

    Raises
    ------
    NotFoundError
        If the project has none, or it is gone.
    ParameterError
        If a link that leads elsewhere has come into its place.
    MediaError
        If it may not be read.
    """
    if project.path is None:
        raise NotFoundError(f"project {project.name!r} ({project.id}): has no video yet; download it first")
    with _open(project.path, project.fingerprint) as path:
        yield path


@contextmanager
def registered_video(source: RegisteredVideo) -> Iterator[Path]:
    """Open a registered video; raises as `source_video`."""
    with _open(source.video.path, source.fingerprint) as path:
        yield path


@contextmanager
def _open(path: Path, content: str | None) -> Iterator[Path]:
    folder = data_folder().project_of(path)
    if folder is not None and path.is_relative_to(folder.source):
        folder.fetch(folder.source)  # the chat and the subtitles beside it, too
    try:
        opened = open_source(path, read_environment().readable_roots, content, fingerprint_memory())
    except PermissionError as error:
        raise MediaError(path, "can't be opened: permission denied") from error
    with pinned(opened) as pinned_path:
        yield pinned_path


@contextmanager
def new_video(path: Path) -> Iterator[Path]:
    """Open a video that becomes a project; raises as `source_video`, and MediaError if it is not a regular file."""
    path = path.expanduser().absolute()
    try:
        opened = open_new_source(path, read_environment().readable_roots)
    except (NotFoundError, PermissionError):
        probe(path)  # says in its own words what is wrong with it
        raise
    with pinned(opened):
        yield path


def chat_named(text: str) -> ChatFile | None:
    """Return the chat whose path a run was given; None where it was given none.

    Raises
    ------
    MediaError
        If it does not exist, is not a regular file, or may not be read.
    ParameterError
        If a link leads out of the root that its name lies below.
    """
    if not text:
        return None
    chat = ChatFile(Path(text).expanduser().absolute(), was_named=True)
    with named_chat(chat):
        return chat


@contextmanager
def named_chat(chat: ChatFile | None) -> Iterator[None]:
    """Open a chat that somebody named; raises as `chat_named`. One that was only found is opened where it is read."""
    if chat is None or not chat.was_named:
        yield
        return
    try:
        opened = open_new_source(chat.path, read_environment().readable_roots)
    except NotFoundError as error:
        raise MediaError(chat.path, "is not a file on this machine; check the path of the chat") from error
    except PermissionError as error:
        raise MediaError(chat.path, "can't be opened: permission denied") from error
    with pinned(opened):
        yield
