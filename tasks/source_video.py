"""The video and the chat of a task, opened once and read through their descriptors while the task runs."""

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
    """Open the video of a project; a file swapped into its place meanwhile is not read.

    Raises
    ------
    NotFoundError
        If the project has no video, or it no longer exists.
    ParameterError
        If it was replaced by a link to another place.
    MediaError
        If it is not readable.
    """
    if project.path is None:
        raise NotFoundError(f"project {project.name!r} ({project.id}): has no video yet; download it first")
    with _open(project.path, project.fingerprint) as path:
        yield path


@contextmanager
def registered_video(source: RegisteredVideo) -> Iterator[Path]:
    """Open a registered video; raises the same errors as `source_video`."""
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
        probe(path)  # reports what is wrong with it in its own words
        raise
    with pinned(opened):
        yield path


def chat_named(text: str) -> ChatFile | None:
    """Return the chat whose path a run was given; None without one.

    Raises
    ------
    MediaError
        If it does not exist, is not a regular file, or is not readable.
    ParameterError
        If a link leads out of the root that its path lies below.
    """
    if not text:
        return None
    chat = ChatFile(Path(text).expanduser().absolute(), was_named=True)
    with named_chat(chat):
        return chat


@contextmanager
def named_chat(chat: ChatFile | None) -> Iterator[None]:
    """Open a chat that the user named; raises as `chat_named`.

    A chat that was only found is opened where it is read.
    """
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
