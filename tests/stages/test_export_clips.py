"""Every file of a job has its record, from before it is made until it is known what became of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from swaps import filed, linked, swapped_folder, swapping

from autoclip.clips import Clip, ClipsFile
from autoclip.confinement import open_beneath
from autoclip.errors import ConflictError, ExportError, NotFoundError, ParameterError
from autoclip.export.checks.file_check import Checked
from autoclip.export.render_context import deliver
from autoclip.media.probe import probe
from autoclip.settings import ExportSettings
from stages.export_clips import export_clips
from stages.export_compound import export_compound_clip
from stages.export_job import ExportJob, with_layout
from stages.known_video import verified_video
from stages.register_video import register_file_of, same_file_of
from storage.analysis_folder import AnalysisFolder
from storage.catalog import CompoundClip, CompoundItem, ExportLayout, Project, Source, StoredClip, open_catalog
from storage.clip_store import CatalogClips, FolderClips
from storage.data_folder import DataFolder

IDS = tuple(f"{number}" * 16 for number in range(1, 5))


@pytest.fixture
def job(encode_tracks, film, sound, tmp_path):
    """A project of two seconds with four clips of half a second, and another project with one."""
    video = encode_tracks("film.mp4", film([40, 90, 140, 200] * 13, rate=25), sound(2.08))
    catalog = open_catalog(tmp_path / "autoclip.duckdb")
    projects = [
        Project(name=name, source=Source(kind="file", address=str(video)), path=video, duration_sec=2.08)
        for name in ("film", "other")
    ]
    with catalog.transaction() as unit:
        for project in projects:
            unit.projects.add(project)
        for number, clip_id in enumerate(IDS):
            clip = Clip(id=clip_id, name=f"Clip {number}", start=number / 2, end=number / 2 + 0.4)
            unit.clips.add(StoredClip.of(clip, projects[0].id))
        unit.clips.add(StoredClip.of(Clip(id="f" * 16, name="x", start=0, end=1), projects[1].id))
    settings = ExportSettings(encoder_preset="ultrafast", parallel_exports=1)
    store = CatalogClips(catalog, projects[0], DataFolder(tmp_path).project(projects[0].id))
    return ExportJob(store, tmp_path / "exports", settings, job_id="job")


def records(job: ExportJob) -> dict[str | None, tuple[str, str]]:
    with job.store.catalog.reading() as view:
        page = view.exports.page(job.store.project_id)
    return {record.clip_id or record.compound_id: (record.state, record.name) for record in page.items}


def test_a_record_is_completed_as_soon_as_its_file_is_there(job):
    seen = []

    def look(_progress):
        seen.append(sorted(state for state, _ in records(job).values()))

    made = export_clips(job, IDS, look)
    assert [record.clip_id for record in made] == list(IDS)
    assert all(record.state == "completed" and record.path.exists() for record in made)
    assert ["completed", "completed"] in seen
    assert not any({"pending", "running"} & set(states) for states in seen)
    assert "libx264" in made[0].command


def test_a_job_that_was_stopped_makes_only_what_is_missing(job):
    class Stopped(BaseException):
        pass

    def stop(_progress):
        if ("completed", "film-002-Clip 1.mp4") in records(job).values():
            raise Stopped

    with pytest.raises(Stopped):
        export_clips(job, IDS, stop)
    noted = records(job)
    assert {clip_id: noted[clip_id][0] for clip_id in IDS[:2]} == dict.fromkeys(IDS[:2], "completed")
    assert IDS[3] not in noted
    assert {name for _, name in noted.values()} == {path.name for path in job.target.iterdir()}
    times = {path.name: path.stat().st_mtime_ns for path in job.target.iterdir()}
    again = export_clips(job, IDS)
    assert all(record.state == "completed" for record in again)
    assert sorted(path.name for path in job.target.iterdir()) == [f"film-00{n + 1}-Clip {n}.mp4" for n in range(4)]
    assert {name: (job.target / name).stat().st_mtime_ns for name in times} == times


def test_a_job_that_is_tried_again_replaces_no_file_of_another(job):
    """Its first attempt failed under a name that was someone else's all the while."""
    job.target.mkdir()
    theirs = job.target / "film-001-Clip 0.mp4"
    theirs.write_text("precious")

    def stop(_progress):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export_clips(job, IDS[:1], stop)
    (record,) = export_clips(job, IDS[:1])
    assert theirs.read_text() == "precious"
    assert record.path.name == "film-001-Clip 0 (2).mp4"


def test_a_clip_of_another_project_is_not_cut_out_of_this_one(job):
    with pytest.raises(NotFoundError, match="another project"):
        export_clips(job, ["f" * 16])
    assert records(job) == {}


def test_the_same_export_again_is_the_same_file_whichever_job_asks(job):
    first = export_clips(job, IDS[:2])
    again = export_clips(replace(job, job_id="another"), IDS[:2])
    assert [record.id for record in again] == [record.id for record in first]
    assert len(list(job.target.iterdir())) == 2


@pytest.mark.parametrize("change", ["settings", "trimmed", "gone", "cut short", "overwrite", "renamed"])
def test_what_differs_is_made_again(job, change):
    (first,) = export_clips(job, IDS[:1])
    if change == "settings":
        job = replace(job, settings=job.settings.updated({"crf": 30}))
    elif change == "overwrite":
        job = replace(job, settings=job.settings.updated({"overwrite": True}))
    elif change == "gone":
        first.path.unlink()
    elif change == "cut short":
        first.path.write_bytes(first.path.read_bytes()[:-1])
    else:
        with job.store.catalog.transaction() as unit:
            clip = unit.clips.get(IDS[0])
            changed = {"end": clip.end - 0.1} if change == "trimmed" else {"name": "Kick-off"}
            unit.clips.save(clip.changed(**changed))
    (again,) = export_clips(job, IDS[:1])
    assert again.id != first.id
    assert again.state == "completed"


def test_settings_that_change_nothing_in_the_file_don_t_make_it_anew(job):
    (first,) = export_clips(job, IDS[:1])
    job = replace(job, settings=job.settings.updated({"parallel_exports": 2, "export_stall_sec": 60.0}))
    assert export_clips(job, IDS[:1])[0].id == first.id


def test_a_file_whose_attempt_was_killed_before_it_was_noted_is_not_lost(job):
    begun = datetime.now(UTC)
    (first,) = export_clips(job, IDS[:1])
    with job.store.catalog.transaction() as unit:
        unit.exports.delete(first.id)  # as if the process had died between the file's name and its record
    later = replace(job, attempts_since=begun)
    (noted,) = export_clips(later, IDS[:1])
    assert (noted.path, noted.state, noted.size_bytes) == (first.path, "completed", first.size_bytes)
    assert len(list(job.target.iterdir())) == 1
    assert export_clips(later, IDS[:1])[0].id == noted.id


def test_a_failure_that_was_made_good_is_told_no_more(job):
    job.target.parent.mkdir(exist_ok=True)
    job.target.write_text("a file in the folder's place")
    with pytest.raises(ExportError):
        export_clips(job, IDS[:1])
    job.target.unlink()
    impossible = replace(job, settings=job.settings.updated({"disk_reserve_mb": 10_000_000}))
    (failed,) = export_clips(impossible, IDS[:1])
    assert failed.state == "failed"
    (made,) = export_clips(job, IDS[:1])
    assert list(records(job).values()) == [("completed", made.name)]


def test_a_compound_clip_is_made_once(job):
    items = tuple(CompoundItem(clip_id=clip_id) for clip_id in IDS[:2])
    compound = CompoundClip(project_id=job.store.project_id, name="Both", items=items)
    with job.store.catalog.transaction() as unit:
        unit.compounds.add(compound)
    first = export_compound_clip(job, compound.id).record
    assert (first.state, Path(first.path).name) == ("completed", "film-001-Both.mp4")
    assert first.duration_sec == pytest.approx(0.84)  # ends go to the nearest frame
    again = export_compound_clip(job, compound.id)
    assert (again.record.id, again.reused) == (first.id, True)
    with job.store.catalog.transaction() as unit:
        clip = unit.clips.get(IDS[0])
        unit.clips.save(clip.changed(end=clip.end - 0.1))
    assert not export_compound_clip(job, compound.id).reused


def test_a_compound_clip_that_fails_says_why_in_its_record(job):
    items = tuple(CompoundItem(clip_id=clip_id) for clip_id in IDS[:2])
    compound = CompoundClip(project_id=job.store.project_id, name="Both", items=items, crossfade_sec=0.5)
    with job.store.catalog.transaction() as unit:
        unit.compounds.add(compound)
    record = export_compound_clip(job, compound.id).record
    assert record.state == "failed"
    assert "too short for its crossfades" in record.error
    assert not job.target.exists()


def test_an_output_folder_swapped_while_clips_are_rendered_is_left_alone(job, tmp_path):
    outside, root = tmp_path / "outside", tmp_path / "outputs"
    place = root / "cup"
    outside.mkdir()
    place.mkdir(parents=True)
    (place / "kept.txt").touch()
    job = replace(job, target=place, roots=(root,))
    done = []
    with swapping(*swapped_folder(place, outside)):
        while not done:  # what is made while the folder is being put back goes with it
            try:
                done = [record for record in export_clips(job, IDS) if record.state == "completed"]
            except (ParameterError, ExportError, NotFoundError):
                continue  # it was a link just then
    assert list(outside.iterdir()) == []
    assert {record.path for record in done} == {place / record.name for record in done}
    assert all(record.path.is_file() for record in done)
    assert not any("/proc/" in word for record in done for word in record.command)


def test_a_folder_that_is_a_link_or_below_no_root_is_refused(job, tmp_path):
    outside, root = tmp_path / "outside", tmp_path / "outputs"
    outside.mkdir()
    root.mkdir()
    (root / "link").symlink_to(outside)
    for folder in (root / "link", root / "link" / "new", outside, root / ".." / "outside"):
        refused = replace(job, target=folder, roots=(root,))
        with pytest.raises(ParameterError):
            export_clips(refused, IDS[:1])
    assert list(outside.iterdir()) == []


def test_the_folder_of_failed_files_is_no_link_that_leads_elsewhere(tmp_path):
    outside, place = tmp_path / "outside", tmp_path / "exports"
    outside.mkdir()
    place.mkdir()
    (place / "failed").symlink_to(outside)
    rendered = place / ".clip.partial"
    rendered.touch()
    with pytest.raises(ParameterError, match="through a link"):
        deliver(rendered, Checked(0, 0.0, ("no picture",)), place / "clip.mp4", (), overwrite=False)
    assert list(outside.iterdir()) == []


def test_a_video_swapped_while_clips_are_rendered_is_not_read(job, encode_tracks, film, tmp_path):
    """The clips show what was opened, whatever has its name meanwhile."""
    path = job.store.source()
    ours = path.read_bytes()
    other = tmp_path / "elsewhere.mp4"
    other.write_bytes(encode_tracks("other.mp4", film([10] * 5)).read_bytes())
    opened = open_beneath(path.parent, path)
    with opened.pinned(), swapping(linked(path, other), filed(path, ours)):
        made = export_clips(job, IDS)
    opened.close()
    assert [record.state for record in made] == ["completed"] * len(IDS)
    assert f"file:{path}" in made[0].command


def test_another_video_in_the_place_of_the_analyzed_one_is_refused(job):
    """As long as the analyzed one, which is taken again as soon as it is back, with the facts that were stored."""
    path, project, catalog = job.store.source(), job.store.project, job.store.catalog
    data = path.read_bytes()
    register_file_of(catalog, project.id, path)
    known = same_file_of(catalog, project.id, path)
    assert known.video == probe(path)
    store = replace(job.store, project=known.project)
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(ConflictError, match="is not the video of these clips"):
        same_file_of(catalog, project.id, path)
    with pytest.raises(ConflictError, match="is not the video of these clips"):
        export_clips(replace(job, store=store), IDS)
    path.write_bytes(data)
    assert same_file_of(catalog, project.id, path) == known
    assert {record.state for record in export_clips(replace(job, store=store), IDS[:1])} == {"completed"}


@pytest.mark.parametrize(("missing", "title"), [("end_byte", None), ("color_range", None), ("", "stored")])
def test_a_video_whose_stored_facts_lack_one_is_probed_again(job, tmp_path, missing, title):
    facts = probe(job.store.source()).model_dump(mode="json") | {"title": "stored"}
    for part in (facts, facts["video"]):
        part.pop(missing, None)
    folder = AnalysisFolder(tmp_path / "analysis")
    folder.write_clips(ClipsFile(mode="v2", video=facts, settings={}, clips=()))
    assert verified_video(FolderClips(folder)).title == title


LAYOUT = ExportLayout(framing="blur", facecam="0,0,16,16")


@pytest.mark.parametrize(
    ("given", "filled"),
    [
        ({"shape": "vertical"}, ("blur", "0,0,16,16")),
        ({"platform": "shorts"}, ("blur", "0,0,16,16")),
        ({"shape": "square", "framing": "center"}, ("center", "0,0,16,16")),
        ({"shape": "vertical", "facecam": "1,1,8,8"}, ("blur", "1,1,8,8")),
        ({}, ("center", "")),
    ],
)
def test_the_layout_of_a_project_fills_what_settings_leave_open(given, filled):
    settings = with_layout(ExportSettings.from_flat(given), LAYOUT, given)
    assert (settings.framing, settings.facecam) == filled


def test_clips_of_a_project_are_exported_in_its_layout(job):
    with job.store.catalog.transaction() as unit:
        project = unit.projects.save(unit.projects.get(job.store.project_id).changed(layout=LAYOUT))
    store, given = replace(job.store, project=project), {"shape": "vertical", "encoder_preset": "ultrafast"}
    settings = with_layout(ExportSettings.from_flat(given), store.layout, given)
    (made,) = export_clips(replace(job, store=store, settings=settings), IDS[:1])
    assert made.state == "completed"
    assert "gblur" in " ".join(made.command)
