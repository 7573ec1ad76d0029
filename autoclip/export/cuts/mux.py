"""Mux packets of several sources into one file without changing their content."""

from __future__ import annotations

import errno
import heapq
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream
from numpy.typing import NDArray

from autoclip.errors import NO_ROOM, ExportError, from_system
from autoclip.media.container import open_container
from autoclip.media.ffmpeg import local_file

_SYSTEM = NO_ROOM | {errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO}
"""Errors of the disk, not of the format."""


@dataclass(frozen=True, slots=True)
class MuxTrack:
    """The packets of one stream of the output file, in decoding order.

    Attributes
    ----------
    template : av.stream.Stream
        A stream of an open container that supplies kind, size, side data and language.
    packets : iterator of av.Packet
        The packets, with their times in the file; 0 is its start.
    extradata : bytes or None
        The decoder configuration; None uses the template's.
    title : str or None
        Its title; None uses the template's.
    """

    template: Stream
    packets: Iterator[Packet[Stream]]
    extradata: bytes | None = None
    title: str | None = None


def mux_tracks(target: Path, tracks: Sequence[MuxTrack], container_format: str = "mp4") -> None:
    """Write a file from packets; the first track is the video.

    Parameters
    ----------
    target : Path
        The file to write; an existing one is replaced.
    tracks : sequence of MuxTrack
        Its streams. They are read in parallel, so that memory stays flat.
    container_format : str
        FFmpeg's name of the format.

    Raises
    ------
    ExportError
        If the format can't hold the packets.
    MediaError
        If a source can't be read.
    """
    options = {"movflags": "+faststart"} if container_format == "mp4" else {}
    try:
        with av.open(local_file(target), "w", format=container_format, container_options=options) as container:
            _write(container, tracks)
    except (av.error.FFmpegError, ValueError) as error:
        if isinstance(error, OSError) and error.errno in _SYSTEM:
            raise ExportError(str(from_system(error, target.parent))) from error
        reason = error.strerror if isinstance(error, OSError) else error  # without the temporary name
        raise ExportError(
            f"the packets can't be joined into a {container_format} file ({reason}); use cut = exact"
        ) from error


def encoded_tracks(path: Path, count: int, stack: ExitStack) -> list[MuxTrack]:
    """Return the audio tracks of a file that ffmpeg has just rendered; `stack` keeps it open."""
    tracks = []
    for number in range(count):
        container = stack.enter_context(open_container(path))
        stream = container.streams.audio[number]
        tracks.append(MuxTrack(stream, shifted(_with_data(container, stream), Fraction(0))))
    return tracks


def shifted(packets: Iterator[Packet[Stream]], offset_sec: Fraction) -> Iterator[Packet[Stream]]:
    """Pass packets on with `offset_sec` subtracted from their times, rounded to their time base.

    A packet whose time does not follow the previous one's, as where recordings were joined, is left out: no file may
    contain it.
    """
    last: int | None = None
    for packet in packets:
        if packet.pts is None:
            continue
        ticks = round(offset_sec / packet.time_base)
        packet.dts = (packet.pts if packet.dts is None else packet.dts) - ticks
        packet.pts -= ticks
        if last is None or packet.dts > last:
            last = packet.dts
            yield packet


def stamped(
    data: Iterator[tuple[bytes, bool]], shown: NDArray[np.int64], length: int, time_base: Fraction
) -> Iterator[Packet[Stream]]:
    """Create video packets with times from 0.

    Decoding times are the sorted presentation times, shifted so that none is after its packet's presentation; they
    always increase, whatever the source of the packets. Durations are those of decoding order, as in MP4, and add up to
    the length. FFmpeg's MP4 muxer uses only the last packet's duration for that; it ends the edit list at the last
    instant that any packet claims, so none exceeds the length and the one that is shown last reaches it.

    Parameters
    ----------
    data : iterator of (bytes, bool)
        The content of each packet and whether it is a keyframe, in decoding order.
    shown : ndarray
        Presentation time of each packet, shape ``(n,)``, in ticks from the start of the file.
    length : int
        Length of the video, in ticks.
    time_base : Fraction
        Seconds per tick.
    """
    ordered = np.sort(shown)
    dts = ordered - int((ordered - shown).max())
    durations = np.minimum(np.append(np.diff(dts), length - (ordered[-1] - ordered[0])), length - shown)
    if len(shown) > 1 and shown.argmax() < len(shown) - 1:
        durations[shown.argmax()] = length - ordered[-1]
    for (payload, keyframe), *times in zip(data, shown.tolist(), dts.tolist(), durations.tolist(), strict=True):
        packet: Packet[Stream] = Packet(payload)
        packet.pts, packet.dts, packet.duration = times
        packet.time_base, packet.is_keyframe = time_base, keyframe
        yield packet


def _with_data(container: InputContainer, stream: Stream) -> Iterator[Packet[Stream]]:
    return (packet for packet in container.demux(stream) if packet.size)


def _write(container: OutputContainer, tracks: Sequence[MuxTrack]) -> None:
    outputs = []
    for track in tracks:
        stream = container.add_stream_from_template(track.template, opaque=True)
        if isinstance(stream, VideoStream) and isinstance(track.template, VideoStream):
            # The container's pixel aspect is not always in the stream itself.
            stream.codec_context.sample_aspect_ratio = track.template.sample_aspect_ratio or Fraction(1)
        if track.extradata is not None:
            stream.codec_context.extradata = track.extradata
        if stream.codec_context.name == "hevc" and container.format.name == "mp4" and stream.codec_context.extradata:
            stream.codec_context.codec_tag = "hvc1"  # the only tag of HEVC that QuickTime and Safari play
        language = track.template.metadata.get("language")
        if language and language != "und":
            stream.metadata["language"] = language
        if title := track.title or track.template.metadata.get("title") or track.template.metadata.get("name"):
            stream.metadata["title"] = title
        outputs.append(stream)
    # Matroska allows no time before 0 and would delay the video by the audio's encoder delay; MP4 marks it to be
    # skipped.
    from_zero = container.format.name == "matroska"
    timed = [
        _with_place(track.packets, number, from_zero=from_zero and number > 0) for number, track in enumerate(tracks)
    ]
    for _, number, packet in heapq.merge(*timed, key=lambda entry: (entry[0], entry[1])):
        packet.stream = outputs[number]
        container.mux(packet)


def _with_place(
    packets: Iterator[Packet[Stream]], number: int, *, from_zero: bool
) -> Iterator[tuple[Fraction, int, Packet[Stream]]]:
    for packet in packets:
        assert packet.dts is not None  # noqa: S101 - every track sets it
        if not (from_zero and packet.dts < 0):
            yield packet.dts * packet.time_base, number, packet
