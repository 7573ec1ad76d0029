from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from autoclip.clips import Clip
from autoclip.errors import ConflictError, NotFoundError, ParameterError, RevisionError
from autoclip.media.video import AudioStream, Chapter, SourceTimecode, Video, VideoStream
from storage.catalog import Analysis, CompoundClip, CompoundItem, Export, HeatmapSpan, Project, Source
from storage.catalog.duckdb_catalog import DuckDBCatalog
from storage.catalog.statements import insert
from storage.keys import FileIdentity


def probed(path):
    picture = VideoStream(
        index=0, codec="h264", width=1920, height=1080, display_width=1920, display_height=1080, rotation=0,
        mirrored=False, sample_aspect_ratio="1", average_rate="60000/1001", nominal_rate=None,
        variable_frame_rate=False, time_base="1/60000", start_pts=0, pixel_format="yuv420p", bit_depth=8,
        color_transfer="bt709", hdr=False, interlaced=False,
    )  # fmt: skip
    sound = AudioStream(index=1, codec="aac", sample_rate=48000, channels=2, layout="stereo", time_base="1/48000",
                        language="eng")  # fmt: skip
    return Video(
        path=path, container="mov", size_bytes=2**40, duration_sec=12.345678901234, start_sec=0.1, video=picture,
        audio=sound, audio_stream_count=2, chapters=(Chapter(start_sec=0, end_sec=9.5, title="Intro 'a'"),),
        title="Größe", warnings=("the header says 13 s",),
        timecode=SourceTimecode(text="01:00:58;28", base=30, drop_frame=True, reel="A001"),
    )  # fmt: skip


def full_project():
    return Project(
        name="Größe 大 'quoted\" %_\\",
        source=Source(
            kind="url",
            address="https://example.org/v?x=1&y='2'",
            title="T",
            uploader="U",
            thumbnail="thumb.jpg",
            chapters=(Chapter(start_sec=0, end_sec=9.5, title="Intro 'a'"),),
            heatmap=(HeatmapSpan(start_sec=0, end_sec=1, value=0.25),),
            subtitles={"en": "en.vtt"},
        ),
        path=Path("/videos/ü.mp4"),
        fingerprint="f" * 32,
        size_bytes=2**40,
        duration_sec=12.345678901234,
        display_width=1920,
        display_height=1080,
        media=probed(Path("/videos/ü.mp4")),
        state="ready",
        output_folder=Path("/out"),
    )


def test_a_project_comes_back_as_it_was(catalog):
    project = full_project()
    with catalog.transaction() as unit:
        assert unit.projects.add(project) == project
    with catalog.reading() as view:
        assert view.projects.get(project.id) == project


def test_what_probing_found_is_at_the_place_of_the_file(catalog):
    project = full_project()
    with catalog.transaction() as unit:
        unit.projects.add(project)
        moved = unit.projects.save(project.changed(path=Path("/archive/b.mp4")))
    with catalog.reading() as view:
        assert view.projects.get(project.id).video == probed(Path("/archive/b.mp4"))
        assert view.projects.page().items == (moved,)


def test_an_unknown_project_is_said(catalog):
    with catalog.reading() as view, pytest.raises(NotFoundError, match="no project 'nope'"):
        view.projects.get("nope")


def test_an_id_is_taken_once(catalog, project):
    with catalog.transaction() as unit, pytest.raises(ConflictError, match="already a project"):
        unit.projects.add(project)


@pytest.mark.parametrize("bad", ["../x", "", "A B", "a/b"])
def test_an_id_that_could_leave_the_data_folder_is_refused(bad):
    with pytest.raises(ValidationError):
        Project(id=bad, name="x", source=Source(kind="file", address="a"))


def test_a_change_counts_a_revision_and_keeps_the_rest(catalog):
    project = full_project()
    with catalog.transaction() as unit:
        unit.projects.add(project)
        saved = unit.projects.save(project.changed(name="New", source=project.source.changed(title="Other")))
    assert (saved.revision, saved.name, saved.source.title) == (2, "New", "Other")
    with catalog.reading() as view:
        assert view.projects.get(project.id) == saved
    assert saved.updated_at > project.updated_at
    assert saved.created_at == project.created_at


def test_a_change_from_an_older_revision_is_refused(catalog, project):
    with catalog.transaction() as unit:
        unit.projects.save(project.changed(name="First"))
    with catalog.transaction() as unit, pytest.raises(RevisionError, match="revision 2, not 1"):
        unit.projects.save(project.changed(name="Second"))
    with catalog.reading() as view:
        assert view.projects.get(project.id).name == "First"
        with pytest.raises(RevisionError):
            view.projects.get(project.id, revision=1)


def test_a_change_that_is_not_allowed_is_named(project):
    with pytest.raises(ParameterError, match="nothing"):
        project.changed(nothing=1)
    with pytest.raises(ParameterError, match="state"):
        project.changed(state="half")


def test_listing(catalog):
    with catalog.transaction() as unit:
        for number in range(7):
            unit.projects.add(
                Project(
                    name=f"{'Ä' if number % 2 else 'b'}{number} 100%",
                    source=Source(kind="file", address="a"),
                    state="ready" if number < 3 else "created",
                    duration_sec=None if number == 0 else float(number),
                )
            )
    with catalog.reading() as view:
        page = view.projects.page(limit=2, offset=1, sort="name")
        assert (page.total, page.limit, page.offset) == (7, 2, 1)
        assert [project.name[:2] for project in page.items] == ["b2", "b4"]
        assert [p.duration_sec for p in view.projects.page(sort="-duration_sec").items] == [6, 5, 4, 3, 2, 1, None]
        assert view.projects.page(state="ready").total == 3
        assert view.projects.page(search="ä").total == 3
        assert view.projects.page(search="0%").total == 7
        assert view.projects.page(search="%b").total == 0
        assert view.projects.page(limit=0).items == ()
        everything = [p.id for offset in range(7) for p in view.projects.page(limit=1, offset=offset).items]
        assert len(set(everything)) == 7


@pytest.mark.parametrize("arguments", [{"sort": "id; DROP TABLE clips"}, {"sort": ""}, {"limit": -1}, {"offset": -1}])
def test_a_listing_that_makes_no_sense_is_refused(catalog, arguments):
    with catalog.reading() as view, pytest.raises(ParameterError):
        view.projects.page(**arguments)


def test_projects_are_found_by_content_path_and_address(catalog):
    project = full_project()
    with catalog.transaction() as unit:
        unit.projects.add(project)
        assert unit.projects.with_fingerprint("f" * 32) == (project,)
        assert unit.projects.with_path(Path("/videos/ü.mp4")) == (project,)
        assert unit.projects.from_address(project.source.address) == (project,)
        assert unit.projects.with_fingerprint("0") == unit.projects.from_address("x") == ()


def test_deleting_takes_all_that_belongs_to_the_project_and_nothing_else(catalog, project):
    def fill(unit, owner, prefix):
        clip = Clip(id=f"{prefix}-clip", name="c", start=1, end=2, mode="v2")
        unit.clips.replace_auto_clips(owner.id, "v2", [clip])
        unit.compounds.add(CompoundClip(project_id=owner.id, name="k", items=(CompoundItem(clip_id=clip.id),)))
        unit.exports.add(Export(project_id=owner.id, clip_id=clip.id, name="e"))
        unit.analyses.record(Analysis(project_id=owner.id, mode="v2", extraction_key="e", selection_key="s"))

    def count_rows(unit):
        tables = ("projects", "sources", "analyses", "clips", "compound_clips", "compound_items", "exports")
        owners = [unit.projects.tables.of_project(owner) for owner in (project.id, other.id, "")]
        owners = owners if isinstance(catalog, DuckDBCatalog) else owners[:1]  # elsewhere, tables of all
        return [sum(owner.rows(f"SELECT count(*) AS n FROM {t}")[0]["n"] for owner in owners) for t in tables]

    with catalog.transaction() as unit:
        other = unit.projects.add(Project(name="Other", source=Source(kind="upload", address="b")))
        fill(unit, project, "a")
        fill(unit, other, "b")
        assert count_rows(unit) == [2] * 7
        unit.projects.delete(project.id)
        assert count_rows(unit) == [1] * 7
        with pytest.raises(NotFoundError):
            unit.projects.delete(project.id)


def test_the_last_analysis_of_each_mode_is_kept(catalog, project):
    first = Analysis(
        project_id=project.id, mode="v2", extraction_key="e", selection_key="s", settings={"step_sec": 0.5}
    )
    with catalog.transaction() as unit:
        assert unit.analyses.get(project.id, "v2") is None
        unit.analyses.record(first)
        assert unit.analyses.get(project.id, "v2") == first
        second = unit.analyses.record(first.changed(selection_key="t", message="no clip"))
        third = unit.analyses.record(Analysis(project_id=project.id, mode="v1", extraction_key="e", selection_key="u"))
        assert unit.analyses.of_project(project.id) == (third, second)


def test_an_analysis_stored_by_an_earlier_version_has_the_settings_names_of_today(catalog, project):
    old = Analysis.model_construct(
        project_id=project.id, mode="v2", extraction_key="e", selection_key="s", settings={"lead_sec": 2.0}, message=""
    )
    with catalog.transaction() as unit:
        statements = unit.projects.tables.of_project(project.id)
        row = {name: getattr(old, name) for name in Analysis.model_fields} | {"analyzed_at": datetime.now(UTC)}
        insert(statements, "analyses", [row])
        assert unit.analyses.get(project.id, "v2").settings == {"padding_sec": 2.0}


def test_a_file_name_that_is_no_utf8_is_refused_with_the_way_out(catalog, project):
    bad = Path("/videos/a\udcff.mp4")
    identity = FileIdentity(str(bad), 1, 1, 1, 1, 1)
    for verb in (
        lambda unit: unit.projects.add(full_project().changed(path=bad)),
        lambda unit: unit.projects.save(project.changed(path=bad)),
        lambda unit: unit.projects.with_path(bad),
        lambda unit: unit.fingerprints.remember(identity, "f"),
        lambda unit: unit.fingerprints.recall(identity),
    ):
        with catalog.transaction() as unit, pytest.raises(ParameterError, match="rename the file"):
            verb(unit)


@pytest.mark.parametrize("text", ["a\0b", "'; DROP TABLE projects; --", "💥" * 100, "\u202e", "{}", '["a"]', "null"])
def test_hostile_texts_are_only_texts(catalog, text):
    if "\0" in text and not isinstance(catalog, DuckDBCatalog):
        pytest.skip("PostgreSQL keeps no null character")
    project = Project(name=text, source=Source(kind="upload", address=text, title=text, subtitles={text: text}))
    with catalog.transaction() as unit:
        unit.projects.add(project)
        saved = unit.projects.save(project.changed(error=text))
    with catalog.reading() as view:
        assert view.projects.get(project.id) == saved
        assert view.projects.page(search=text).total == 1
        assert view.projects.from_address(text) == (saved,)
