"""Probe a file: find out what it contains before processing it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av.error
from av.container import InputContainer
from av.sidedata.sidedata import SideData
from av.video.frame import VideoFrame
from av.video.stream import VideoStream as VideoTrack

from autoclip.confinement import location_of
from autoclip.errors import MediaError
from autoclip.media import color
from autoclip.media.appended_files import appended_file_warnings
from autoclip.media.audio_tracks import audio_facts
from autoclip.media.clock_jumps import MAY_JUMP, ClockJump, find_clock_jump
from autoclip.media.container import above_the_limit, open_container
from autoclip.media.frame_order import is_out_of_order, way_out
from autoclip.media.orientation import Orientation, Size, display_size, sane_aspect_ratio
from autoclip.media.start_timecode import find_start_timecode
from autoclip.media.streams import choose_audio, film_streams, has_decoder, has_picture, still_streams
from autoclip.media.timing import Timing, measure_timing
from autoclip.media.video import Chapter, Video, VideoStream

FIRST_FRAME_PACKETS = 1_000
"""How many packets may precede the first frame: more than the longest distance between keyframes in broadcasts."""

SINGLE_FRAME = "has a single frame and is an image, not a video; give a file with more frames"

MAX_NOMINAL_RATE = 1_000
"""A nominal rate above this is the time base of a variable rate, not a frame rate."""

MIN_STILL_SEC = Fraction(1, 2)
"""A file with a single frame is a video only if that frame is shown for at least this long, in seconds."""

MAX_DURATION_SEC = 7 * 24 * 3600
"""Longest video, in seconds: a week.

One damaged timestamp can claim years, and the signals of each step are kept in memory.
"""

MAX_CHAPTERS, MAX_TITLE = 1_000, 500
"""Number of chapters, and of characters of a title, that are read; a file can hold megabytes of either."""

RATE_TOLERANCE = Fraction(1, 50)
"""Relative difference allowed between the declared average rate and that of the packets that were read, which are not
all.
"""


def probe(path: Path) -> Video:
    """Find out what a video file contains.

    At least one frame is decoded, so a file that passes can be analyzed. Times are measured from packets if the header
    can't be trusted (`autoclip.media.timing`). A recording ends where its clock jumps (`autoclip.media.clock_jumps`).

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    Video
        The best video stream, the best audio track, and the facts about them.

    Raises
    ------
    MediaError
        If the file can't be opened, has no video stream, or none of its frames can be decoded.
    """
    with open_container(path) as container:
        film = _find_film(path, container)
        if container.format.name in MAY_JUMP:
            jump = find_clock_jump(container, film.track, film.start_pts)
        else:
            timing = measure_timing(container, film.track, film.start_pts)
            jump = timing.jump
            if jump is None:
                return _facts(path, container, film, timing)
    with open_container(path, end_byte=jump.byte if jump else None) as container:
        film = _find_film(path, container)
        return _facts(path, container, film, measure_timing(container, film.track, film.start_pts), jump)


def _facts(path: Path, container: InputContainer, film: _Film, timing: Timing, jump: ClockJump | None = None) -> Video:
    sound = choose_audio(container)
    start = film.start_pts * film.time_base
    duration = timing.end_pts * film.time_base - start
    _require_length(path, duration, timing)
    picture = _video_stream(film, timing)
    timecode = find_start_timecode(container, film.track, picture.average_rate or picture.nominal_rate)
    return Video(
        path=path,
        container=container.format.name,
        size_bytes=location_of(path).stat().st_size,
        duration_sec=float(duration),
        start_sec=float(start),
        video=picture,
        audio=audio_facts(sound.stream) if sound.stream is not None else None,
        audio_stream_count=len(container.streams.audio),
        chapters=_chapters(container, start, duration),
        title=_tag(container.metadata, "title"),
        warnings=(
            *((jump.advice(container.format.name),) if jump else ()),
            *film.warnings,
            *sound.warnings,
            *timing.warnings,
            *appended_file_warnings(path, container.format.name, timing.last_byte),
            *timecode.warnings,
        ),
        timecode=timecode.timecode,
        end_byte=jump.byte if jump else None,
    )


def _require_length(path: Path, duration: Fraction, timing: Timing) -> None:
    if duration <= 0 or (timing.mean_interval is None and duration < MIN_STILL_SEC):
        raise MediaError(path, SINGLE_FRAME)
    if duration > MAX_DURATION_SEC:
        raise MediaError(
            path, f"its times run over {float(duration):,.0f} s, so its timestamps are damaged; remux it first"
        )


@dataclass(frozen=True, slots=True)
class _Film:
    """A video stream that was decoded successfully, with its first frame."""

    track: VideoTrack
    frame: VideoFrame
    start_pts: int
    time_base: Fraction
    warnings: tuple[str, ...]


def _find_film(path: Path, container: InputContainer) -> _Film:
    """Return the best video stream that has a decodable frame."""
    tracks = film_streams(container)
    if not tracks:
        raise MediaError(
            path, SINGLE_FRAME if has_picture(container) else "no video stream; give a file that has video"
        )
    stills = _stills(path) if len(tracks) > 1 else frozenset()
    warnings = [f"video stream {index} holds a still image, not the video" for index in sorted(stills)]
    for track in sorted(tracks, key=lambda track: track.index in stills):
        if not has_decoder(track):
            warnings.append(f"video stream {track.index} has no decoder here")
            continue
        if len(warnings) > len(stills):
            # A stream that was tried before moved the read position. If seeking fails, this one is tried from there.
            with suppress(av.error.FFmpegError):
                container.seek(0)
        frame = _first_frame(container, track)
        if frame is None:
            warnings.append(
                f"video stream {track.index} has no frame that can be decoded, or only frames {above_the_limit()}"
            )
        elif frame.pts is None or track.time_base is None:
            warnings.append(f"video stream {track.index} {_no_times(container)}")
        elif is_out_of_order(container, track):
            warnings.append(f"video stream {track.index} {way_out(track)}")
        else:
            return _Film(track, frame, frame.pts, track.time_base, tuple(warnings))
    raise MediaError(path, "; ".join(warnings))


def _no_times(container: InputContainer) -> str:
    """Return what to do about a stream whose first frame has no time: it is a raw stream, or starts before zero."""
    if container.format.name.startswith(("mov", "matroska")):
        return (
            "starts before the file's zero, where its format keeps no times; make it start there with "
            "`ffmpeg -fflags +genpts -i VIDEO -map 0 -c copy -avoid_negative_ts make_zero FIXED.mkv`"
        )
    return "carries no times; encode it with `ffmpeg -i VIDEO -crf 16 FIXED.mp4`, since a copy would have wrong ones"


def _stills(path: Path) -> frozenset[int]:
    with open_container(path) as container:  # again: not every format can seek back to its first packet
        return still_streams(container)


def _first_frame(container: InputContainer, track: VideoTrack) -> VideoFrame | None:
    for packet in islice(container.demux(track), FIRST_FRAME_PACKETS):
        try:
            frames = packet.decode()
        except av.error.FFmpegError:
            continue  # damage at the start; a later packet may be intact
        if frames:
            return frames[0]
    return None


def _video_stream(film: _Film, timing: Timing) -> VideoStream:
    track, frame = film.track, film.frame
    orientation = _orientation(frame)
    sample_aspect_ratio = sane_aspect_ratio(track.sample_aspect_ratio)
    shown = display_size(Size(frame.width, frame.height), sample_aspect_ratio, orientation)
    transfer = color.TRANSFERS.get(frame.color_trc, color.UNKNOWN)
    nominal = track.guessed_rate or track.base_rate
    return VideoStream(
        index=track.index,
        codec=track.codec_context.codec.canonical_name,
        width=frame.width,
        height=frame.height,
        display_width=shown.width,
        display_height=shown.height,
        rotation=orientation.rotation,
        mirrored=orientation.mirrored,
        sample_aspect_ratio=sample_aspect_ratio,
        average_rate=_average_rate((track.average_rate, nominal), timing, film.time_base),
        nominal_rate=nominal if nominal and nominal <= MAX_NOMINAL_RATE else None,
        variable_frame_rate=timing.variable,
        time_base=film.time_base,
        start_pts=film.start_pts,
        pixel_format=frame.format.name,
        bit_depth=max(component.bits for component in frame.format.components),
        color_transfer=transfer,
        color_primaries=color.PRIMARIES.get(frame.color_primaries, color.UNKNOWN),
        color_space=color.SPACES.get(frame.colorspace, color.UNKNOWN),
        color_range=color.RANGES.get(frame.color_range, color.UNKNOWN),
        hdr=color.is_hdr(transfer),
        interlaced=frame.interlaced_frame,
    )


def _orientation(frame: VideoFrame) -> Orientation:
    matrix = frame.side_data.get("DISPLAYMATRIX")
    return Orientation.from_display_matrix(bytes(matrix)) if isinstance(matrix, SideData) else Orientation()


def _average_rate(declared: tuple[Fraction | None, ...], timing: Timing, time_base: Fraction) -> Fraction | None:
    """Return the first declared rate that agrees with the packets, else theirs: MPEG streams declare guesses."""
    if not timing.mean_interval:
        return next(iter(filter(None, declared)), None)
    seen = 1 / (timing.mean_interval * time_base)
    return next((rate for rate in declared if rate and abs(rate / seen - 1) <= RATE_TOLERANCE), seen)


def _chapters(container: InputContainer, start: Fraction, duration: Fraction) -> tuple[Chapter, ...]:
    """Return the chapters on our timeline, without those outside the video."""
    chapters: list[Chapter] = []
    for mark in container.chapters()[:MAX_CHAPTERS]:
        unit = mark["time_base"] or Fraction(1, av.time_base)
        begin = max(Fraction(0), mark["start"] * unit - start)
        end = min(duration, mark["end"] * unit - start)
        if begin < end:
            title = _tag(mark["metadata"], "title") or f"Chapter {len(chapters) + 1}"
            chapters.append(Chapter(start_sec=float(begin), end_sec=float(end), title=title))
    return tuple(chapters)


def _tag(metadata: dict[str, str], name: str) -> str | None:
    """Return a tag by its case-insensitive name, on one line, cut to `MAX_TITLE`; None if it is empty or missing."""
    for key, value in metadata.items():
        if key.lower() == name and (text := " ".join(value[:MAX_TITLE].split())):
            return text
    return None
