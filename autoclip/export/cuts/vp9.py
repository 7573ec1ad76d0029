"""Parse VP9 for cutting: which packets are keyframes (sections of the VP9 bitstream specification, 0.6)."""

from __future__ import annotations

from autoclip.export.cuts.nal_units import bits_of

_FRAME_MARKER = 2
_HIGHEST_PROFILE = 3
_NEW_KEY_FRAME = "00"
"""``show_existing_frame`` and ``frame_type``."""


def is_key_frame(packet: bytes) -> bool:
    """Whether a packet starts with a keyframe (6.2, ``uncompressed_header``), which resets all decoder state."""
    if not packet:
        return False
    bits = bits_of(packet[:2].ljust(2, b"\0"))
    profile = int(bits[3] + bits[2], 2)
    flags = 5 if profile == _HIGHEST_PROFILE else 4
    return int(bits[:2], 2) == _FRAME_MARKER and bits[flags : flags + 2] == _NEW_KEY_FRAME
