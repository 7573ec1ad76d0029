"""Find streams whose packets have the times at which frames are decoded instead of those at which they are shown.

FFmpeg writes H.264 with B-frames into MXF so. Decoded frames then have times that go back and forth.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import islice, pairwise

from av.container import InputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream

from autoclip.media.container import rewind
from autoclip.media.decoding.nal_units import VideoPacket, is_reference

_PACKETS = 64
"""Number of packets that are read: B-frames, if there are any, are among them."""


def is_out_of_order(container: InputContainer, track: VideoStream, first_pts: int) -> bool:
    """Whether the times of decoded frames go back.

    Frames are decoded only if the packets' times are those of decoding and some of the packets may be B-frames.

    Parameters
    ----------
    container : InputContainer
        The open file; its position is lost.
    track : VideoStream
        The video stream.
    first_pts : int
        Presentation time of its first frame, in its time base.
    """
    if not track.codec_context.has_b_frames:
        return False
    rewind(container, track, first_pts)
    packets: list[VideoPacket] = []
    for packet in islice(container.demux(track), _PACKETS):
        if packet.size and packet.pts != packet.dts:
            return False
        packets.append(packet)
    if all(is_reference(packet, track.codec_context.codec.canonical_name) for packet in packets if packet.size):
        return False
    times: list[int] = []
    for packet in packets:
        with suppress(FFmpegError):
            times += [frame.pts for frame in packet.decode() if frame.pts is not None]
    return sum(later < earlier for earlier, later in pairwise(times)) > 1  # a single one is a jump of the clock


def way_out(track: VideoStream) -> str:
    """Return what is wrong with such a stream, and what to do about it."""
    rate = track.average_rate or track.guessed_rate
    return (
        "stores when its frames are decoded, not when they are shown; encode it again with "
        f'`ffmpeg -i VIDEO -vf "setpts=N/({rate}*TB)" -crf 16 FIXED.mp4`'
    )
