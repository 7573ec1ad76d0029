"""Color tags: the code points of ITU-T H.273 (ISO/IEC 23091-2) by FFmpeg's names."""

from __future__ import annotations

TRANSFERS = {
    1: "bt709",
    4: "bt470m",
    5: "bt470bg",
    6: "smpte170m",
    7: "smpte240m",
    8: "linear",
    9: "log100",
    10: "log316",
    11: "iec61966-2-4",
    12: "bt1361e",
    13: "iec61966-2-1",
    14: "bt2020-10",
    15: "bt2020-12",
    16: "smpte2084",
    17: "smpte428",
    18: "arib-std-b67",
}
"""Transfer characteristics: H.273 table 3."""

PRIMARIES = {
    1: "bt709",
    4: "bt470m",
    5: "bt470bg",
    6: "smpte170m",
    7: "smpte240m",
    8: "film",
    9: "bt2020",
    10: "smpte428",
    11: "smpte431",
    12: "smpte432",
    22: "ebu3213",
}
"""Color primaries: H.273 table 2."""

SPACES = {
    0: "gbr",
    1: "bt709",
    4: "fcc",
    5: "bt470bg",
    6: "smpte170m",
    7: "smpte240m",
    8: "ycgco",
    9: "bt2020nc",
    10: "bt2020c",
    14: "ictcp",
}
"""Matrix coefficients: H.273 table 4."""

RANGES = {1: "tv", 2: "pc"}
"""Limited (``tv``) and full (``pc``) range: FFmpeg's ``AVColorRange``."""

UNKNOWN = "unknown"

PQ = "smpte2084"
HLG = "arib-std-b67"


def is_hdr(transfer: str) -> bool:
    """Whether a transfer characteristic is high dynamic range: PQ or HLG (ITU-R BT.2100)."""
    return transfer in {PQ, HLG}
