"""``autoclip find``: search what is said in all projects."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from autoclip.errors import NotFoundError
from interfaces.cli.clip_sources import open_clips, open_the_catalog
from interfaces.cli.options import Json
from interfaces.cli.terminal import clock, print_json, print_table, say

if TYPE_CHECKING:
    from stages.find_speech import Moment, SearchPlace
    from storage.clip_store import ClipStore


def find(
    words: Annotated[
        str,
        typer.Argument(
            help='Words of one sentence, in any order; words "in quotes" must be adjacent.', show_default=False
        ),
    ],
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PROJECT|FOLDER]...", help="Where to search; by default, all projects.", show_default=False
        ),
    ] = None,
    *,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="Maximum number of moments.")] = 20,
    make_clips: Annotated[bool, typer.Option("--make-clips", help="Make a clip of each sentence found.")] = False,
    as_json: Json = False,
) -> None:
    """Find moments by what was said. Case, accents and inflection don't matter.

    Searches all videos that have a transcript or came with subtitles.
    """
    from stages.find_speech import find_speech, make_moment_clips
    from storage.environment import read_environment

    stores = [open_clips(source) for source in sources] if sources else _every_project()
    places = {_place(store): store for store in stores}
    found = find_speech(words, list(places), read_environment().data_dir, limit)
    made = make_moment_clips(found.moments, places) if make_clips else {}
    clips = [made[m].id if make_clips else None for m in found.moments]
    if as_json:
        print_json([_document(m, clip) for m, clip in zip(found.moments, clips, strict=True)])
        return
    rows = [
        (m.place.name, clock(m.interval.start), m.text, clip or "")
        for m, clip in zip(found.moments, clips, strict=True)
    ]
    if rows:
        print_table("", ("project", "at", "sentence", "clip"), rows, numeric=("at",))
    elif found.searched:
        say(f"not found; {found.searched} of {len(places)} analyses have a transcript")
    else:
        raise NotFoundError("nothing has a transcript yet; analyze with --set speech=all")


def _every_project() -> list[ClipStore]:
    from storage.clip_store import CatalogClips
    from storage.data_folder import DataFolder
    from storage.environment import read_environment

    catalog, folders = open_the_catalog(), DataFolder.of(read_environment())
    with catalog.reading() as view:
        projects = view.projects.page().items
    return [CatalogClips(catalog, project, folders.open_project(project.id)) for project in projects]


def _place(store: ClipStore) -> SearchPlace:
    from stages.find_speech import SearchPlace
    from storage.clip_store import CatalogClips

    return SearchPlace(store.folder, store.name, store.project_id if isinstance(store, CatalogClips) else None)


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
