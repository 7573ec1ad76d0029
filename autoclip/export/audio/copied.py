"""Copy audio without re-encoding: packets around a cut, with the offset in the first packet at which players begin."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from fractions import Fraction

from av.audio.codeccontext import AudioCodecContext
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream

from autoclip.export.audio.tracks import AudioTrack
from autoclip.export.checks.file_check import AUDIO_START_SEC
from autoclip.export.cuts.frame_span import FrameSpan
from autoclip.media.container import open_video
from autoclip.media.video import Video

MP4_SOUND = frozenset({"aac", "mp3", "mp3float", "ac3", "eac3", "alac", "flac", "opus", "libopus"})
"""Decoders of the codecs that MP4 carries and players support in it."""

_LOWEST_MP3_HZ = 16_000
"""Lower rates (MPEG-2.5) are not standard in MP4, says FFmpeg's muxer (``movenc.c``), and refuses them."""

_LEADS = {"mp3": 10, "mp3float": 10, "opus": 4, "libopus": 4, "aac": 2}
"""Packets that a decoder needs before a cut, by codec; one for any other codec.

An MP3 packet may store its data in up to 511 bytes of packets before it (``main_data_begin``, ISO/IEC 11172-3,
2.4.2.7): nine packets at 32 kbit/s, and one for the overlap. Opus converges within 80 ms (RFC 7845, 4.6). AAC overlaps
with one packet, and its SBR is delayed by another.
"""

_SEEK_BACK_SEC = Fraction(1)


def can_copy(video: Video, span: FrameSpan, track: AudioTrack) -> bool:
    """Whether a track's packets can be copied to an MP4 unchanged, and there is audio when the cut starts."""
    if track.codec not in MP4_SOUND or (track.codec.startswith("mp3") and track.sample_rate < _LOWEST_MP3_HZ):
        return False
    start = span.container_seconds(span.start)
    with open_video(video) as container:
        first = next(audio_packets(container, track, start, start + 1), None)
        return first is not None and _start(first) <= start + Fraction(AUDIO_START_SEC)


def audio_packets(
    container: InputContainer, track: AudioTrack, start: Fraction, end: Fraction
) -> Iterator[Packet[Stream]]:
    """Read the packets of a span, and some before it that the decoder needs and behind which no sound is missing.

    Parameters
    ----------
    container : av.container.InputContainer
        The source, open for this track only.
    track : AudioTrack
        The audio track.
    start, end : Fraction
        The span, in seconds of the container's clock.

    Yields
    ------
    av.Packet
        With the container's times.
    """
    stream = container.streams[track.index]
    coding = stream.codec_context
    assert stream.time_base is not None and isinstance(coding, AudioCodecContext)  # noqa: S101, PT018 - as probed
    longest = 2 * Fraction(coding.frame_size or track.sample_rate // 10, track.sample_rate)
    target = int((start - _SEEK_BACK_SEC) / stream.time_base)
    if target > (stream.start_time or 0):  # a newly opened file is at its start; some files can't be sought before it
        container.seek(target, stream=stream)
    lead: deque[Packet[Stream]] = deque(maxlen=_LEADS.get(track.codec, 1))
    for packet in container.demux(stream):
        if packet.size == 0 or packet.pts is None:
            continue
        if _start(packet) >= end:
            return
        if lead and _start(packet) - _start(lead[-1]) > longest:
            lead.clear()
        # In MP4, the duration of a packet before a gap includes the gap.
        if _start(packet) + min((packet.duration or 0) * packet.time_base, longest) <= start:
            lead.append(packet)
            continue
        while lead:
            yield lead.popleft()
        yield packet


def _start(packet: Packet[Stream]) -> Fraction:
    assert packet.pts is not None  # noqa: S101 - packets without a time are skipped
    return packet.pts * packet.time_base
