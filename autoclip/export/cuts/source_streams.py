"""The source's codec in a smart cut: where copying may start, and how encoded frames are joined with it.

H.264 and HEVC identify parameter sets by ids: encoded parts get their own ids in one decoder configuration with the
source's. VP9 has none, and AV1 repeats its sequence header at keyframes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import reduce
from typing import ClassVar

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
"""``profile_idc`` (ITU-T H.264, A.2) values that x264 can be restricted to, for 8-bit 4:2:0."""
_HEVC_PROFILES = frozenset({1, 2})
"""``general_profile_idc`` (ITU-T H.265, A.3) of Main and Main 10, for 4:2:0."""
_H264_IDS = range(32)
_X264_SCALE, _VP9_SCALE = 51, 63
"""The ends of the scales of x264's crf and of libvpx's."""
_DYNAMIC_HDR = {bytes.fromhex("b5003c0001"): "HDR10+", bytes.fromhex("b5003b"): "Dolby Vision"}
"""First bytes of a registered message (ITU-T T.35, country and provider) with display metadata of a single frame."""
_REGISTERED_MESSAGE = 4
"""``payloadType`` of such a message in HEVC (H.265, D.2.1), and ``metadata_type`` in AV1 (6.7.1)."""


class RandomAccess(Enum):
    """Whether decoding can start at a packet. After an open start, frames shown before it can't be decoded."""

    NONE = "none"
    CLOSED = "closed"
    OPEN = "open"


class SourceStream(ABC):
    """A stream whose codec an encoder can continue. All methods raise `BitstreamError` if it can't."""

    encoder: ClassVar[str]
    """FFmpeg's name of the encoder."""
    end_of_sequence: ClassVar[bytes] = b""
    """The unit that makes a decoder restart, to be put after the packet before an open start."""

    @property
    def numbers(self) -> Sequence[int]:
        """Return the numbers of encodings that are joined with the source's, in order of preference."""
        return (0, 1)

    @abstractmethod
    def encoder_options(self, settings: ExportSettings, number: int) -> tuple[str, ...]:
        """Return its options for frames that are joined with the source's; `number` distinguishes encodings."""

    @abstractmethod
    def random_access(self, packet: bytes) -> RandomAccess:
        """Return whether decoding can start at a packet of the source."""

    def copied(self, packet: bytes) -> bytes:
        """Return a packet of the source in the form the file needs."""
        return packet

    def encoded(self, packet: bytes, number: int) -> bytes:  # noqa: ARG002 - where encodings have no numbers
        """Return an encoded packet in the form the file needs."""
        return packet

    def configuration(self, encoded: Iterable[tuple[bytes, int]]) -> bytes | None:  # noqa: ARG002 - the container's
        """Return the joint decoder configuration, given those of the encoded parts, each with its number."""
        return None


@dataclass(frozen=True, slots=True)
class H264Stream(SourceStream):
    """H.264; `start_codes` means that its packets have start codes instead of lengths."""

    sets: h264.ParameterSets
    start_codes: bool

    encoder = "libx264"

    @property
    def numbers(self) -> tuple[int, ...]:
        """Return the ids that none of its parameter sets uses."""
        ids = self.sets.ids
        return tuple(number for number in _H264_IDS if number not in ids)

    def random_access(self, packet: bytes) -> RandomAccess:
        """Return whether the packet contains an IDR picture."""
        starts = any(h264.unit_type(unit) == h264.IDR_SLICE for unit in _units(packet, start_codes=self.start_codes))
        return RandomAccess.CLOSED if starts else RandomAccess.NONE

    def encoder_options(self, settings: ExportSettings, number: int) -> tuple[str, ...]:
        """Return the options of x264."""
        return (
            *("-preset", settings.encoder_preset, "-crf", str(settings.crf)),
            *("-profile:v", _H264_PROFILES[self.sets.profile], "-bf", "0", "-x264-params", f"sps-id={number}"),
        )

    def copied(self, packet: bytes) -> bytes:
        """Return the packet with lengths; refuse parameter sets that differ from those at the stream's start."""
        data = with_lengths(packet) if self.start_codes else packet
        known = {h264.parameter_set_id(unit): unit for unit in self.sets.sequence}
        for unit in split_lengths(data):
            if h264.unit_type(unit) == h264.SPS and known.get(h264.parameter_set_id(unit)) != unit:
                raise BitstreamError("its encoding changes on the way")
        return data

    def configuration(self, encoded: Iterable[tuple[bytes, int]]) -> bytes:
        """Return one configuration for all."""
        others = (h264.read_parameter_sets(extradata) for extradata, _ in encoded)
        return reduce(h264.ParameterSets.joined, others, self.sets).record()


@dataclass(frozen=True, slots=True)
class HevcStream(SourceStream):
    """HEVC; `start_codes` means that its packets have start codes instead of lengths."""

    sets: hevc.ParameterSets
    start_codes: bool

    encoder, end_of_sequence = "libx265", with_length(hevc.END_OF_SEQUENCE)

    @property
    def numbers(self) -> tuple[int, ...]:
        """Return the numbers whose ids none of its parameter sets uses."""
        return self.sets.spare_numbers()

    def random_access(self, packet: bytes) -> RandomAccess:
        """Return the kind of random access; refuse per-frame data that encoded frames would lack."""
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
        """Return the options of x265: no reordering, so that all frames are shown before the decoder restarts."""
        return (
            *("-preset", settings.encoder_preset, "-crf", str(settings.crf), "-tag:v", "hvc1"),
            *("-profile:v", "main10" if self.sets.deep else "main"),
            *("-x265-params", "bframes=0:open-gop=0:repeat-headers=0:info=0:log-level=1"),
        )

    def copied(self, packet: bytes) -> bytes:
        """Return the packet with lengths; refuse parameter sets that differ from those at the stream's start."""
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
class Vp9Stream(SourceStream):
    """VP9: each keyframe contains all that a decoder needs."""

    encoder = "libvpx-vp9"

    def random_access(self, packet: bytes) -> RandomAccess:
        """Return whether the packet is a keyframe."""
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


@dataclass(frozen=True, slots=True)
class Av1Stream(SourceStream):
    """AV1, with its configuration record."""

    record: bytes

    encoder = "libsvtav1"

    def random_access(self, packet: bytes) -> RandomAccess:
        """Return whether there is a keyframe after a sequence header, which replaces that of the encoded part."""
        for message in av1.registered_messages(packet):
            _refuse_dynamic_hdr(message)
        starts = av1.is_key_frame(packet) and av1.sequence_headers(packet)
        return RandomAccess.CLOSED if starts else RandomAccess.NONE

    def encoder_options(self, settings: ExportSettings, number: int) -> tuple[str, ...]:  # noqa: ARG002 - there are no ids
        """Return the options of SVT-AV1."""
        speed = SVT_AV1_PRESETS[settings.encoder_preset]
        return ("-preset", str(speed), "-crf", str(settings.crf))

    def configuration(self, encoded: Iterable[tuple[bytes, int]]) -> bytes:
        """Return the source's record; raise if the encoder used another sample format."""
        own = av1.sample_format(self.record)
        if any(av1.sample_format(extradata) != own for extradata, _ in encoded):
            raise BitstreamError("the encoder made another profile, chroma format or bit depth")
        return self.record


def read_source_stream(codec: str, extradata: bytes) -> SourceStream:
    """Return a stream's codec data from its container.

    Parameters
    ----------
    codec : str
        FFmpeg's name, one of `CONTINUED_CODECS`.
    extradata : bytes
        The codec's extradata in the container.

    Raises
    ------
    BitstreamError
        If an encoder can't continue it.
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
"""FFmpeg's names of the codecs of smart cuts, and their official names."""


def _units(packet: bytes, *, start_codes: bool) -> Iterator[bytes]:
    return split_start_codes(packet) if start_codes else split_lengths(packet)


def _refuse_dynamic_hdr(message: bytes) -> None:
    """Refuse per-frame metadata of the source that encoded frames would lack."""
    for begin, name in _DYNAMIC_HDR.items():
        if message.startswith(begin):
            raise BitstreamError(f"it carries {name}")
