"""Find the chat of a video: a file beside it, named as downloaders and people name it."""

from __future__ import annotations

import errno
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from autoclip.chat.messages import ChatLog
from autoclip.chat.readers import read_chat
from autoclip.confinement import open_beneath
from autoclip.errors import MediaError, NotFoundError, ParameterError

ENDINGS = (".chat.json", ".chat.jsonl", ".chat.csv", ".chat.txt", ".live_chat.json", ".rechat.json")
"""Endings that replace the video's suffix: ``match.mp4`` goes with ``match.chat.json``."""

DOWNLOADED_CHATS = ("live_chat", "rechat")
"""yt-dlp's names, among the subtitles, for the chats of YouTube and Twitch."""

MAX_OFFSET_SEC = 1e6
"""Largest offset of a chat in seconds: more than eleven days, longer than any stream."""


@dataclass(frozen=True, slots=True)
class ChatFile:
    """A chat on disk.

    Attributes
    ----------
    path : Path
        The file.
    offset_sec : float
        Seconds added to its times to align them with the video.
    was_named : bool
        Whether the user named it. A chat that was only found beside the video must not stop the work.
    """

    path: Path
    offset_sec: float = 0.0
    was_named: bool = False

    def read(self) -> ChatLog:
        """Return the messages on the video's timeline; raises the same errors as `autoclip.chat.readers.read_chat`."""
        log = read_chat(self.path) if self.was_named else _read_found(self.path)
        return log.shifted(self.offset_sec)


def chat_beside(video: Path) -> ChatFile | None:
    """Return the chat beside a video; None if there is none. Links are not followed."""
    if not video.name:
        return None
    names = [f"{video.stem}{ending}" for ending in ENDINGS]
    names += [f"subtitles.{name}.json" for name in DOWNLOADED_CHATS if video.stem == "video"]
    paths = (video.with_name(name) for name in names)
    return next((ChatFile(path) for path in paths if _is_file(path)), None)


def _is_file(path: Path) -> bool:
    """Whether a regular file exists, not a link.

    A name longer than the limit, as beside a long video name, is no file.
    """
    try:
        return path.is_file() and not path.is_symlink()
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return False
        raise


def _read_found(path: Path) -> ChatLog:
    """Read a chat that was found beside the video, unless a link has replaced it since."""
    try:
        opened = open_beneath(path.parent, Path(path.name))
    except (NotFoundError, ParameterError) as error:
        raise MediaError(path, f"the chat can't be read: {error}") from error
    except OSError as error:
        raise MediaError(path, f"the chat can't be read: {error.strerror}") from error
    with closing(opened), opened.pinned():
        return read_chat(path)
