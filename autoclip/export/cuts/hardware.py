"""Hardware encoders: find out once which one works on this machine, and store the result."""

from __future__ import annotations

import functools
import platform
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from autoclip.export.cuts.encoders import HARDWARE_CODECS, device_options, hardware_encoder
from autoclip.media.ffmpeg import ffmpeg_build, find_ffmpeg
from autoclip.settings import EncoderName, ExportSettings, VideoCodec
from autoclip.system.machine_memory import recall, remember

_TRIAL_SEC = 10.0
"""Time limit of a test in seconds.

It encodes one second of a still in a tenth of that; a driver may need some seconds to start.
"""
_ORDER: dict[str, tuple[EncoderName, ...]] = {
    "linux": ("nvenc", "qsv", "vaapi", "amf"),
    "darwin": ("videotoolbox",),
    "win32": ("nvenc", "qsv", "amf"),
}
_DEVICES: dict[EncoderName, str] = {
    "nvenc": "/dev/nvidiactl",
    "qsv": "/dev/dri/renderD128",
    "vaapi": "/dev/dri/renderD128",
    "amf": "/dev/dri/renderD128",
}
"""On Linux, the device file without which a hardware encoder can't work."""


@dataclass(frozen=True, slots=True)
class EncoderChoice:
    """The encoder to use.

    Attributes
    ----------
    encoder : str
        A value of the setting, never ``auto``; ``x264`` means software for any codec.
    was_tried : bool
        Whether it was tested just now instead of read from the stored result.
    """

    encoder: EncoderName
    was_tried: bool = False


def choose_encoder(settings: ExportSettings, ffmpeg: Path | None = None, memory: Path | None = None) -> EncoderChoice:
    """Return the encoder that the settings select; for ``auto`` the first one that works on this machine.

    Each is tested by encoding one second. The result is stored in a file for this ffmpeg on this machine.

    Parameters
    ----------
    settings : ExportSettings
        Supplies the codec.
    ffmpeg : Path, optional
        The ffmpeg to use; None lets `find_ffmpeg` choose.
    memory : Path, optional
        The file of results; None uses the user's cache folder.
    """
    if settings.encoder != "auto":
        return EncoderChoice(settings.encoder)
    path = find_ffmpeg(ffmpeg)
    file = memory or Path(platformdirs.user_cache_dir("autoclip")) / "encoders.json"
    key = _machine_key(path, settings.video_codec)
    software: EncoderName = "x264"
    known = recall(file).get(key)
    remembered = next((name for name in (software, *HARDWARE_CODECS) if name == known), None)
    if remembered is not None:
        return EncoderChoice(remembered)
    found = next((name for name in encoder_devices() if _works(key, path, settings.video_codec, name)), software)
    remember(file, key, found)
    return EncoderChoice(found, was_tried=True)


def encoder_devices() -> tuple[EncoderName, ...]:
    """Return the encoders that this machine may have, in order of preference."""
    names = _ORDER.get(sys.platform, ())
    return tuple(name for name in names if sys.platform != "linux" or Path(_DEVICES[name]).exists())


@functools.lru_cache(maxsize=32)
def _works(_machine: str, ffmpeg: Path, codec: VideoCodec, name: EncoderName) -> bool:
    """Whether an encoder can encode a second of a still; tried once by a process even if nothing can be stored."""
    if codec not in HARDWARE_CODECS[name]:
        return False
    settings = ExportSettings(video_codec=codec, encoder=name)
    upload = "format=nv12,hwupload" if name == "vaapi" else "format=yuv420p"
    command = (
        *(str(ffmpeg), "-v", "error", "-nostdin", *device_options(settings)),
        *("-f", "lavfi", "-i", "color=s=640x360:r=30:d=1", "-vf", upload),
        *(*hardware_encoder(settings), "-f", "null", "-"),
    )
    try:
        subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_TRIAL_SEC, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def _machine_key(ffmpeg: Path, codec: VideoCodec) -> str:
    """Return a key of this ffmpeg, this machine and its devices. A change of any repeats the test."""
    return "|".join([platform.node(), ffmpeg_build(ffmpeg), codec, *encoder_devices()])
