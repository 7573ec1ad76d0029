"""Receive a file: streamed from the network to disk, with nothing left over on failure."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import Message
from io import FileIO
from pathlib import Path
from urllib.parse import unquote

import anyio
from anyio.to_thread import run_sync
from fastapi import Request
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from autoclip.errors import NO_ROOM, StorageError
from interfaces.api.problems import ApiError
from storage.atomic import PARTIAL, storage_faults
from storage.data_folder import RESERVE_BYTES, require_space

BLOCK_BYTES = 1 << 20
"""Bytes written at once: handing each 64 KB of the network to a thread would cost more than the writing."""

FIELD_BYTES = 64 * 1024
"""Maximum size of a form's text field, in bytes."""

MAX_FIELDS = 20
"""Maximum number of text fields in a form, counting repeated names."""

MAX_BOUNDARY_BYTES = 70
"""Maximum length of a form's boundary (RFC 2046, section 5.1.1)."""

PART_HEADER_BYTES = 8 * 1024
"""Maximum size of the headers of one part of a form, in bytes."""


@dataclass(slots=True)
class ReceivedForm:
    """The content of a form.

    Attributes
    ----------
    file_name : str
        The sender's name of the file; any text. Empty without a file.
    fields : dict of str to str
        Its text fields.
    """

    file_name: str = ""
    fields: dict[str, str] = field(default_factory=dict)


@asynccontextmanager
async def receiving(folder: Path) -> AsyncIterator[Path]:
    """Yield the path of a new file; it is removed at the end of the block unless it was moved."""
    path = folder / f".{secrets.token_hex(8)}{PARTIAL}"
    try:
        yield path
    finally:
        # Also when the client has disconnected, which cancels this task.
        with anyio.CancelScope(shield=True):
            await run_sync(lambda: path.unlink(missing_ok=True))


async def receive_form(request: Request, path: Path) -> ReceivedForm:
    """Write the file of a ``multipart/form-data`` body to `path`.

    Raises
    ------
    ApiError
        If the body is not a form, breaks off, holds several files, or the disk has no room (507).
    """
    _, options = parse_options_header(request.headers.get("content-type"))
    boundary = options.get(b"boundary")
    if not boundary:
        raise ApiError(400, "bad-form", "the form's Content-Type names no boundary; let your client set it")
    if len(boundary) > MAX_BOUNDARY_BYTES:
        raise ApiError(400, "bad-form", f"the form's boundary is longer than {MAX_BOUNDARY_BYTES} characters")
    with await run_sync(_opened, path) as file:
        reader = _FormReader(boundary)
        async for block in _blocks(request):
            data = reader.feed(block)
            if data:
                await run_sync(_write, file, data)
        reader.finish()
    return reader.form


async def receive_plain(request: Request, path: Path, *, offset: int = 0, limit: int | None = None) -> int:
    """Write a body that is the file itself to `path` from `offset` on; return its size afterwards.

    Data received before the client disconnected is kept, so that an upload can be resumed.

    Parameters
    ----------
    request : Request
        The request with the body.
    path : Path
        The file.
    offset : int
        Number of bytes received before.
    limit : int, optional
        Maximum size of the file.

    Raises
    ------
    ApiError
        507 if the disk is full; 413 as soon as more than `limit` bytes came; nothing of those is kept.
    """
    size = offset
    with await run_sync(_opened, path, offset) as file:
        try:
            async for block in _blocks(request):
                size += len(block)
                if limit is not None and size > limit:
                    await run_sync(file.truncate, offset)
                    raise too_long(limit)
                await run_sync(_write, file, block)
        except ClientDisconnect:
            return size
    return size


def too_long(announced: int) -> ApiError:
    """Return the refusal of a body that is longer than announced; the rest of it is not read."""
    reason = f"more came than the {announced:,} bytes that were announced"
    return ApiError(413, "too-large", reason, {"Connection": "close"})


def file_name_of(request: Request) -> str:
    """Return the file name in a Content-Disposition header (RFC 6266); empty if there is none."""
    message = Message()
    message["content-disposition"] = request.headers.get("content-disposition", "")
    return unquote(message.get_filename() or "")


async def require_room(folder: Path, size: int) -> None:
    """Raise an error if the disk lacks the required space.

    Raises
    ------
    ApiError
        507 if it does.
    """

    def check() -> None:
        try:
            require_space(folder, size + RESERVE_BYTES)
        except StorageError as error:
            raise ApiError(507, "no-room", _without_path(str(error), folder)) from error

    await run_sync(check)


async def _blocks(request: Request) -> AsyncIterator[bytes]:
    """Combine a body's chunks to blocks; data received before a disconnection is yielded first."""
    waiting = bytearray()
    try:
        async for chunk in request.stream():
            waiting += chunk
            if len(waiting) >= BLOCK_BYTES:
                yield bytes(waiting)
                waiting.clear()
    except ClientDisconnect:
        if waiting:
            yield bytes(waiting)
        raise
    if waiting:
        yield bytes(waiting)


def _opened(path: Path, offset: int = 0) -> FileIO:
    with storage_faults(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open(
            "r+b" if offset else "wb", buffering=0
        )  # data that could not be written now can't be written later either
        file.seek(offset)
        return file


def _write(file: FileIO, block: bytes) -> None:
    rest = memoryview(block)
    try:
        while rest:
            rest = rest[file.write(rest) :]
    except OSError as error:
        if error.errno in NO_ROOM:
            reason = "the disk that uploads come to is full; free space on the server and try again"
            raise ApiError(507, "no-room", reason) from error
        raise
    if shutil.disk_usage(file.name).free < RESERVE_BYTES // 2:
        raise ApiError(507, "no-room", "the disk is almost full; free space on the server and try again")


def _without_path(text: str, folder: Path) -> str:
    return text.removeprefix(f"{folder}: ")


def _too_large(reason: str) -> ApiError:
    """Return the refusal of a form; the rest of it is not read."""
    return ApiError(413, "too-large", reason, {"Connection": "close"})


class _FormReader:
    """Extracts the file from a form, chunk by chunk."""

    def __init__(self, boundary: bytes) -> None:
        self.form = ReceivedForm()
        self._header_name = bytearray()
        self._header_value = bytearray()
        self._disposition = b""
        self._field: str | None = None
        self._text = bytearray()
        self._in_file = False
        self._file_data = bytearray()
        self._parts = 0
        self._header_bytes = 0
        self._ended = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._part_begins,
                "on_header_field": self._adds_to(lambda: self._header_name),
                "on_header_value": self._adds_to(lambda: self._header_value),
                "on_header_end": self._header_ends,
                "on_headers_finished": self._headers_end,
                "on_part_data": self._part_data,
                "on_part_end": self._part_ends,
                "on_end": self._form_ends,
            },
        )

    def feed(self, block: bytes) -> bytes:
        """Parse a block; return the part that belongs to the file."""
        try:
            self._parser.write(block)
        except MultipartParseError as error:
            raise ApiError(400, "bad-form", f"the form is not well-formed: {error}") from error
        data = bytes(self._file_data)
        self._file_data.clear()
        return data

    def finish(self) -> None:
        """Refuse an incomplete form, or one without a file."""
        if not self._ended:
            raise ApiError(400, "bad-form", "the form broke off before its end; send it again")
        if not self.form.file_name:
            raise ApiError(422, "no-file", "the form holds no file; send one in the field 'file'")

    def _adds_to(self, buffer: Callable[[], bytearray]) -> Callable[[bytes, int, int], None]:
        def add(data: bytes, start: int, end: int) -> None:
            buffer().extend(data[start:end])
            self._header_bytes += end - start
            if self._header_bytes > PART_HEADER_BYTES:
                raise _too_large(f"the headers of a part of the form take more than {PART_HEADER_BYTES:,} bytes")

        return add

    def _part_begins(self) -> None:
        self._parts += 1
        if self._parts > MAX_FIELDS + 1:  # the file is a part, too
            raise _too_large(f"the form has more than {MAX_FIELDS} fields")
        self._header_bytes = 0
        self._disposition, self._field, self._in_file = b"", None, False
        self._text.clear()

    def _header_ends(self) -> None:
        if self._header_name.lower() == b"content-disposition":
            self._disposition = bytes(self._header_value)
        self._header_name.clear()
        self._header_value.clear()

    def _headers_end(self) -> None:
        _, options = parse_options_header(self._disposition)
        called = options.get(b"filename")
        if called is None:
            self._field = options.get(b"name", b"").decode(errors="replace")
            return
        if self.form.file_name:
            raise ApiError(422, "several-files", "the form holds several files; send one at a time")
        self._in_file = True
        self.form.file_name = called.decode(errors="replace") or "upload"

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._in_file:
            self._file_data += data[start:end]
            return
        self._text += data[start:end]
        if len(self._text) > FIELD_BYTES:
            raise _too_large(f"a field of the form is longer than {FIELD_BYTES:,} bytes")

    def _part_ends(self) -> None:
        if self._field is not None:
            self.form.fields[self._field] = self._text.decode(errors="replace")

    def _form_ends(self) -> None:
        self._ended = True
