"""The chat that belongs to a video: a file beside it, as downloaders and people name it."""

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
"""What follows the video's name, without its own ending: ``match.mp4`` goes with ``match.chat.json``."""

DOWNLOADED_CHATS = ("live_chat", "rechat")
"""yt-dlp's names, among the subtitles, of the chats of YouTube and Twitch."""

MAX_OFFSET_SEC = 1e6
"""Furthest that a chat's times can be moved: more than eleven days, longer than any stream."""


@dataclass(frozen=True, slots=True)
class ChatFile:
    """A chat on disk.

    Attributes
    ----------
    path : Path
        The file.
    offset_sec : float
        Added to its times to bring them onto the video's timeline.
    was_named : bool
        Whether somebody named it; one that was only found beside the video must not stop the work.
    """

    path: Path
    offset_sec: float = 0.0
    was_named: bool = False

    def read(self) -> ChatLog:
        """Return the messages on the video's timeline; raises as `autoclip.chat.readers.read_chat`."""
        log = read_chat(self.path) if self.was_named else _read_found(self.path)
        return log.shifted(self.offset_sec)


def chat_beside(video: Path) -> ChatFile | None:
    """Return the chat that lies beside a video; None if there is none. Links are not followed."""
    if not video.name:
        return None
    names = [f"{video.stem}{ending}" for ending in ENDINGS]
    names += [f"subtitles.{name}.json" for name in DOWNLOADED_CHATS if video.stem == "video"]
    paths = (video.with_name(name) for name in names)
    return next((ChatFile(path) for path in paths if _is_file(path)), None)


def _is_file(path: Path) -> bool:
    """Whether there is a file, and no link; none has a name longer than names may be, as behind a long video's."""
    try:
        return path.is_file() and not path.is_symlink()
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return False
        raise


def _read_found(path: Path) -> ChatLog:
    """Read a chat that nobody named, unless a link has come into its place since it was found."""
    try:
        opened = open_beneath(path.parent, Path(path.name))
    except (NotFoundError, ParameterError) as error:
        raise MediaError(path, f"the chat can't be read: {error}") from error
    except OSError as error:
        raise MediaError(path, f"the chat can't be read: {error.strerror}") from error
    with closing(opened), opened.pinned():
        return read_chat(path)
