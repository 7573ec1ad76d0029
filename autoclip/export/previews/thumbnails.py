"""Thumbnails: for each clip the sharpest well-lit frame around its anchor; without an anchor, near its middle."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from autoclip.clips import Clip
from autoclip.errors import ExportError, MediaError, NoRoomError, ParameterError, from_system
from autoclip.media.displayed_frame import frame_as_displayed
from autoclip.media.frames import FrameReader, TimedFrame, open_frames
from autoclip.media.orientation import Size
from autoclip.media.video import Video
from autoclip.progress import Progress, ProgressListener, ignore_progress
from autoclip.system.files import replace
from autoclip.timeline import Interval

THUMBNAIL_SIZE = Size(320, 180)
"""Size of a thumbnail in pixels, padded with black, from the user's description."""

JPEG_QUALITY = 90
"""JPEG quality on Pillow's scale; quantizes about as finely as the ``-q:v 2`` of the user's description."""

MIDDLE_SHARE = 2 / 3
MIDDLE_MAX_SEC = 10.0
"""The part of a clip that a thumbnail may come from: its middle two thirds, at most ten seconds."""

PROBED_PLACES = (0.0, 0.5, -0.5, 1.0, -1.0)
"""Where keyframes are searched: in half-widths of the middle, from the midpoint outwards."""

MAX_CANDIDATES = 3
"""How many keyframes are compared for a clip; one costs as much as the rest of the work on a thumbnail."""

WELL_EXPOSED_SIGMA = 0.2
"""Width of the bell curve around mid-gray (Mertens, Kautz and Van Reeth, Exposure Fusion, 2007, section 3.1)."""

MIN_EXPOSURE = 0.2
"""Well-exposedness below which a frame is nearly black or white: a fade or a flash.

Mid-gray has 1, black 0.04, a white flash about 0.13.
"""

EXACT_OFFSETS = (-0.8, -0.65, -0.5)
"""Where frames are decoded if no keyframe is suitable, in half-widths of the middle.

They lie before the midpoint, since everything from the previous keyframe on must be decoded, which is nearly all of the
work on a thumbnail.
"""


MOMENT_BEFORE_SEC, MOMENT_AFTER_SEC = 1.0, 3.0
"""The span around an anchor that a thumbnail may come from: the anchor is the middle of the event, and what people want
to see is shown then or just after.
"""

MOMENT_OFFSETS = (-0.5, -0.25, 0.0)
"""Like `EXACT_OFFSETS`, for that span: the anchor itself, and half a second and a second later."""


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A thumbnail that was written.

    Attributes
    ----------
    clip_id : str
        The clip's id.
    path : Path
        The JPEG file.
    instant : float
        Time of its frame, in seconds from the first video frame.
    """

    clip_id: str
    path: Path
    instant: float


@dataclass(frozen=True, slots=True)
class ThumbnailFailure:
    """A clip that has no thumbnail, and the reason in one line."""

    clip_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class ThumbnailReport:
    """The result for every clip, in the order the clips were given."""

    made: tuple[Thumbnail, ...]
    failed: tuple[ThumbnailFailure, ...]


@dataclass(frozen=True, slots=True)
class _Candidate:
    instant: float
    picture: Image.Image
    sharpness: float
    exposure: float

    @property
    def merit(self) -> float:
        return self.sharpness * self.exposure


def make_thumbnails(
    video: Video,
    clips: Sequence[Clip],
    folder: Path,
    on_progress: ProgressListener = ignore_progress,
) -> ThumbnailReport:
    """Write ``<clip id>.jpg`` for each clip: 320x180, padded with black, as a player shows the frame.

    The frame comes from around the clip's anchor, or from its middle without one. Keyframes there are compared first,
    because they can be decoded alone; other frames are decoded only for a clip without a suitable keyframe. Existing
    files are replaced. A clip whose thumbnail can't be made is reported and does not stop the others.

    Parameters
    ----------
    video : Video
        The probed video; its file is opened once or twice for all clips.
    clips : sequence of Clip
        The clips, in any order.
    folder : Path
        Folder of the thumbnails; created if missing.
    on_progress : ProgressListener, optional
        Called after each clip, with stage ``thumbnails``.

    Returns
    -------
    ThumbnailReport

    Raises
    ------
    MediaError
        If the video can't be opened at all.
    NoRoomError
        If the disk is full.
    ExportError
        If the folder can't be created or written to for another reason.
    ParameterError
        If a clip's id can't be a file name.
    """
    for clip in clips:
        _require_file_name(clip.id)
    _make_folder(folder)
    if not clips:
        return ThumbnailReport((), ())
    outcomes: dict[str, Thumbnail | ThumbnailFailure] = {}
    for clip, outcome in _outcomes(video, clips, folder):
        outcomes[clip.id] = outcome
        on_progress(Progress("thumbnails", len(outcomes) / len(clips), f"{len(outcomes)} of {len(clips)}"))
    ordered = [outcomes[clip.id] for clip in clips]
    return ThumbnailReport(
        made=tuple(outcome for outcome in ordered if isinstance(outcome, Thumbnail)),
        failed=tuple(outcome for outcome in ordered if isinstance(outcome, ThumbnailFailure)),
    )


def middle_of(interval: Interval) -> Interval:
    """Return the part of a clip that its thumbnail may come from."""
    half = min(interval.duration * MIDDLE_SHARE, MIDDLE_MAX_SEC) / 2
    return Interval(interval.midpoint - half, interval.midpoint + half)


def place_of(clip: Clip) -> Interval:
    """Return the part of a clip that its thumbnail comes from: around its anchor, or else its middle."""
    anchor = clip.anchor_time_sec
    if anchor is None or not clip.interval.contains(anchor):
        return middle_of(clip.interval)
    return Interval(max(clip.start, anchor - MOMENT_BEFORE_SEC), min(clip.end, anchor + MOMENT_AFTER_SEC))


def sharpness_of(picture: Image.Image) -> float:
    """Return the variance of the Laplacian of an image's luma (Pech-Pacheco et al., 2000); higher is sharper."""
    luma = np.pad(_luma(picture), 1, mode="edge")
    center = luma[1:-1, 1:-1]
    laplacian = luma[:-2, 1:-1] + luma[2:, 1:-1] + luma[1:-1, :-2] + luma[1:-1, 2:] - 4 * center
    return float(laplacian.var())


def exposure_of(picture: Image.Image) -> float:
    """Return how well exposed an image is, in [0, 1]: the mean of ``exp(-(luma - 0.5)^2 / (2 sigma^2))``."""
    return float(np.exp(-((_luma(picture) - 0.5) ** 2) / (2 * WELL_EXPOSED_SIGMA**2)).mean())


def _luma(picture: Image.Image) -> NDArray[np.float64]:
    """Return luma in [0, 1], shape ``(height, width)``."""
    return np.asarray(picture.convert("L"), dtype=np.float64) / 255


def _outcomes(video: Video, clips: Sequence[Clip], folder: Path) -> Iterator[tuple[Clip, Thumbnail | ThumbnailFailure]]:
    """Process every clip, in order of time: first those with a suitable keyframe, then the rest."""
    rest: list[tuple[Clip, list[_Candidate]]] = []
    with open_frames(video.path, video) as frames:
        for clip in sorted(clips, key=lambda clip: clip.start):
            candidates, _ = _attempt(_keyframes, frames, video, clip)
            if any(candidate.exposure >= MIN_EXPOSURE for candidate in candidates):
                yield clip, _write(clip, candidates, folder)
            else:
                rest.append((clip, candidates))
    if not rest:
        return
    with open_frames(video.path, video, in_runs=True, small=True) as frames:
        for clip, candidates in rest:
            more, problem = _attempt(_exact_frames, frames, video, clip)
            if found := [*candidates, *more]:
                yield clip, _write(clip, found, folder)
            else:
                yield clip, ThumbnailFailure(clip.id, problem or "no frame can be decoded around its middle")


_Finder = Callable[[FrameReader, Clip], Iterator[TimedFrame]]


def _attempt(find: _Finder, frames: FrameReader, video: Video, clip: Clip) -> tuple[list[_Candidate], str]:
    """Collect a finder's results for a clip until it ends or fails; return the reason if it failed."""
    candidates: list[_Candidate] = []
    try:
        candidates.extend(_candidate(video, found) for found in find(frames, clip))
    except MediaError as error:
        return candidates, error.reason
    return candidates, ""


def _keyframes(frames: FrameReader, clip: Clip) -> Iterator[TimedFrame]:
    place = place_of(clip)
    seen: set[float] = set()
    for offset in PROBED_PLACES:
        instant = place.midpoint + offset * place.duration / 2
        found = frames.keyframe(instant, place, unless=frozenset(seen))
        if found is None:
            continue
        seen.add(found.instant)
        yield found
        if len(seen) == MAX_CANDIDATES:
            return


def _exact_frames(frames: FrameReader, clip: Clip) -> Iterator[TimedFrame]:
    place = place_of(clip)
    offsets = EXACT_OFFSETS if place == middle_of(clip.interval) else MOMENT_OFFSETS
    for offset in sorted(offsets):
        instant = max(place.start, place.midpoint + offset * place.duration / 2)
        found = frames.at(instant, references_only=True)
        if instant <= found.end:  # otherwise the rest of the file is unreadable, and this is the last readable frame
            yield found


def _candidate(video: Video, found: TimedFrame) -> _Candidate:
    picture = frame_as_displayed(found, video, THUMBNAIL_SIZE)
    return _Candidate(found.instant, picture, sharpness_of(picture), exposure_of(picture))


def _write(clip: Clip, candidates: Sequence[_Candidate], folder: Path) -> Thumbnail:
    best = max(candidates, key=lambda candidate: candidate.merit)
    path = folder / f"{clip.id}.jpg"
    # A glob for *.jpg must not match the half-written file.
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        _padded(best.picture).save(unfinished, format="JPEG", quality=JPEG_QUALITY)
        replace(unfinished, path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise _refusal(error, path) from error
    return Thumbnail(clip.id, path, best.instant)


def _padded(picture: Image.Image) -> Image.Image:
    canvas = Image.new("RGB", (THUMBNAIL_SIZE.width, THUMBNAIL_SIZE.height), "black")
    canvas.paste(picture, ((canvas.width - picture.width) // 2, (canvas.height - picture.height) // 2))
    return canvas


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _refusal(error, folder) from error


def _refusal(error: OSError, place: Path) -> NoRoomError | ExportError:
    refused = from_system(error, place)
    return refused if isinstance(refused, NoRoomError) else ExportError(str(refused))


def _require_file_name(clip_id: str) -> None:
    if not clip_id or clip_id.startswith(".") or Path(clip_id).name != clip_id or "\\" in clip_id or "\0" in clip_id:
        raise ParameterError(f"the clip id {clip_id!r} can't be a file name; use letters, digits, dashes")
