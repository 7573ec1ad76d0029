"""Hardware decoders: find one that works on this machine and returns the same frames as software."""

from __future__ import annotations

import platform
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import av
import platformdirs
from av.codec.hwaccel import hwdevices_available
from av.video.stream import VideoStream

from autoclip.errors import MediaError
from autoclip.media.container import open_video
from autoclip.media.decoding.video import DecodePolicy, as_planar
from autoclip.media.video import Video
from autoclip.settings import DecoderName
from autoclip.system.machine_memory import recall, remember

_COMPARED = 24
"""Number of frames at the start of a video whose checksums must equal those of software decoding."""
_SOFTWARE = "software"
_ORDER = {"linux": ("cuda", "vaapi", "qsv"), "darwin": ("videotoolbox",), "win32": ("cuda", "d3d11va", "qsv")}
_DEVICES = {"cuda": "/dev/nvidiactl", "vaapi": "/dev/dri/renderD128", "qsv": "/dev/dri/renderD128"}
"""On Linux, the device file without which a hardware decoder can't work."""


@dataclass(frozen=True, slots=True)
class DecoderChoice:
    """The decoder to use: FFmpeg's name of a device, or None for software. `notes` hold messages for the user."""

    device: str | None = None
    notes: tuple[str, ...] = ()


def choose_decoder(
    video: Video, policy: DecodePolicy, wanted: DecoderName, memory: Path | None = None
) -> DecoderChoice:
    """Return the decoder that the settings request, if it decodes the first frames of this video as software does.

    ``auto`` tries the devices of this machine once for each kind of video, and stores the result.

    Parameters
    ----------
    video : Video
        The video to decode.
    policy : DecodePolicy
        The decode policy. If software skips the deblocking filter, hardware, which can't skip it, seldom returns the
        same frames.
    wanted : str
        The setting `decoder`.
    memory : Path, optional
        The file of results; None uses the user's cache folder.
    """
    if wanted == _SOFTWARE:
        return DecoderChoice()
    if wanted != "auto":
        fault = _fault(video, policy, wanted)
        note = f"decoder = {wanted} can't be used for this video ({fault}), so software decoded it"
        return DecoderChoice(notes=(note,)) if fault else DecoderChoice(wanted)
    file = memory or Path(platformdirs.user_cache_dir("autoclip")) / "decoders.json"
    key = _machine_key(video, policy)
    known = recall(file).get(key)
    if known is None:
        return _tried(video, policy, file, key)
    usable = known in hwdevices_available() and not _fault(video, policy, known)
    return DecoderChoice(known) if usable else DecoderChoice()


def _tried(video: Video, policy: DecodePolicy, file: Path, key: str) -> DecoderChoice:
    """Try the devices this machine may have, in order of preference, and store the first that works."""
    found = next((name for name in decoder_devices() if not _fault(video, policy, name)), None)
    remember(file, key, found or _SOFTWARE)
    decoder = found or "no hardware decoder works on this machine, so software"
    return DecoderChoice(found, (f"decoder = auto: {decoder} is used from now on for such videos",))


def decoder_devices() -> tuple[str, ...]:
    """Return the devices that may decode on this machine, best first."""
    built = hwdevices_available()
    names = (name for name in _ORDER.get(sys.platform, ()) if name in built)
    return tuple(name for name in names if sys.platform != "linux" or Path(_DEVICES[name]).exists())


def _fault(video: Video, policy: DecodePolicy, device: str) -> str:
    """Return why a device can't decode a video as software does; empty if it can."""
    if device not in hwdevices_available():
        return f"PyAV's FFmpeg is built without {device}"
    try:
        made, same = (list(islice(_checksums(video, policy, by), _COMPARED)) for by in (device, None))
    except MediaError as error:
        return error.reason
    return "" if made and made == same else "its frames differ from those of software"


def _checksums(video: Video, policy: DecodePolicy, device: str | None) -> Iterator[tuple[int | None, int]]:
    """Yield the time and checksum of each frame from the start."""
    with open_video(video, device) as container:
        stream = container.streams[video.video.index]
        assert isinstance(stream, VideoStream)  # noqa: S101 - what the probe found
        if options := policy.options(video):
            stream.codec_context.options = options
        for frame in container.decode(stream):
            planar = as_planar(frame)
            yield frame.pts, zlib.crc32(planar.to_ndarray().tobytes())


def _machine_key(video: Video, policy: DecodePolicy) -> str:
    """Return a key of this machine, its devices, FFmpeg and the kind of video. A change of any repeats the test."""
    facts = video.video
    kind = f"{facts.codec} {facts.pixel_format} {sorted(policy.options(video))}"
    return "|".join([platform.node(), av.__version__, kind, *decoder_devices()])
