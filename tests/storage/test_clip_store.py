"""The port to clips: what holds in an analysis folder holds in the catalog."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from autoclip.clips import Clip, ClipsFile
from autoclip.errors import NotFoundError, StorageError
from autoclip.media.probe import probe
from autoclip.settings import ExportSettings
from storage.analysis_folder import AnalysisFolder
from storage.catalog import CompoundItem, Export, Project, Source, StoredClip
from storage.clip_store import EXISTS, CatalogClips, ClipStore, ExportSubject, FolderClips
from storage.data_folder import DataFolder

CLIPS = tuple(
    Clip(id=f"{number}" * 16, name=f"Clip {number}", start=number, end=number + 0.5, mode="v2") for number in (1, 2, 3)
)
BOTH = (CompoundItem(clip_id=CLIPS[2].id), CompoundItem(clip_id=CLIPS[0].id, end=1.2))


@pytest.fixture(scope="module")
def video(tmp_path_factory) -> Path:
    from synthetic_media import RenderOptions, Shot, Storyboard, Texture, render

    path = tmp_path_factory.mktemp("film") / "film.mp4"
    board = Storyboard((Shot(5.0, Texture(seed=3)),))
    render(board, path, RenderOptions(width=160, height=90, audio=False))
    return path


@pytest.fixture(params=["folder", "catalog"])
def store(request, video, catalog, tmp_path) -> ClipStore:
    if request.param == "folder":
        folder = AnalysisFolder(tmp_path / "out")
        facts = probe(video).model_dump(mode="json")
        folder.write_clips(ClipsFile(mode="v2", video=facts, settings={}, clips=CLIPS))
        return FolderClips(folder)
    project = Project(name="film", source=Source(kind="file", address=str(video)), path=video, duration_sec=5.0)
    with catalog.transaction() as unit:
        unit.projects.add(project)
        for clip in CLIPS:
            unit.clips.add(StoredClip.of(clip, project.id))
    return CatalogClips(catalog, project, DataFolder(tmp_path).project(project.id))


def test_what_probing_found_is_kept_unless_an_earlier_version_probed(store, video):
    if isinstance(store, FolderClips):
        assert store.video() == probe(video)
        facts = probe(video).model_dump(mode="json")
        assert facts.pop("timecode", 0) is None
        store.folder.write_clips(ClipsFile(mode="v2", video=facts, settings={}, clips=CLIPS))
    assert store.video() is None


def subject_of(store: ClipStore, name: str = "one.mp4") -> ExportSubject:
    """Return what an export of the first clip is made of, as the clip is now."""
    clip = store.clip(CLIPS[0].id)
    return ExportSubject(
        store.exports_folder / name, store.source(), (clip.interval,), ExportSettings(), clip_id=clip.id
    )


def exported(store: ClipStore, name: str = "one.mp4", content: bytes = b"film") -> tuple[ExportSubject, Export]:
    """Record a file as an export of the first clip does."""
    path = store.exports_folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    subject = subject_of(store, name)
    record = Export(
        project_id=store.project_id,
        clip_id=subject.clip_id,
        name=name,
        state="completed",
        path=path,
        settings=subject.settings.model_dump(mode="json"),
        note="cut exactly",
        size_bytes=len(content),
        duration_sec=0.5,
        job_id="job",
    )
    return subject, store.add_export(subject, record)


def test_clips_are_listed_found_and_added(store, video):
    assert (store.name, store.source()) == ("film", video)
    assert [clip.id for clip in store.clips()] == [clip.id for clip in CLIPS]
    assert [clip.id for clip in store.clips(without_verdict="rejected")] == [clip.id for clip in CLIPS]
    assert store.clips(verdict="kept") == ()
    assert set(store.clips_by_id([CLIPS[1].id, "f" * 16])) == {CLIPS[1].id}
    assert store.clip(CLIPS[1].id).interval == CLIPS[1].interval
    with pytest.raises(NotFoundError, match="no clip ffff"):
        store.clip("f" * 16)
    by_hand = Clip(id="a" * 16, name="By hand", start=4.0, end=4.5, created_by="manual", mode="v2")
    (made,) = store.add_clips([by_hand])
    assert store.clip(made.id).touched
    (again,) = store.add_clips([by_hand.model_copy(update={"id": "b" * 16, "name": "Once more"})])
    assert (again.id, len(store.clips())) == (made.id, 4)


def test_compound_clips_are_added_and_deleted(store):
    first = store.add_compound("Best", BOTH, 0.5)
    second = store.add_compound("Rest", BOTH[:1], 0.0)
    assert [(each.id, each.items) for each in store.compounds()] == [(first.id, BOTH), (second.id, BOTH[:1])]
    assert store.compound(first.id).crossfade_sec == 0.5
    assert set(store.clips_of(first)) == {CLIPS[2].id, CLIPS[0].id}
    store.delete_compound(first.id)
    assert [each.name for each in store.compounds()] == ["Rest"]
    with pytest.raises(NotFoundError):
        store.delete_compound(first.id)


def test_the_same_export_finds_its_file_until_anything_differs(store):
    subject, record = exported(store)
    found = store.find_export(subject)
    assert (found.path, found.size_bytes, found.duration_sec) == (record.path, 4, 0.5)
    assert found.note == f"cut exactly; {EXISTS}"
    assert store.has_export_at(record.path)
    assert not store.has_export_at(record.path.with_name("other.mp4"))
    unseen = replace(subject, settings=subject.settings.updated({"parallel_exports": 3}))
    assert store.find_export(unseen) is not None
    for other in (
        replace(subject, settings=subject.settings.updated({"crf": 30})),
        replace(subject, target=subject.target.with_name("two.mp4")),
        replace(subject, target=store.folder.root / "elsewhere" / "one.mp4"),
    ):
        assert store.find_export(other) is None
    record.path.write_bytes(b"")
    assert store.find_export(subject) is None


def change(store: CatalogClips, **fields: object) -> None:
    """Change the first clip as a person does."""
    with store.catalog.transaction() as unit:
        unit.clips.save(unit.clips.get(CLIPS[0].id).changed(**fields))


def undo(store: CatalogClips) -> None:
    with store.catalog.transaction() as unit:
        unit.operations.undo(store.project_id)


@pytest.mark.parametrize("store", ["catalog"], indirect=True)
def test_an_export_is_found_while_its_clip_is_as_it_was_whatever_else_happened(store):
    change(store, end=CLIPS[0].end - 0.1, trimmed=True)
    trimmed, record = exported(store)
    change(store, verdict="kept")
    assert store.find_export(trimmed).path == record.path
    change(store, end=CLIPS[0].end - 0.2)
    shorter = subject_of(store)
    assert store.find_export(shorter) is None
    undo(store)
    assert subject_of(store) == trimmed
    assert store.find_export(trimmed).path == record.path
    store.add_export(shorter, record.changed(id="d" * 16, created_at=record.created_at + timedelta(seconds=1)))
    assert store.find_export(trimmed) is None, "its file was overwritten"
    assert store.find_export(shorter).path == record.path


@pytest.mark.parametrize("store", ["catalog"], indirect=True)
def test_an_export_of_an_earlier_version_is_found_until_its_clip_changes(store):
    def export_as_before(content):
        subject, record = exported(store, content=content)
        with store.catalog.transaction() as unit:
            unit.exports.save(unit.exports.get(record.id).changed(export_key=None))
        return subject, record

    subject, record = export_as_before(b"film")
    change(store, verdict="kept")
    assert store.find_export(subject).path == record.path
    change(store, end=CLIPS[0].end - 0.1, trimmed=True)
    assert store.find_export(subject_of(store)) is None
    export_as_before(b"shorter film")
    undo(store)
    assert subject_of(store) == subject
    assert store.find_export(subject) is None, "the file is that of the trimmed clip"


def test_a_failure_is_no_file(store):
    subject, record = exported(store)
    failed = record.changed(id="c" * 16, state="failed", path=None, error="no room")
    other = replace(subject, target=subject.target.with_name("two.mp4"), clip_id=CLIPS[1].id)
    assert store.add_export(other, failed).error == "no room"
    assert store.find_export(other) is None


def test_files_of_an_earlier_version_are_read(video, tmp_path):
    folder = AnalysisFolder(tmp_path / "out")
    facts = probe(video).model_dump(mode="json")
    folder.write_clips(ClipsFile(mode="v2", video=facts, settings={}, clips=CLIPS))
    kept = {"id": "d" * 16, "name": "Best", "items": [{"clip_id": CLIPS[0].id, "start": None, "end": None}]}
    (folder.root / "compounds.json").write_text(json.dumps({"version": 1, "compounds": [kept | {"crossfade_sec": 1}]}))
    store = FolderClips(folder)
    assert [(each.name, each.crossfade_sec) for each in store.compounds()] == [("Best", 1.0)]
    subject, _ = exported(store)
    receipts = folder.root / "exports.json"
    ((key, receipt),) = json.loads(receipts.read_text()).items()
    del receipt["duration_sec"], receipt["note"]
    old = receipt | {"method": "smart", "start": 1.0, "end": 1.5, "frame_count": 12, "notes": ["23 copied", "faded"]}
    receipts.write_text(json.dumps({key: old}))
    found = store.find_export(subject)
    assert (found.duration_sec, found.note) == (0.5, f"23 copied; faded; {EXISTS}")
    receipts.write_text("[]")
    assert store.find_export(subject) is None


def test_a_clips_file_with_impossible_ids_is_damaged(video, tmp_path):
    folder = AnalysisFolder(tmp_path / "out")
    facts = probe(video).model_dump(mode="json")
    bad = CLIPS[0].model_copy(update={"id": "../up"})
    folder.write_clips(ClipsFile(mode="v2", video=facts, settings={}, clips=(bad,)))
    with pytest.raises(StorageError, match="is not a clips file"):
        FolderClips(folder).clips()


def test_added_clips_replace_none_of_the_same_span(video, tmp_path):
    folder = AnalysisFolder(tmp_path / "out")
    twins = (CLIPS[0], CLIPS[0].model_copy(update={"id": "e" * 16}))
    facts = probe(video).model_dump(mode="json")
    folder.write_clips(ClipsFile(mode="v2", video=facts, settings={}, clips=twins))
    new = Clip(id="a" * 16, name="By hand", start=4.0, end=4.5, created_by="manual", mode="v2")
    added = FolderClips(folder).add_clips([new, new.model_copy(update={"id": "b" * 16}), CLIPS[0]])
    assert [clip.interval for clip in added] == [new.interval, new.interval, CLIPS[0].interval]
    assert [clip.start for clip in folder.read_clips().clips] == [1.0, 1.0, 4.0]


def test_a_project_without_a_video_says_so(catalog, tmp_path):
    project = Project(name="film", source=Source(kind="url", address="https://example.org/v"))
    with catalog.transaction() as unit:
        unit.projects.add(project)
    store = CatalogClips(catalog, project, DataFolder(tmp_path).project(project.id))
    with pytest.raises(NotFoundError, match="no video yet"):
        store.source()
    assert (store.clips(), store.duration_sec) == ((), 0.0)
