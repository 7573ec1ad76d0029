"""Questions over the archive: the ten of docs/data.md, types, units, limits, and what can't be reached."""

import csv
import io
import json
import os
import re
import sys
from fractions import Fraction
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from made_features import Scene
from timecode_media import encode

from autoclip.clips import Clip, Scores
from autoclip.errors import ParameterError
from autoclip.media.probe import probe
from autoclip.media.video import Video
from autoclip.settings import ExtractionSettings
from autoclip.signals.table import Event
from autoclip.system.memory_limit import memory_limit_bytes
from flows.liveness import run_lock, service_lock
from interfaces.cli.app import run
from storage.archive import Limits, ask, described_tables
from storage.archive.schema import ENUMS, TABLES
from storage.archive.writing import ROWS_AT_ONCE, text_of_rows
from storage.catalog import CompoundClip, CompoundItem, Export, Project, Source, open_catalog
from storage.data_folder import DataFolder
from storage.features import Origin
from storage.process_lock import held

PAGE = Path(__file__).parents[2] / "docs" / "data.md"
QUESTIONS = re.findall(r"```sql\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)


def found(project, start, end, **fields):
    return Clip(id=f"{project.id}-{start}", name=f"At {start}", start=start, end=end, mode="v2", **fields)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Two projects with features, one with neither features nor clips, one that was deleted."""
    root = tmp_path_factory.mktemp("archive")
    catalog, folder = open_catalog(root / "autoclip.duckdb"), DataFolder(root)
    with catalog.transaction() as unit:
        for number, uploader in enumerate(["Ann", "Bob", None, "gone"]):
            source = Source(kind="url", address=f"https://a/{number}", uploader=uploader, chapters=())
            project = Project(id=f"p{number}", name=f"Project {number}", source=source, duration_sec=240.0)
            unit.projects.add(project)
            if number in {0, 1}:
                clips = [
                    found(project, 10, 30, quality_score=0.8, scores=Scores(excitement=0.5)),
                    found(project, 12, 28),
                ]
                unit.clips.replace_auto_clips(project.id, "v2", [*clips, found(project, 100, 120)])
                unit.clips.save(unit.clips.get(clips[0].id).changed(verdict="kept"))
                scene = Scene(240.0).sound_at(130.0 + 60 * number, 50.0, 20.0)
                scene.events.extend(Event("cut", float(at)) for at in range(5, 240, 30 // (number + 1)))
                folder.project(project.id).write_features(scene.features(), Origin("f" * 32, ExtractionSettings(), 1))
        items = (CompoundItem(clip_id="p0-100"), CompoundItem(clip_id="p0-10", start=11.0, end=12.0))
        unit.compounds.add(CompoundClip(project_id="p0", name="k", items=items))
        unit.exports.add(
            Export(project_id="p0", clip_id="p0-10", name="a.mp4", state="completed", command=("ffmpeg", "-i"))
        )
        unit.exports.add(Export(project_id="p1", clip_id="p1-10", name="b.mp4", state="failed", error="no room"))
    with catalog.transaction() as unit:
        unit.projects.discard("p3")
    return root


def asked(root, sql, **limits):
    answer = ask(open_catalog(root / "autoclip.duckdb"), DataFolder(root), sql, limits=Limits(**limits))
    return answer.table.to_pylist()


EXPECTED = [
    [{"name": "Project 0", "minute": 2.0}, {"name": "Project 1", "minute": 3.0}],
    [{"name": "Project 2", "state": "created", "error": None}],
    [{"uploader": "Bob", "cuts_per_minute": 4.0}, {"uploader": "Ann", "cuts_per_minute": 2.0}],
    [{"project": f"Project {n}", "kept_minutes": 0.33, "undecided": 2} for n in (0, 1)],
    [{"verdict": "kept", "clips": 2, "mean_quality": 0.8, "mean_excitement": 0.5}],
    [{"project": f"Project {n}", "one": "At 10", "other": "At 12"} for n in (0, 1)],
    [{"project": "Project 1", "name": "b.mp4", "error": "no room"}],
    [{"project": "Project 1", "name": "At 10", "start_sec": 10.0, "end_sec": 30.0}],
    None,
    [{"kind": "analyze"}, {"kind": "verdict"}],
]


def test_there_are_ten_questions():
    assert len(QUESTIONS) == len(EXPECTED) == 10


@pytest.mark.parametrize(("sql", "expected"), list(zip(QUESTIONS, EXPECTED, strict=False)))
def test_each_question_of_the_page_is_answered(root, sql, expected):
    rows = asked(root, sql)
    if expected is None:
        assert len(rows) == 6
        assert all(0 < row["in_clip"] < 1 for row in rows)
    elif expected[0].keys() == {"kind"}:
        assert {row["kind"]: row["operations"] for row in rows} == {"bulk": 1} | {
            row["kind"]: row["operations"] for row in rows
        }
    else:
        assert sorted(map(str, ({name: row[name] for name in expected[0]} for row in rows))) == sorted(
            map(str, expected)
        )


@pytest.mark.parametrize("table", [*TABLES, "clips_v", "signals", "events", "envelope"])
def test_every_table_can_be_asked_and_says_what_it_is(root, table):
    assert asked(root, f"SELECT count(*) AS n FROM {table}")[0]["n"] > (-1 if table == "analyses" else 0)
    assert described_tables()[table].endswith(".")
    assert f"`{table}`" in PAGE.read_text("utf-8")


def test_types_are_proper(root):
    (row,) = asked(root, "SELECT * FROM clips WHERE id = 'p0-10'")
    assert (row["verdict"], row["scores"]["excitement"], row["created_at"].tzinfo is not None) == ("kept", 0.5, True)
    (row,) = asked(root, "SELECT items, typeof(items) AS kind FROM compound_clips")
    assert row["items"][1] == {"clip_id": "p0-10", "start_sec": 11.0, "end_sec": 12.0}
    assert asked(root, "SELECT command FROM exports WHERE state = 'completed'") == [{"command": ["ffmpeg", "-i"]}]
    values = asked(root, "SELECT enum_range(NULL::verdict)::VARCHAR[] AS v FROM clips LIMIT 1")[0]["v"]
    assert tuple(values) == ENUMS["verdict"]


def test_what_probing_found_is_a_structure(tmp_path):
    media = probe(encode(tmp_path / "a.mov", Fraction(30000, 1001), "01:00:58;28", audio="stereo"))
    source = Source(kind="file", address=str(media.path))
    with open_catalog(tmp_path / "autoclip.duckdb").transaction() as unit:
        unit.projects.add(Project(name="probed", source=source, path=media.path, media=media))
        unit.projects.add(Project(name="of an earlier version", source=source))
    sql = "SELECT media, media.video.codec, media.audio.channels, timecode FROM projects ORDER BY name"
    empty, row = asked(tmp_path, sql)
    assert set(empty.values()) == {None}
    assert Video.model_validate(row["media"]) == media
    assert (row["codec"], row["channels"], row["timecode"]) == ("h264", 2, "01:00:58;28")


def test_columns_say_what_they_are(root):
    sql = "SELECT comment FROM duckdb_columns() WHERE table_name = 'clips' AND (SELECT count(*) FROM clips) > 0"
    comments = [row["comment"] for row in asked(root, sql)]
    assert len(comments) == len(TABLES["clips"].columns)
    assert all(comment.endswith(".") for comment in comments)


def test_features_carry_their_units(root):
    schema = pq.read_schema(DataFolder(root).project("p0").features / "signals.parquet")
    assert schema.field("audio_dbfs").metadata == {b"unit": b"dBFS"}
    assert schema.field("time_sec").metadata == {b"unit": b"s"}
    assert DataFolder(root).project("p0").read_features().duration_sec == 240.0


def test_projects_without_features_are_told_of(root):
    answer = ask(open_catalog(root / "autoclip.duckdb"), DataFolder(root), "SELECT DISTINCT project_id FROM signals")
    assert answer.skipped == ("p2",)
    assert sorted(row["project_id"] for row in answer.table.to_pylist()) == ["p0", "p1"]


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM clips",
        "UPDATE projects SET name = 'x'",
        "CREATE TABLE t AS SELECT 1",
        "COPY (SELECT 1) TO '{root}/out.csv'",
        "ATTACH '{root}/other.duckdb'",
        "INSTALL httpfs",
        "LOAD json",
        "SET memory_limit = '10GB'",
        "SELECT 1; SELECT 2",
        "",
        "SELEC 1",
        "SELECT * FROM nowhere",
        "SELECT * FROM read_text('{root}/secret.txt')",
        "SELECT * FROM '{root}/secret.csv'",
        "SELECT * FROM read_csv('{root}/secret.csv')",
        "SELECT * FROM read_parquet('{root}/*.parquet')",
        "SELECT * FROM glob('{root}/*')",
        "SELECT *, (SELECT content FROM read_text('{root}/secret.txt')) FROM signals",
        "SELECT * FROM read_csv('http://127.0.0.1:9/x.csv')",
        "SELECT * FROM root",
    ],
)
def test_nothing_is_changed_and_nothing_else_read(root, sql):
    (root / "secret.txt").write_text("secret")
    (root / "secret.csv").write_text("a\nsecret\n")
    before = {path for path in root.rglob("*") if "lock" not in path.name}
    with pytest.raises(ParameterError) as refusal:
        asked(root, sql.format(root=root))
    assert "secret\n" not in str(refusal.value)
    assert {path for path in root.rglob("*") if "lock" not in path.name} == before


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELECT count(*) FROM range(1000000000) a, range(1000) b WHERE a.range + b.range = -1", "more than 0.5 s"),
        ("SELECT list(range) FROM range(300000000)", "MB"),
    ],
)
def test_questions_are_bounded(root, sql, words):
    with pytest.raises(ParameterError, match=words):
        asked(root, sql, seconds=0.5 if "0.5" in words else 60, memory_mb=100)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the address space of a process")
def test_texts_that_a_question_makes_are_bounded(root, capsys, monkeypatch):
    monkeypatch.setenv("AUTOCLIP_DATA_DIR", str(root))
    before = memory_limit_bytes()
    assert run(["query", "SELECT length(repeat('x', 3000000000))", "--memory", "100"]) == 2
    assert "more than 100 MB" in capsys.readouterr().err
    assert memory_limit_bytes() == before


@pytest.mark.parametrize("rows", [0, 1, ROWS_AT_ONCE, 2 * ROWS_AT_ONCE + 1])
def test_rows_are_written_in_parts_as_in_one(rows):
    table = pa.table({"number": range(rows), "text": [f"line\n{number}" for number in range(rows)]})
    assert json.loads("".join(text_of_rows(table, "json"))) == table.to_pylist()
    lines = csv.reader(io.StringIO("".join(text_of_rows(table, "csv")), newline=""))
    assert list(lines) == [["number", "text"], *([str(number), f"line\n{number}"] for number in range(rows))]


def told(capsys, *arguments):
    assert run(list(arguments)) == 0, capsys.readouterr().err
    return capsys.readouterr().out


def test_the_commands_write_tables_csv_json_and_parquet(root, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("AUTOCLIP_DATA_DIR", str(root))
    assert told(capsys, "query", "SELECT '=1+1' AS name, -1 AS many", "--format", "csv").split() == [
        "name,many",
        "'=1+1,-1",
    ]
    sql = "SELECT name, verdict, scores FROM clips WHERE project_id = 'p0' ORDER BY start_sec"
    assert "At 100" in told(capsys, "query", sql)
    rows = list(csv.DictReader(io.StringIO(told(capsys, "query", sql, "--format", "csv"))))
    assert [row["name"] for row in rows] == ["At 10", "At 12", "At 100"]
    assert json.loads(rows[0]["scores"])["excitement"] == 0.5
    assert json.loads(told(capsys, "query", sql, "-f", "json"))[0]["verdict"] == "kept"
    told(capsys, "clips", "--all", "--format", "parquet", "--output", str(tmp_path / "clips.parquet"))
    table = pq.read_table(tmp_path / "clips.parquet")
    assert (table.num_rows, pa.types.is_timestamp(table.schema.field("created_at").type)) == (6, True)
    assert len(json.loads(told(capsys, "clips", "--all", "--verdict", "kept", "--json"))) == 2
    assert "clips_v" in told(capsys, "query", "--tables")


@pytest.mark.parametrize("name", ["s3:x.parquet", "s3:folder/x.parquet"])
def test_a_name_with_a_colon_is_no_address(root, capsys, monkeypatch, tmp_path, name):
    monkeypatch.setenv("AUTOCLIP_DATA_DIR", str(root))
    monkeypatch.chdir(tmp_path)
    told(capsys, "query", "SELECT 1 AS one", "--format", "parquet", "--output", name)
    with (tmp_path / name).open("rb") as file:
        assert pq.read_table(file).to_pylist() == [{"one": 1}]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["query", "SELECT 1", "--format", "xml"], "there are table, csv"),
        (["query", "SELECT 1", "--format", "parquet"], "--output"),
        (["clips"], "--all"),
        (["clips", "p0", "--all"], "name a project, or give --all"),
    ],
)
def test_what_goes_wrong_says_the_way_out(root, capsys, monkeypatch, arguments, words):
    monkeypatch.setenv("AUTOCLIP_DATA_DIR", str(root))
    assert run(arguments) == 2
    assert words in capsys.readouterr().err


def test_a_backup_comes_back_by_command(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("AUTOCLIP_DATA_DIR", str(tmp_path))
    catalog = open_catalog(tmp_path / "autoclip.duckdb")
    with catalog.transaction() as unit:
        project = unit.projects.add(Project(name="Match", source=Source(kind="file", address="a")))
    (tmp_path / ".of-a-killed-backup.partial").touch()
    os.utime(tmp_path / ".of-a-killed-backup.partial", (0, 0))
    told(capsys, "backup", str(tmp_path / "backup.duckdb"))
    assert not list(tmp_path.glob(".*.partial"))
    with catalog.transaction() as unit:
        unit.projects.delete(project.id)
    for lock, name in ((service_lock(tmp_path), "the service"), (run_lock(tmp_path, "b4"), "job b4")):
        with held(lock, "4711 1"):
            assert run(["restore", str(tmp_path / "backup.duckdb"), "--yes"]) == 1
        assert f"{name} works there (process 4711)" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert run(["restore", str(tmp_path / "backup.duckdb")]) == 1  # as with Ctrl-C at the question
    assert "nothing was changed" in capsys.readouterr().err
    told(capsys, "restore", str(tmp_path / "backup.duckdb"), "--yes")
    with catalog.reading() as view:
        assert view.projects.page().items == (project,)
