"""``autoclip find``: moments by what was said, over all projects."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from autoclip.errors import NotFoundError
from interfaces.cli.clip_sources import open_clip_source, open_the_catalog
from interfaces.cli.options import Json
from interfaces.cli.terminal import clock, print_json, print_table, say

if TYPE_CHECKING:
    from stages.find_speech import Moment, SearchPlace


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("find")(find)


def find(
    words: Annotated[
        str,
        typer.Argument(help='Words of one sentence, in any order; "in quotes" next to each other.', show_default=False),
    ],
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PROJECT|FOLDER]...", help="Where to look; in all projects by default.", show_default=False
        ),
    ] = None,
    *,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="Most moments.")] = 20,
    make_clips: Annotated[
        bool, typer.Option("--make-clips", help="Make a clip of each sentence that is found.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Find moments by what was said in them; case, accents and inflection don't matter.

    Videos that were analyzed with speech, or came with subtitles, are looked into.
    """
    from stages.find_speech import find_speech
    from storage.environment import read_environment

    places = [_place(source) for source in sources] if sources else _every_project()
    found = find_speech(words, places, read_environment().data_dir, limit)
    clips = _make_clips(found.moments) if make_clips else [None] * len(found.moments)
    if as_json:
        print_json([_document(m, clip) for m, clip in zip(found.moments, clips, strict=True)])
        return
    rows = [
        (m.place.name, clock(m.interval.start), m.text, clip or "")
        for m, clip in zip(found.moments, clips, strict=True)
    ]
    if rows:
        print_table("", ("project", "at", "sentence", "clip"), rows, numeric=("at",))
    else:
        say(f"not found in {found.searched} of {len(places)} analyses that have a transcript")
    if not found.searched:
        raise NotFoundError("nothing has a transcript yet; analyze with --set speech=all")


def _place(source: str) -> SearchPlace:
    from stages.find_speech import SearchPlace

    found = open_clip_source(source)
    return SearchPlace(found.folder, found.name, None if found.project is None else found.project.id)


def _every_project() -> list[SearchPlace]:
    from stages.find_speech import SearchPlace
    from storage.data_folder import DataFolder
    from storage.environment import read_environment

    folders = DataFolder(read_environment().data_dir)
    with open_the_catalog().reading() as view:
        projects = view.projects.page().items
    return [SearchPlace(folders.project(project.id), project.name, project.id) for project in projects]


def _make_clips(moments: Sequence[Moment]) -> list[str]:
    """Make a clip of each moment; return their ids. One that is there already stays as it is."""
    return [_in_project(m, m.place.project_id) if m.place.project_id else _in_folder(m) for m in moments]


def _in_project(moment: Moment, project_id: str) -> str:
    from storage.catalog import StoredClip

    with open_the_catalog().transaction() as unit:
        clip = moment.clip(unit.projects.get(project_id).duration_sec or 0.0)
        same = [c for c in unit.clips.page(project_id).items if (c.start, c.end) == (clip.start, clip.end)]
        if same:
            return same[0].id
        fields = clip.model_dump(exclude={"duration"})
        return unit.clips.add(StoredClip(project_id=project_id, **fields)).id


def _in_folder(moment: Moment) -> str:
    clips_file = moment.place.folder.read_clips()
    clip = moment.clip(float(clips_file.video.get("duration_sec") or 0.0))
    if clip.id not in {known.id for known in clips_file.clips}:
        clips = tuple(sorted((*clips_file.clips, clip), key=lambda each: each.start))
        moment.place.folder.write_clips(clips_file.model_copy(update={"clips": clips}))
    return clip.id


def _document(moment: Moment, clip: str | None) -> dict[str, Any]:
    return {
        "project_id": moment.place.project_id,
        "name": moment.place.name,
        "folder": str(Path(moment.place.folder.root)),
        "start_sec": round(moment.interval.start, 3),
        "end_sec": round(moment.interval.end, 3),
        "text": moment.text,
        "clip_id": clip,
    }
