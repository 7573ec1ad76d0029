"""``autoclip compound``: create, list, show and delete compound clips, which ``export`` renders."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Annotated

import typer

from autoclip.durations import read_seconds
from autoclip.errors import ParameterError
from autoclip.timeline import Interval
from interfaces.cli.clip_sources import (
    AllClips,
    ClipChoice,
    OfMode,
    Source,
    Top,
    find_clip,
    find_compound,
    in_order,
    open_clips,
)
from interfaces.cli.command_list import command_group
from interfaces.cli.options import Json
from interfaces.cli.terminal import clock, print_json, print_table, say

if TYPE_CHECKING:
    from autoclip.clips import Clip
    from storage.catalog import CompoundClip, CompoundItem
    from storage.clip_store import ClipStore

_ITEM = re.compile(r"^(?P<clip>.+?)(?:@(?P<start>[\d:.]*)-(?P<end>[\d:.]*))?$")
_MAX_CROSSFADE_SEC = 5.0
_SAME_FOOTAGE_SEC = 0.1
"""Tolerance in seconds: adjacent clips share a frame or two; a longer overlap is shown twice."""

compounds = command_group(
    "compound",
    "Manage compound clips: several clips in one file, in any order. 'autoclip export --compound' renders them.",
)
CompoundName = Annotated[str, typer.Argument(metavar="COMPOUND", help="Its id or name.", show_default=False)]


@compounds.command("create")
def create(
    source: Source,
    *,
    name: Annotated[str, typer.Option("--name", help="Name of the compound clip.")] = "Highlights",
    item: Annotated[
        list[str] | None,
        typer.Option(
            "--item",
            "--clip",
            metavar="CLIP[@START-END]",
            help="A clip, by id or name; after @, other times of the video, in seconds or as 1:02.5: "
            "@83-97, @-97 (another end), @1:23- (another start). Repeatable, in the order they are shown.",
        ),
    ] = None,
    top: Top = None,
    all_clips: AllClips = False,
    crossfade: Annotated[
        float,
        typer.Option(
            "--crossfade", min=0, max=_MAX_CROSSFADE_SEC, help="Length of the dissolve between items, in seconds."
        ),
    ] = 0.0,
    mode: OfMode = None,
    as_json: Json = False,
) -> None:
    """Join clips into a compound clip.

    Name the clips with --item, in the order of the compound; or take the best (--top) or --all, in order of time.
    """
    from storage.catalog import CompoundItem

    choice = ClipChoice.of(item, top, all_clips=all_clips, default=None)
    if not (item or top or all_clips):
        raise ParameterError("compound create: say of which clips, by --item CLIP (repeatable), --top N or --all")
    if not name.strip():
        raise ParameterError("compound create: --name is empty; give it a name to know it by")
    store = open_clips(source, mode)
    chosen = () if item else in_order(choice.among(store))
    items = tuple(_item(word, store) for word in item or ()) + tuple(CompoundItem(clip_id=clip.id) for clip in chosen)
    if not items:
        raise ParameterError(f"{source} has no clips to join; analyze it with other settings")
    _require_free_name(name.strip(), store.compounds())
    compound = store.add_compound(name.strip(), items, crossfade)
    for words in repeated_footage(compound, store):
        say(f"note: {words}")
    if as_json:
        print_json(_document(compound, store))
    else:
        print_items(compound, store)
        say(f"compound clip {compound.id} ({compound.name}); render it with")
        say(shlex.join(["autoclip", "export", source, "--compound", compound.id]))


@compounds.command("list")
def list_compounds(source: Source, *, as_json: Json = False) -> None:
    """List compound clips, oldest first."""
    store = open_clips(source)
    kept = store.compounds()
    if as_json:
        print_json([_document(compound, store) for compound in kept])
        return
    rows = [
        (
            compound.id,
            compound.name,
            str(len(compound.items)),
            f"{compound.crossfade_sec:g} s",
            clock(compound.length_sec(store.clips_of(compound))),
        )
        for compound in kept
    ]
    print_table("", ("id", "name", "items", "crossfade", "length"), rows, numeric=("items", "crossfade", "length"))
    if not kept:
        say(f"no compound clips yet; 'autoclip compound create {shlex.quote(source)} --top 5' makes one")


@compounds.command("show")
def show(source: Source, compound: CompoundName, *, as_json: Json = False) -> None:
    """Show the items of a compound clip."""
    store = open_clips(source)
    kept = find_compound(compound, store, source)
    if as_json:
        print_json(_document(kept, store))
        return
    print_items(kept, store)
    length = clock(kept.length_sec(store.clips_of(kept)))
    say(f"{len(kept.items)} items, crossfade {kept.crossfade_sec:g} s, {length} in all")


@compounds.command("delete")
def delete(source: Source, compound: CompoundName) -> None:
    """Delete a compound clip; clips and files stay."""
    store = open_clips(source)
    kept = find_compound(compound, store, source)
    store.delete_compound(kept.id)
    say(f"compound clip {kept.id} ({kept.name}) is deleted")


def _time(text: str, word: str) -> float | None:
    """Parse a time of an item; None for an empty text.

    Raises
    ------
    ParameterError
        If it is not a time.
    """
    try:
        return read_seconds(text) if text else None
    except ValueError as error:
        raise ParameterError(f"--item {word!r}: {error}") from error


def _item(word: str, store: ClipStore) -> CompoundItem:
    """Parse ``CLIP[@START-END]``."""
    from storage.catalog import CompoundItem

    match = _ITEM.match(word)
    if match is None:
        raise ParameterError(f"--item {word!r}: write CLIP, or CLIP@START-END")
    clip = find_clip(match["clip"], store.clips())
    start, end = (_time(match[name] or "", word) for name in ("start", "end"))
    first, last = clip.start if start is None else start, clip.end if end is None else end
    if last <= first:
        raise ParameterError(f"--item {word!r}: would end at {last:g} s, not after its start at {first:g} s")
    if first >= store.duration_sec or (end is not None and end > store.duration_sec + 0.05):
        raise ParameterError(f"--item {word!r}: the video lasts {store.duration_sec:.2f} s")
    return CompoundItem(clip_id=clip.id, start=start, end=end)


def _require_free_name(name: str, kept: Sequence[CompoundClip]) -> None:
    """Refuse a second compound clip with the same name, which would be ambiguous."""
    taken = next((compound for compound in kept if compound.name == name), None)
    if taken is not None:
        raise ParameterError(
            f"compound create: there is a compound clip {name!r} already ({taken.id}); give another --name, or delete "
            "that one with 'autoclip compound delete'"
        )


def repeated_footage(compound: CompoundClip, store: ClipStore) -> list[str]:
    """Return which items of a compound clip show the same footage, and how much of it."""
    spans = [
        (number, Interval(span.start, span.end))
        for number, span in enumerate(compound.shown(store.clips_of(compound)), 1)
        if span.start is not None and span.end is not None and span.end > span.start
    ]
    lines = []
    for (one, first), (other, second) in combinations(spans, 2):
        shared = min(first.end, second.end) - max(first.start, second.start)
        if shared > _SAME_FOOTAGE_SEC:
            lines.append(
                f"items {one} and {other} both show {clock(max(first.start, second.start))} to "
                f"{clock(min(first.end, second.end))} ({shared:.1f} s)"
            )
    return lines


def _named_items(compound: CompoundClip, clips: Mapping[str, Clip]) -> list[tuple[str, CompoundItem]]:
    """Return the items as they are shown, each with the name of its clip."""
    names = (clips[item.clip_id].name if item.clip_id in clips else "(gone)" for item in compound.items)
    return list(zip(names, compound.shown(clips), strict=True))


def print_items(compound: CompoundClip, store: ClipStore) -> None:
    """Print the items in a table."""
    rows = [
        (
            str(number),
            span.clip_id,
            name,
            "" if span.start is None else clock(span.start),
            "" if span.end is None else clock(span.end),
            f"{span.duration:.1f} s",
        )
        for number, (name, span) in enumerate(_named_items(compound, store.clips_of(compound)), 1)
    ]
    columns = ("#", "clip", "name", "start", "end", "length")
    print_table(compound.name, columns, rows, numeric=("#", "start", "end", "length"))


def _document(compound: CompoundClip, store: ClipStore) -> dict[str, object]:
    clips = store.clips_of(compound)
    return {
        "id": compound.id,
        "name": compound.name,
        "items": [{"name": name} | span.model_dump() for name, span in _named_items(compound, clips)],
        "crossfade_sec": compound.crossfade_sec,
        "duration": round(compound.length_sec(clips), 6),
    }
