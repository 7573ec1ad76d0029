"""Sources to cut, and eyes and ears to look at the cuts with."""

import subprocess
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from autoclip.media.ffmpeg import find_ffmpeg
from autoclip.timeline import Interval
from synthetic_media import (
    Beeps,
    Flash,
    Noise,
    RenderOptions,
    Shot,
    Storyboard,
    Texture,
    read_frame_number,
)

SECONDS = 12
SIZE = {"width": 320, "height": 180}

BOARD = Storyboard(
    shots=(Shot(SECONDS, Texture(seed=5, pan=0.2), flashes=tuple(Flash(float(s)) for s in range(SECONDS))),),
    sounds=(Beeps(Interval(0, SECONDS)), Noise(Interval(0, SECONDS), -60.0)),
    frame_numbers=True,
)
"""A flash and a beep at each second, and every frame's number burned in."""

SOURCES = {
    "constant.mp4": RenderOptions(**SIZE, keyframe_interval=50, scene_keyframes=False),
    "b_frames.mp4": RenderOptions(**SIZE, b_frames=3, keyframe_interval=60, scene_keyframes=False),
    "ten_second_keyframes.mp4": RenderOptions(**SIZE, b_frames=2, keyframe_interval=250, scene_keyframes=False),
    "variable.mp4": RenderOptions(
        **SIZE, b_frames=2, frame_durations=(1.0, 1.0, 2.0, 0.5, 0.5), keyframe_interval=40, scene_keyframes=False
    ),
    "ntsc.mkv": RenderOptions(
        **SIZE, b_frames=2, rate=Fraction(30000, 1001), keyframe_interval=60, scene_keyframes=False
    ),
    "offset.mp4": RenderOptions(**SIZE, b_frames=2, start_offset_sec=10.0, keyframe_interval=50, scene_keyframes=False),
    "transport.ts": RenderOptions(
        **SIZE, b_frames=2, start_offset_sec=5.0, keyframe_interval=50, scene_keyframes=False
    ),
    "silent.mp4": RenderOptions(**SIZE, audio=False, keyframe_interval=50, scene_keyframes=False),
}


@dataclass(frozen=True)
class Seen:
    """An exported file as a player shows it: times and burned-in numbers of its frames, flashes and beeps."""

    times: list[float]
    numbers: list[int | None]
    flashes: list[float]
    beeps: list[float]


def look_at(path: Path) -> Seen:
    """Decode a whole file."""
    times, numbers, lumas, sound = [], [], [], []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            luma = frame.reformat(format="gray").to_ndarray()
            times.append(float(frame.time))
            numbers.append(read_frame_number(luma))
            lumas.append(luma[: luma.shape[0] // 2].mean())
    with av.open(str(path)) as container:
        rate = container.streams.audio[0].rate if container.streams.audio else 1
        start = None
        if container.streams.audio:
            for frame in container.decode(audio=0):
                start = frame.time if start is None else start
                sound.append(frame.to_ndarray().astype(np.float64).reshape(len(frame.layout.channels), -1)[0])
    steps = np.flatnonzero(np.diff(lumas) > 40) + 1
    flashes = ([times[0]] if lumas[0] > np.median(lumas) + 40 else []) + [times[i] for i in steps]
    return Seen(times, numbers, flashes, onsets(np.concatenate(sound), rate, start) if sound else [])


def onsets(samples: np.ndarray, rate: int, start: float) -> list[float]:
    """Times at which a beep begins: loud after 50 ms of quiet."""
    loud = np.flatnonzero(np.abs(samples) > 0.1)
    first = loud[np.concatenate([[True], np.diff(loud) > 0.05 * rate])] if loud.size else loud
    return (start + first / rate).tolist()


def assert_in_step(seen: Seen, *, count: int) -> None:
    """A flash and its beep lie within 20 ms of each other, each time."""
    assert len(seen.flashes) >= count
    for flash in seen.flashes:
        assert min(abs(flash - beep) for beep in seen.beeps) < 0.02, (seen.flashes, seen.beeps)


def complaints(path: Path, *strictly: str) -> str:
    """What ffmpeg says while it decodes a file, each frame at its own time, with options such as ``-xerror``."""
    timing = ["-fps_mode:v", "passthrough", "-enc_time_base:v", "demux"]
    command = [find_ffmpeg(), "-v", "warning", *strictly, "-i", path, *timing, "-f", "null", "-"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stderr
