"""The audio of a compound clip: the cuts of all items, each exactly as long as its video in samples, concatenated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from autoclip.export.audio.loudness import MEASURING_FILTER
from autoclip.export.audio.tracks import GAP_SEC, MIX_RATE, AudioTrack, fade_filters, mixed, mixed_down
from autoclip.export.cuts.cut_spec import CutSpec
from autoclip.export.cuts.encoders import MP4, audio_encoder
from autoclip.export.cuts.exact import audio_input
from autoclip.media.ffmpeg import local_file
from autoclip.settings import ExportSettings


@dataclass(frozen=True, slots=True)
class AudioItem:
    """The audio of one item.

    Attributes
    ----------
    spec : CutSpec
        Its cut; silence if it has no audio track.
    lead_sec : Fraction
        How many seconds of audio precede the cut's video: the crossfade into it.
    begin, end : int
        Its position in the compound, in samples; items overlap where they are crossfaded.
    """

    spec: CutSpec
    lead_sec: Fraction
    begin: int
    end: int


def compound_audio_arguments(
    items: Sequence[AudioItem], settings: ExportSettings, target: Path, leveling: str = ""
) -> tuple[str, ...]:
    """Return the ffmpeg arguments that render the audio of a compound clip.

    `leveling` is the filter that normalizes the loudness of the whole; empty to leave it unchanged.
    """
    inputs, graph = _inputs_and_graph(items)
    fades = fade_filters("afade", items[-1].end / MIX_RATE, settings)
    finish = ",".join([*([leveling] if leveling else []), "asetpts=N/SR/TB", *fades])
    maps = ("-filter_complex", f"{graph};[joined]{finish}[a]", "-map", "[a]")
    return ("-copyts", *inputs, *maps, *audio_encoder(settings), *MP4, local_file(target))


def compound_measuring_arguments(items: Sequence[AudioItem], leveling: str) -> tuple[str, ...]:
    """Return the ffmpeg arguments that measure the loudness of a compound clip, behind a filter, without output."""
    inputs, graph = _inputs_and_graph(items)
    filters = ",".join([*([leveling] if leveling else []), MEASURING_FILTER])
    maps = ("-filter_complex", f"{graph};[joined]{filters}[a]", "-map", "[a]")
    return ("-copyts", *inputs, *maps, "-loglevel", "info", "-f", "null", "-")


def _inputs_and_graph(items: Sequence[AudioItem]) -> tuple[tuple[str, ...], str]:
    """Return the inputs, and the filters that end in ``[joined]``."""
    inputs: tuple[str, ...] = ()
    graph: list[str] = []
    number = 0
    for place, item in enumerate(items):
        if item.spec.tracks:
            inputs += audio_input(item.spec, item.lead_sec)
            graph.append(f"{_item_graph(item, number)}[s{place}]")
            number += 1
        else:
            length = item.end - item.begin
            graph.append(f"anullsrc=sample_rate={MIX_RATE}:channel_layout=stereo,atrim=end_sample={length}[s{place}]")
    graph.append(_chained(items))
    return inputs, ";".join(graph)


def _item_graph(item: AudioItem, number: int) -> str:
    """Return the filters that cut the audio of an item from an input."""
    track = item.spec.tracks[0]
    if track.parts:
        return mixed(track, number, [_cut(item, part.track) for part in track.parts], f"item{number}part")
    return f"[{number}:{track.index}]{_cut(item, track)}"


def _cut(item: AudioItem, track: AudioTrack) -> str:
    span = item.spec.span
    begin = float(span.container_seconds(span.start) - item.lead_sec)
    length = item.end - item.begin
    return ",".join(
        (
            *mixed_down(track),
            f"atrim=start={begin:.6f}:end={begin + length / MIX_RATE:.6f}",
            f"asetpts=round(PTS-{begin:.6f}/TB)",
            f"aresample={MIX_RATE}:async=1:min_hard_comp={GAP_SEC}:first_pts=0",
            f"aformat=sample_fmts=fltp:sample_rates={MIX_RATE}:channel_layouts=stereo",
            f"apad=whole_len={length}",
            f"atrim=end_sample={length}",
            "asetpts=N/SR/TB",
        )
    )


def _chained(items: Sequence[AudioItem]) -> str:
    """Return the filters that concatenate the items, with crossfades where they overlap."""
    if len(items) == 1:
        return "[s0]anull[joined]"
    if all(later.begin >= earlier.end for earlier, later in pairwise(items)):
        labels = "".join(f"[s{place}]" for place in range(len(items)))
        return f"{labels}concat=n={len(items)}:v=0:a=1[joined]"
    steps, so_far = [], "s0"
    for place in range(1, len(items)):
        overlap = items[place - 1].end - items[place].begin
        name = "joined" if place == len(items) - 1 else f"x{place}"
        # A quarter sine on either side keeps the power of two uncorrelated sounds constant.
        steps.append(f"[{so_far}][s{place}]acrossfade=ns={overlap}:c1=qsin:c2=qsin[{name}]")
        so_far = name
    return ";".join(steps)
