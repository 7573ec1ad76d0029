"""Open media files safely: the only place that passes a path to FFmpeg.

A file may be hostile. FFmpeg would follow a renamed HLS playlist to the network and a renamed concat script to any file
of this machine. Only self-contained formats are therefore opened, and only through the local file protocol. FFmpeg's
own limits on probing (5 MB, 2,500 packets, 1,000 streams) bound the work of opening.
"""

from __future__ import annotations

import errno
import stat
import threading
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import cast

import av
import av.error
from av.codec.hwaccel import HWAccel
from av.container import InputContainer
from av.stream import Discard, Stream
from av.video.stream import VideoStream

from autoclip.confinement import location_of
from autoclip.errors import MediaError, printable
from autoclip.media.ffmpeg import LOCAL_PROTOCOLS, local_file
from autoclip.media.mp4_index import require_bounded_index
from autoclip.media.pixel_limit import decoder_options, max_pixels
from autoclip.media.video import Video
from autoclip.system.malloc import return_free_memory

FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2",
    "matroska,webm",
    "avi",
    "mpegts",
    "mpeg",
    "mpegvideo",
    "flv",
    "asf",
    "ogg",
    "mxf",
    "gxf",
    "nut",
    "rm",
    "dv",
    "wtv",
    "nuv",
    "dhav",
    "h264",
    "hevc",
    "vvc",
    "av1",
    "obu",
    "ivf",
    "m4v",
    "vc1",
    "mjpeg",
    "yuv4mpegpipe",
    "gif",
    "mp3",
    "wav",
    "flac",
    "aac",
)
"""FFmpeg demuxers that may open a file. None of them reads another file, the network or a device.

Every playlist, script and pattern demuxer is left out (hls, dash, concat, sdp, rtsp, image2, lavfi, vobsub, tty, ...).
The four audio formats are included so that a song is refused because it has no video, not because its format is
unknown.
"""

_OPEN_TIMEOUT_SEC = 60.0
_BEFORE_ALL = -(2**40)
_log_level_lock = threading.Lock()


@contextmanager
def open_container(path: Path, device: str | None = None, *, end_byte: int | None = None) -> Iterator[InputContainer]:
    """Open a media file for reading, and close it at the end of the block.

    PyAV's errors are translated into `MediaError`, including those raised in the ``with`` body.

    Parameters
    ----------
    path : Path
        A regular file, or a symbolic link to one.
    device : str, optional
        FFmpeg's name of the hardware that decodes video, such as ``cuda``; None decodes in software.
    end_byte : int, optional
        Position where the file is taken to end, as in `Video.end_byte`.

    Yields
    ------
    av.container.InputContainer
        The open container. Its decoders refuse frames above the pixel limit.

    Raises
    ------
    MediaError
        If the path is not a regular file, is empty, is not in an allowed media format, has an index of more frames than
        its bytes can hold, or turns out to be damaged; also if `device` can't decode it.
    """
    require_regular_file(path)
    require_bounded_index(path)
    with media_errors(path):
        # The index of hours of MP4 takes tens of megabytes, and twice that while it is parsed.
        return_free_memory()
        container = _open_on(path, device, end_byte) if device else _open(path, end_byte)
        return_free_memory()
        try:
            _limit_pictures(path, container)
            yield container
        finally:
            container.close()
            return_free_memory()


def open_video(video: Video, device: str | None = None) -> AbstractContextManager[InputContainer]:
    """Open the file of a probed video for reading, as `open_container` does, up to where its clock jumps."""
    return open_container(video.path, device, end_byte=video.end_byte)


@contextmanager
def media_errors(path: Path) -> Iterator[None]:
    """Translate PyAV's errors inside the ``with`` body into `MediaError` on `path`."""
    try:
        yield
    except av.error.FFmpegError as error:
        raise MediaError(path, _reason(path, error)) from error


def rewind(container: InputContainer, stream: VideoStream) -> None:
    """Seek to a stream's first packet."""
    # The target lies far before the first frame: transport streams are sought by decoding time, which precedes the
    # presentation time, and their clock may start below 0, just before it wraps. Some formats refuse a time before
    # their first.
    try:
        container.seek(_BEFORE_ALL, stream=stream)
    except av.error.FFmpegError:
        container.seek(_BEFORE_ALL, backward=False, stream=stream)


def discard_other_streams(container: InputContainer, kept: Collection[Stream]) -> None:
    """Have FFmpeg skip the packets of all streams but these, which saves reading them."""
    for stream in container.streams:
        if stream not in kept:
            stream.discard = Discard.all


def require_regular_file(path: Path) -> None:
    """Refuse a path that is not a readable regular file.

    Raises
    ------
    MediaError
        If it is not; the message has the reason.
    """
    _require_text_name(path)
    try:
        status = location_of(path).stat()
    except FileNotFoundError as error:
        raise MediaError(path, "no such file; check the name, or put it back") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL byte in the name
        reason = getattr(error, "strerror", None) or error
        raise MediaError(path, f"can't be opened: {reason}; check its name and who may read it") from error
    if stat.S_ISDIR(status.st_mode):
        raise MediaError(path, "is a folder, not a video file; name a file in it")
    if not stat.S_ISREG(status.st_mode):
        raise MediaError(path, "is a device or a pipe, not a video file; save the video to a file first")
    if status.st_size == 0:
        raise MediaError(path, "is empty (0 bytes); copy or download it again")


def _require_text_name(path: Path) -> None:
    """Refuse a path that is not UTF-8, as on old disks: neither JSON nor a database can store it."""
    name = str(path.absolute())
    if printable(name) != name:
        raise MediaError(printable(str(path)), "has a name that is not UTF-8, or lies in a folder that has; rename it")


def _open(path: Path, end_byte: int | None) -> InputContainer:
    try:
        return _open_once(path, end_byte)
    except av.error.FFmpegError:
        # FFmpeg reports the reason only through its log, which is off: a callback into Python from FFmpeg's threads
        # costs time in every decode. A file that failed is cheap to open again with the log on.
        with _errors_with_logs():
            return _open_once(path, end_byte)


def _open_on(path: Path, device: str, end_byte: int | None) -> InputContainer:
    try:
        return _open_once(path, end_byte, device)
    except (RuntimeError, NotImplementedError) as error:  # PyAV's error if no decoder of the device fits
        raise MediaError(path, f"{device} can't decode this video") from error


def _open_once(path: Path, end_byte: int | None, device: str | None = None) -> InputContainer:
    return av.open(
        local_file(location_of(path), end_byte),
        mode="r",
        options={
            "protocol_whitelist": "file" if end_byte is None else LOCAL_PROTOCOLS,
            "format_whitelist": ",".join(FORMATS),
            "max_pixels": str(max_pixels()),
        },
        metadata_errors="replace",  # titles in a legacy encoding must not make a video unreadable
        timeout=(_OPEN_TIMEOUT_SEC, None),
        hwaccel=HWAccel(device, allow_software_fallback=False) if device else None,
    )


@contextmanager
def _errors_with_logs() -> Iterator[None]:
    """Attach FFmpeg's last message to errors raised in the body as `log`, and print nothing."""
    with _log_level_lock, av.logging.Capture():
        level = av.logging.get_level()
        av.logging.set_level(av.logging.ERROR)
        try:
            yield
        finally:
            av.logging.set_level(level)


def _limit_pictures(path: Path, container: InputContainer) -> None:
    """Refuse a file whose header states frames above the limit, and make decoders refuse later ones."""
    for stream in container.streams.video:
        if isinstance(stream, VideoStream) and stream.codec_context is not None:
            width, height = stream.codec_context.width, stream.codec_context.height
            if width * height > max_pixels():
                raise MediaError(path, f"its frame size of {width}x{height} is {above_the_limit()}")
            stream.codec_context.options = decoder_options()


def above_the_limit() -> str:
    """Describe the limit, and what to do about it."""
    return f"above the limit of {max_pixels():,} pixels; scale it down, or raise AUTOCLIP_MAX_PIXELS"


_MP4_NAMES = av.ContainerFormat("mp4", "r").extensions

_SYSTEM_REASONS = {
    errno.EACCES: "can't be opened: permission denied; check who may read it",
    errno.ENOENT: "no such file; it may have been moved or deleted",
    errno.EIO: "can't be read: check the disk and the connection to it",
    errno.ESTALE: "can't be read: check the disk and the connection to it",
}


def _reason(path: Path, error: av.error.FFmpegError) -> str:
    """Describe an FFmpeg error for people: what is wrong and, if possible, what to do about it."""
    # PyAV's stub says (count, log), but the attached value is the log itself: level, logger, message.
    log = cast("tuple[int, str, str] | None", error.log)
    logger, detail = (log[1], " ".join(log[2].split())) if log else ("", "")
    if "not on whitelist" in detail:
        return f"is in the format '{logger}', not in a supported video format; convert it to MP4 or Matroska"
    # Where the content tells nothing, FFmpeg goes by the name, which it is not given if it reads through a descriptor.
    nameless = isinstance(error, av.error.InvalidDataError) and not detail
    if "moov atom not found" in detail or (nameless and path.suffix.lower().removeprefix(".") in _MP4_NAMES):
        return "holds no MP4 index (moov): it is truncated, unfinished or not a video; copy or download it again"
    if isinstance(error, av.error.ExitError):
        return f"could not be opened within {_OPEN_TIMEOUT_SEC:.0f} s; copy it to a local disk"
    if error.errno in _SYSTEM_REASONS:
        return _SYSTEM_REASONS[error.errno]
    if isinstance(error, av.error.MemoryError):
        return "can't be read: out of memory; close other programs, or raise the limit (ulimit -v)"
    reason = f"{error.strerror or type(error).__name__}{': ' if detail else ''}{detail}"
    return f"is damaged or no video ({reason}); copy or download it again, or convert it to MP4"
