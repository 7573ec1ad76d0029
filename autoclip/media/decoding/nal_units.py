"""Read the headers of NAL units without decoding them (ITU-T H.264 and H.265, table 7-1)."""

from __future__ import annotations

from typing import TypeAlias

from av.packet import Packet
from av.video.stream import VideoStream

VideoPacket: TypeAlias = "Packet[VideoStream]"

_START_CODE = b"\0\0\1"  # ITU-T H.264 annex B, also in H.265
_LENGTH_BYTES = 4
"""Size of the length prefix in MP4 and Matroska. Smaller ones are allowed (ISO/IEC 14496-15), but rarely written."""

_H264_SLICES = range(1, 6)
_H264_IDR = 5
_SEI, _RECOVERY_POINT = 6, 6
"""``nal_unit_type`` of supplemental enhancement information, and ``payloadType`` of a recovery point (D.1.1)."""
_SEI_BYTES = 256
_ESCAPED_SIZE = 0xFF
_HEVC_SLICES = range(32)
_HEVC_IRAP = range(16, 24)
_HEVC_SUB_LAYER_NON_REFERENCE = frozenset(range(0, 16, 2))


def is_fresh_start(packet: VideoPacket, codec: str) -> bool:
    """Whether a decoder can start at this keyframe and return every frame from its timestamp on.

    Containers also mark H.264 recovery points as keyframes, after which frames become correct only gradually; there,
    only an IDR frame counts. Keyframes of other codecs are always clean.
    """
    if codec == "h264":
        return any(_h264_type(header) == _H264_IDR for header in _nal_headers(bytes(packet)))
    if codec == "hevc":
        return any(_hevc_type(header) in _HEVC_IRAP for header in _nal_headers(bytes(packet)))
    return True


def recovers_gradually(packet: VideoPacket, codec: str) -> bool:
    """Whether frames become correct only gradually after this keyframe: an H.264 recovery point of intra refresh.

    Its message states after how many frames they are correct (ITU-T H.264, D.1.8, ``recovery_frame_cnt``); the first
    bit of that number is 1 for none.
    """
    if codec != "h264":
        return False
    data = bytes(packet)
    messages = (data[start + 1 : start + _SEI_BYTES] for start in _nal_starts(data) if _h264_type(data[start]) == _SEI)
    return any(_is_gradual(message) for message in messages)


def _is_gradual(messages: bytes) -> bool:
    """Look for a recovery point in the messages of a unit (7.3.2.3.1)."""
    position = 0
    while position + 2 < len(messages) and messages[position] != _ESCAPED_SIZE:
        kind, size = messages[position : position + 2]
        if kind == _RECOVERY_POINT:
            return not messages[position + 2] & 0x80
        position += 2 + size
        if size == _ESCAPED_SIZE:
            break
    return False


def is_reference(packet: VideoPacket, codec: str) -> bool:
    """Whether other frames may refer to a packet's frame. Also True if the codec does not state it in NAL units.

    FFmpeg's ``skip_frame=nonref`` skips the other frames: ``nal_ref_idc`` is 0 in H.264; the slices are of a sub-layer
    non-reference type in H.265.
    """
    if codec == "h264":
        slices = (header for header in _nal_headers(bytes(packet)) if _h264_type(header) in _H264_SLICES)
        return any(header >> 5 & 0x3 for header in slices)
    if codec == "hevc":
        types = (_hevc_type(header) for header in _nal_headers(bytes(packet)))
        return any(kind not in _HEVC_SUB_LAYER_NON_REFERENCE for kind in types if kind in _HEVC_SLICES)
    return True


def _h264_type(header: int) -> int:
    return header & 0x1F


def _hevc_type(header: int) -> int:
    return header >> 1 & 0x3F


def _nal_headers(data: bytes) -> list[int]:
    """Return the first byte of each NAL unit in a packet with either length prefixes or start codes (Annex B).

    The first bytes don't decide which: 0 0 1 begins a start code as well as the length of a unit of 256 to 511 bytes.
    """
    return [data[start] for start in _nal_starts(data)]


def _nal_starts(data: bytes) -> list[int]:
    starts = _length_starts(data)
    return [start for start in (_annex_b_starts(data) if starts is None else starts) if start < len(data)]


def _length_starts(data: bytes) -> list[int] | None:
    """Return where the units begin; None if the supposed lengths don't lead to the end of the packet."""
    starts, position = [], 0
    while position + _LENGTH_BYTES < len(data):
        starts.append(position + _LENGTH_BYTES)
        position = starts[-1] + int.from_bytes(data[position : starts[-1]], "big")
    return starts if position == len(data) else None


def _annex_b_starts(data: bytes) -> list[int]:
    starts, position = [], data.find(_START_CODE)
    while position >= 0:
        starts.append(position + len(_START_CODE))
        position = data.find(_START_CODE, position + len(_START_CODE))
    return starts
