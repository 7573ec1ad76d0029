"""Read the chat files of common downloaders: yt-dlp, TwitchDownloader, chat-downloader, tables, IRC-style logs.

The content of a file decides its format, not its name:

- yt-dlp's ``live_chat`` of YouTube: one JSON object a line with ``replayChatItemAction``.
- Twitch's rechat (yt-dlp) and TwitchDownloader: JSON with ``content_offset_seconds``, ``commenter`` and ``message``.
- chat-downloader: JSON, or one object a line, with ``time_in_seconds``, ``author`` and ``message``.
- CSV with a header that names a time, an author and a text.
- Text: ``[1:02:03] <name> words`` or ``1:02:03 name: words``.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from autoclip.chat.messages import ChatLog, ChatMessage, chat_log
from autoclip.confinement import location_of
from autoclip.errors import MediaError
from autoclip.text_files import read_text

MAX_FILE_BYTES = 1 << 30
"""Largest chat file, in bytes. A day of the busiest chats takes some 300 MB as JSON."""

_TIME_COLUMNS = ("time_in_seconds", "time_sec", "content_offset_seconds", "offset", "timestamp", "time", "seconds")
_AUTHOR_COLUMNS = ("author", "author_name", "user_name", "username", "commenter", "chatter", "user", "name")
_TEXT_COLUMNS = ("message", "body", "text", "content", "comment")
_IRC_LINE = re.compile(
    r"^\s*\[?(?P<time>\d+(?::\d{1,2}){1,2}(?:\.\d+)?)\]?\s*(?:<(?P<nick>[^>]{1,80})>|(?P<name>[^:<>]{1,80}):)\s?(?P<text>.*)$"
)


def read_chat(path: Path) -> ChatLog:
    """Read the chat in a file of any supported downloader.

    Raises
    ------
    MediaError
        If the file can't be read, is not a chat in a supported format, or holds no message.
    """
    place = location_of(path)
    try:
        if place.stat().st_size > MAX_FILE_BYTES:
            raise MediaError(path, "a chat of more than 1 GiB is not read; cut it to the video's time")
        text = read_text(place, "utf-8-sig", "replace")
    except OSError as error:
        raise MediaError(path, f"the chat can't be read: {error.strerror}") from error
    try:
        log = chat_log(_messages(text))
    except csv.Error as error:
        raise MediaError(path, f"the chat's table can't be read: {error}; export it again") from error
    if not log.time_sec.size:
        raise MediaError(
            path,
            "found no chat message; supported are the chats of yt-dlp, TwitchDownloader and chat-downloader (JSON), "
            "CSV with columns time, author and message, and text such as '[0:01:23] <name> words'",
        )
    return log


def _messages(text: str) -> Iterator[ChatMessage]:
    """Parse the messages of a chat file. Entries that are not messages are skipped."""
    start = text.lstrip()[:1]
    if start == "[" and not _IRC_LINE.match(text.lstrip().partition("\n")[0]):
        yield from _json_messages(_entries(_parsed(text)))
    elif start == "{":
        whole = _parsed(text)
        yield from _json_messages(_entries(whole) if whole is not None else map(_parsed, text.splitlines()))
    elif _columns(next(csv.reader(text.splitlines()[:1]), [])):
        yield from _table_messages(text)
    else:
        yield from _irc_messages(text)


def _parsed(text: str) -> Any:  # noqa: ANN401 - JSON may hold anything
    """Parse JSON text; return None if it is not JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _entries(document: Any) -> Iterable[Any]:  # noqa: ANN401 - JSON may hold anything
    """Return the list of messages of a document, which is that list itself or holds it under a known key."""
    if isinstance(document, list):
        return document
    if isinstance(document, dict):
        found = next((document[name] for name in ("comments", "messages", "chat") if name in document), None)
        return found if isinstance(found, list) else [document]
    return ()


def _json_messages(entries: Iterable[Any]) -> Iterator[ChatMessage]:
    for entry in entries:
        if not isinstance(entry, dict):
            continue
        found = _youtube(entry) if "replayChatItemAction" in entry else _plain(entry)
        if found is not None:
            yield found


def _youtube(entry: Mapping[str, Any]) -> ChatMessage | None:
    """Parse a line of yt-dlp's ``live_chat``; return None if it is not a text message."""
    try:
        action = entry["replayChatItemAction"]
        offset = action.get("videoOffsetTimeMsec", entry.get("videoOffsetTimeMsec"))
        item = action["actions"][0]["addChatItemAction"]["item"]
        message = item.get("liveChatTextMessageRenderer") or item["liveChatPaidMessageRenderer"]
        runs = message.get("message", {}).get("runs", ())
        text = "".join(run.get("text") or _emoji(run) for run in runs)
        return ChatMessage(float(offset) / 1000, str(message["authorExternalChannelId"]), text)
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError):
        return None


def _emoji(run: Mapping[str, Any]) -> str:
    emoji = run.get("emoji", {})
    return str(next(iter(emoji.get("shortcuts", ())), emoji.get("emojiId", "")))


def _plain(entry: Mapping[str, Any]) -> ChatMessage | None:
    """Parse an object with a time, an author and a text; return None if one of them is missing."""
    time = _seconds(_first(entry, _TIME_COLUMNS))
    author, text = _first(entry, _AUTHOR_COLUMNS), _first(entry, _TEXT_COLUMNS)
    if isinstance(author, dict):
        author = _first(author, ("id", "_id", "name", "display_name"))
    if isinstance(text, dict):
        text = _first(text, ("body", "text"))
    if time is None or text is None:
        return None
    return ChatMessage(time, str(author), str(text))


def _first(entry: Mapping[str, Any], names: Iterable[str]) -> Any:  # noqa: ANN401 - JSON may hold anything
    """Return the value of the first name that exists."""
    return next((entry[name] for name in names if entry.get(name) is not None), None)


def _seconds(value: object) -> float | None:
    """Parse a time in seconds or as ``h:mm:ss``; return None if it is neither."""
    try:
        parts = [float(part) for part in str(value).strip().lstrip("-").split(":")]
    except ValueError:
        return None
    if not parts or len(parts) > len(("hours", "minutes", "seconds")):
        return None
    total = sum(part * 60.0**place for place, part in enumerate(reversed(parts)))
    return -total if str(value).strip().startswith("-") else total


def _columns(header: list[str]) -> tuple[str, str | None, str] | None:
    """Return the names of the columns of time, author and text; None if this is not the header of a chat."""
    known = {name.strip().casefold(): name for name in header}
    time, author, text = (
        next((known[name] for name in names if name in known), None)
        for names in (_TIME_COLUMNS, _AUTHOR_COLUMNS, _TEXT_COLUMNS)
    )
    return (time, author, text) if time and text else None


def _table_messages(text: str) -> Iterator[ChatMessage]:
    lines = text.splitlines()
    reader = csv.DictReader(lines)
    columns = _columns(list(reader.fieldnames or ()))
    if columns is None:
        return
    for row in reader:
        time = _seconds(row.get(columns[0]))
        if time is not None:
            yield ChatMessage(time, str(row.get(columns[1] or "")), row.get(columns[2]) or "")


def _irc_messages(text: str) -> Iterator[ChatMessage]:
    for line in text.splitlines():
        match = _IRC_LINE.match(line)
        time = _seconds(match["time"]) if match else None
        if match and time is not None:
            yield ChatMessage(time, (match["nick"] or match["name"]).strip(), match["text"])
