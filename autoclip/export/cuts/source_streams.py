"""What a smart cut must know of the source's codec: where copying may start, and how encoded pictures stand beside it.

H.264 and HEVC keep parameter sets apart by ids: what is encoded gets ids of its own in one decoder configuration with
the source's. VP9 has none, and AV1 repeats its sequence header at keyframes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import reduce
from typing import Protocol

from autoclip.export.cuts import av1, h264, hevc, vp9
from autoclip.export.cuts.encoders import SVT_AV1_PRESETS, VP9_CPU_USED, VP9_REALTIME_SPEED
from autoclip.export.cuts.nal_units import (
    BitstreamError,
    split_lengths,
    split_start_codes,
    with_length,
    with_lengths,
)
from autoclip.settings import ExportSettings

_H264_PROFILES = {66: "baseline", 77: "main", 100: "high"}
"""``profile_idc`` (ITU-T H.264, A.2) that x264 can be held to, for 8-bit 4:2:0."""
_HEVC_PROFILES = frozenset({1, 2})
"""``general_profile_idc`` (ITU-T H.265, A.3) of Main and Main 10, for 4:2:0."""
_H264_IDS = range(32)
_X264_SCALE, _VP9_SCALE = 51, 63
"""The ends of the scales of x264's crf and of libvpx's."""
_DYNAMIC_HDR = {bytes.fromhex("b5003c0001"): "HDR10+", bytes.fromhex("b5003b"): "Dolby Vision"}
"""How a registered message (ITU-T T.35, country and provider) begins that tells how to show this very picture."""
_REGISTERED_MESSAGE = 4
"""``payloadType`` of such a message in HEVC (H.265, D.2.1), and ``metadata_type`` in AV1 (6.7.1)."""


class RandomAccess(Enum):
    """Whether decoding can start at a packet; after an open start, pictures shown before it can't be decoded."""

    NONE = "none"
    CLOSED = "closed"
    OPEN = "open"


class SourceStream(Protocol):
    """A stream of a codec that encoded pictures can continue. All methods raise `BitstreamError` where they can't."""

    @property
    def numbers(self) -> Sequence[int]:
        """Numbers for encodings that stand beside the source's, the first one first."""

    @property
    def end_of_sequence(self) -> bytes:
        """What makes a decoder start afresh, put behind the packet before an open start."""

    @property
    def encoder(self) -> str:
        """FFmpeg's name of the encoder."""

    def encoder_options(self, settings: ExportSettings, number: int) -> tuple[str, ...]:
        """Return its options for pictures to stand beside the source's; `number` tells encodings apart."""

    def random_access(self, packet: bytes) -> RandomAccess:
        """Tell whether decoding can start at a packet of the source."""

    def copied(self, packet: bytes) -> bytes:
        """Return a packet of the source as the file holds it."""

    def encoded(self, packet: bytes, number: int) -> bytes:
        """Return an encoded packet as the file holds it."""

    def configuration(self, encoded: Iterable[tuple[bytes, int]]) -> bytes | None:
        """Return what a decoder must know beforehand, given that of what was encoded, each with its number."""


@dataclass(frozen=True, slots=True)
class H264Stream:
    """H.264; `start_codes` says that its packets have start codes instead of lengths."""

    sets: h264.ParameterSets
    start_codes: bool
    encoder: str = "libx264"
    end_of_sequence: bytes = b""

    @property
    def numbers(self) -> tuple[int, ...]:
        """Ids that none of its parameter sets uses."""
        ids = self.sets.ids
        return tuple(number for number in _H264_IDS if number not in ids)

    def random_access(self, packet: bytes) -> RandomAccess:
        """Tell whether there is a picture that all others are independent of."""
        starts = any(h264.unit_type(unit) == h264.IDR_SLICE for unit in _units(packet, start_codes=self.start_codes))
        return RandomAccess.CLOSED if starts else RandomAccess.NONE

    def encoder_options(self, settings: ExportSettings, number: int) -> tuple[str, ...]:
        """Return the options of x264."""
        return (
            *("-preset", settings.encoder_preset, "-crf", str(settings.crf)),
            *("-profile:v", _H264_PROFILES[self.sets.profile], "-bf", "0", "-x264-params", f"sps-id={number}"),
        )

    def copied(self, packet: bytes) -> bytes:
        """Return the packet with lengths; refuse parameter sets that the stream did not start with."""
        data = with_lengths(packet) if self.start_codes else packet
        known = {h264.parameter_set_id(unit): unit for unit in self.sets.sequence}
        for unit in split_lengths(data):
            if h264.unit_type(unit) == h264.SPS and known.get(h264.parameter_set_id(unit)) != unit:
                raise BitstreamError("its encoding changes on the way")
        return data

    def encoded(self, packet: bytes, number: int) -> bytes:  # noqa: ARG002 - x264 numbers its sets itself
        """Return the packet as it is."""
        return packet

    def configuration(self, encoded: Iterable[tuple[bytes, int]]) -> bytes:
        """Return one configuration for all."""
        others = (h264.read_parameter_sets(extradata) for extradata, _ in encoded)
        return reduce(h264.ParameterSets.joined, others, self.sets).record()


@dataclass(frozen=True, slots=True)
class HevcStream:
    """HEVC; `start_codes` says that its packets have start codes instead of lengths."""

    sets: hevc.ParameterSets
    start_codes: bool
    encoder: str = "libx265"
    end_of_sequence: bytes = with_length(hevc.END_OF_SEQUENCE)

    @property
    def numbers(self) -> tuple[int, ...]:
        """Numbers whose ids none of its parameter sets uses."""
        return self.sets.spare_numbers()

    def random_access(self, packet: bytes) -> RandomAccess:
        """Tell what kind of picture there is; refuse what each picture carries and no encoded one would."""
        found = RandomAccess.NONE
        for unit in _units(packet, start_codes=self.start_codes):
            kind = hevc.unit_type(unit)
            if kind in hevc.DOLBY_VISION:
                raise BitstreamError("it carries Dolby Vision")
            if hevc.layer_of(unit):
                raise BitstreamError("it holds a second view")
            if kind == hevc.PREFIX_SEI and unit[2:3] == bytes([_REGISTERED_MESSAGE]):
                _refuse_dynamic_hdr(unit[4:])
            if kind in hevc.IDR:
                found = RandomAccess.CLOSED
            elif kind in hevc.BLA or kind in hevc.CRA:
                found = RandomAccess.OPEN
        return found

    def encoder_options(self, settings: ExportSettings, number: int) -> tuple[str, ...]:  # noqa: ARG002 - numbered afterwards
        """Return the options of x265: nothing is stored out of order, so that all is shown before a fresh start."""
        return (
            *("-preset", settings.encoder_preset, "-crf", str(settings.crf), "-tag:v", "hvc1"),
            *("-profile:v", "main10" if self.sets.deep else "main"),
            *("-x265-params", "bframes=0:open-gop=0:repeat-headers=0:info=0:log-level=1"),
        )

    def copied(self, packet: bytes) -> bytes:
        """Return the packet with lengths; refuse parameter sets that the stream did not start with."""
        data = with_lengths(packet) if self.start_codes else packet
        known = self.sets.units
        for unit in split_lengths(data):
            if hevc.unit_type(unit) in {hevc.VPS, hevc.SPS, hevc.PPS} and unit not in known:
                raise BitstreamError("its encoding changes on the way")
        return data

    def encoded(self, packet: bytes, number: int) -> bytes:
        """Return the packet with the ids of that number."""
        return b"".join(with_length(hevc.numbered(unit, number)) for unit in split_lengths(packet))

    def configuration(self, encoded: Iterable[tuple[bytes, int]]) -> bytes:
        """Return one configuration for all."""
        others = (hevc.read_parameter_sets(extradata).numbered(number) for extradata, number in encoded)
        return reduce(hevc.ParameterSets.joined, others, self.sets).record()


@dataclass(frozen=True, slots=True)
class Vp9Stream:
    """VP9: each keyframe says all that a decoder must know."""

    numbers: tuple[int, ...] = (0, 1)
    encoder: str = "libvpx-vp9"
    end_of_sequence: bytes = b""

    def random_access(self, packet: bytes) -> RandomAccess:
        """Tell whether there is a keyframe."""
        return RandomAccess.CLOSED if vp9.is_key_frame(packet) else RandomAccess.NONE

    def encoder_options(self, settings: ExportSettings, number: int) -> tuple[str, ...]:  # noqa: ARG002 - there are no ids
        """Return the options of libvpx."""
        crf = round(settings.crf * _VP9_SCALE / _X264_SCALE)
        speed = VP9_CPU_USED[settings.encoder_preset]
        deadline = "realtime" if speed >= VP9_REALTIME_SPEED else "good"
        return (
            *("-crf", str(crf), "-b:v", "0", "-deadline", deadline, "-cpu-used", str(speed)),
            *("-row-mt", "1", "-lag-in-frames", "0", "-auto-alt-ref", "0"),
        )

    def copied(self, packet: bytes) -> bytes:
        """Return the packet as it is."""
        return packet

    def encoded(self, packet: bytes, number: int) -> bytes:  # noqa: ARG002
        """Return the packet as it is."""
        return packet

    def configuration(self, encoded: Iterable[tuple[bytes, int]]) -> None:
        """Return None: the container's own will do."""


@dataclass(frozen=True, slots=True)
class Av1Stream:
    """AV1, with its configuration record."""

    record: bytes
    numbers: tuple[int, ...] = (0, 1)
    encoder: str = "libsvtav1"
    end_of_sequence: bytes = b""

    def random_access(self, packet: bytes) -> RandomAccess:
        """Tell whether there is a keyframe behind a sequence header, which follows that of what was encoded."""
        for message in av1.registered_messages(packet):
            _refuse_dynamic_hdr(message)
        starts = av1.is_key_frame(packet) and av1.sequence_headers(packet)
        return RandomAccess.CLOSED if starts else RandomAccess.NONE

    def encoder_options(self, settings: ExportSettings, number: int) -> tuple[str, ...]:  # noqa: ARG002 - there are no ids
        """Return the options of SVT-AV1."""
        speed = SVT_AV1_PRESETS[settings.encoder_preset]
        return ("-preset", str(speed), "-crf", str(settings.crf))

    def copied(self, packet: bytes) -> bytes:
        """Return the packet as it is."""
        return packet

    def encoded(self, packet: bytes, number: int) -> bytes:  # noqa: ARG002
        """Return the packet as it is."""
        return packet

    def configuration(self, encoded: Iterable[tuple[bytes, int]]) -> bytes:
        """Return the source's record; refuse where the encoder made another kind of picture."""
        own = av1.sample_format(self.record)
        if any(av1.sample_format(extradata) != own for extradata, _ in encoded):
            raise BitstreamError("the encoder made another profile, chroma format or bit depth")
        return self.record


def read_source_stream(codec: str, extradata: bytes) -> SourceStream:
    """Return what is known of a stream from its container.

    Parameters
    ----------
    codec : str
        FFmpeg's name, one of `CONTINUED_CODECS`.
    extradata : bytes
        What the container says of it.

    Raises
    ------
    BitstreamError
        If it can't be continued.
    """
    start_codes = extradata[:1] != b"\x01"
    if codec == "h264":
        sets = h264.read_parameter_sets(extradata)
        if sets.profile not in _H264_PROFILES:
            raise BitstreamError(f"its H.264 profile ({sets.profile}) is one that is not encoded here")
        return H264Stream(sets, start_codes)
    if codec == "hevc":
        pictures = hevc.read_parameter_sets(extradata)
        if pictures.profile not in _HEVC_PROFILES:
            raise BitstreamError(f"its HEVC profile ({pictures.profile}) is one that is not encoded here")
        return HevcStream(pictures, start_codes)
    if codec == "av1":
        av1.sample_format(extradata)
        return Av1Stream(extradata)
    return Vp9Stream()


CONTINUED_CODECS = {"h264": "H.264", "hevc": "HEVC", "vp9": "VP9", "av1": "AV1"}
"""FFmpeg's names of the codecs of smart cuts, and their own."""


def _units(packet: bytes, *, start_codes: bool) -> Iterator[bytes]:
    return split_start_codes(packet) if start_codes else split_lengths(packet)


def _refuse_dynamic_hdr(message: bytes) -> None:
    """Refuse what each picture of the source carries and none that is encoded here would."""
    for begin, name in _DYNAMIC_HDR.items():
        if message.startswith(begin):
            raise BitstreamError(f"it carries {name}")
