"""The films that are measured: made on the spot, or enlarged from the shared folder where there is one."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from imageio_ffmpeg import get_ffmpeg_exe

SHARED = Path(os.environ.get("AUTOCLIP_SHARED", Path(__file__).parents[2] / "shared"))
RATE = 30
FILM = SHARED / "media" / "bbb_000-150s_252p.mp4"


def make_film(
    path: Path, *, size: str, bitrate: str, b_frames: int, seconds: int, unit_sec: int = 60, keyframe_sec: int = 0
) -> Path:
    """Encode `unit_sec` of film (Big Buck Bunny enlarged, else a flight into the Mandelbrot set) and repeat it.

    With `keyframe_sec` keyframes are so far apart, and nowhere else; otherwise x264 places them.
    """
    coding = ["-c:v", "libx264", "-preset", "veryfast", "-bf", str(b_frames), "-b:v", bitrate]
    if keyframe_sec:
        coding += ["-g", str(RATE * keyframe_sec), "-sc_threshold", "0"]
    return encode_film(path, size, coding, seconds=seconds, unit_sec=unit_sec)


def encode_film(
    path: Path, size: str, coding: Sequence[str], *, seconds: int, unit_sec: int, film: Path = FILM
) -> Path:
    """Encode `unit_sec` of a film as ffmpeg's options `coding` say, and repeat it."""
    unit = path.with_suffix(".unit.mp4")
    source = (
        ["-i", film]
        if film.exists()
        else ["-f", "lavfi", "-i", f"mandelbrot=s={size}:r={RATE}", "-f", "lavfi", "-i", "anoisesrc"]
    )
    picture = ["-vf", f"scale={size.replace('x', ':')},fps={RATE}", "-pix_fmt", "yuv420p"]
    _ffmpeg(*source, "-t", str(unit_sec), *picture, *coding, "-c:a", "aac", "-ac", "2", unit)
    _ffmpeg("-stream_loop", str(max(1, seconds // unit_sec) - 1), "-i", unit, "-c", "copy", path)
    unit.unlink()
    return path


def _ffmpeg(*arguments: str | Path) -> None:
    subprocess.run([get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y", *(str(part) for part in arguments)], check=True)
