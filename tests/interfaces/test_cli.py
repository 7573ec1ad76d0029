"""The command line as a person or a script meets it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from match import HIGHLIGHT

from autoclip.settings import Settings
from autoclip.timeline import Interval
from interfaces.cli.app import run
from interfaces.cli.settings import tuning_page

AUTOCLIP = (sys.executable, "-c", "from interfaces.cli.start import main; main()")
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def match(rendered_match, tmp_path_factory):
    return Path(shutil.copy(rendered_match, tmp_path_factory.mktemp("media")))


@pytest.fixture(scope="module")
def analysis(match, tmp_path_factory):
    folder = tmp_path_factory.mktemp("analysis") / "out"
    assert run(["analyze", str(match), "--output-dir", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def sports_analysis(match, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sports") / "out"
    given = ["--preset", "sports", "--set", "pre_max=9", "--set", "motion_fps=8"]
    assert run(["analyze", str(match), "-o", str(folder), *given, "-q"]) == 0
    return folder


@pytest.fixture
def tunable(sports_analysis, tmp_path):
    return Path(shutil.copytree(sports_analysis, tmp_path / "tunable"))


@pytest.fixture(autouse=True)
def working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("AUTOCLIP_") and name != "AUTOCLIP_SHARED"]:
        monkeypatch.delenv(name)


def test_analyze_writes_everything(analysis):
    names = {path.relative_to(analysis).as_posix() for path in analysis.rglob("*") if path.is_file()}
    assert {
        "v2_clips.json",
        "report.html",
        "features/signals.parquet",
        "features/events.parquet",
        "debug/segmentation_v2_debug.json",
    } <= names
    clips = json.loads((analysis / "v2_clips.json").read_text())["clips"]
    assert clips
    assert {f"thumbnails/{clip['id']}.jpg" for clip in clips} == {n for n in names if n.startswith("thumbnails/")}


def test_the_highlight_is_in_a_clip(analysis):
    clips = json.loads((analysis / "v2_clips.json").read_text())["clips"]
    assert any(Interval(clip["start"], clip["end"]).encloses(HIGHLIGHT) for clip in clips)
    for clip in clips:
        assert clip["duration"] == pytest.approx(clip["end"] - clip["start"])
        assert (analysis / clip["thumbnail"]).is_file()


def test_the_snippet_of_the_spec_reads_the_debug_document(analysis, monkeypatch, capsys):
    monkeypatch.chdir(analysis / "debug")
    with open("segmentation_v2_debug.json") as f:  # noqa: PTH123 - the user's own words
        debug = json.load(f)
    for a in sorted(debug["anchors"], key=lambda x: x["score"], reverse=True)[:5]:
        print(f"{a['time_sec']:.1f}s: score={a['score']:.2f}, reason={a['reason']}")  # noqa: T201
    for d in debug["filter_report"]["overlap"]:
        if d["action"] == "drop_overlap":
            print(f"Dropped clip {d['clip_index']}: {d['reason']}")  # noqa: T201
    assert "reason=" in capsys.readouterr().out


def test_json_is_all_there_is_on_standard_output_and_neither_prefect_nor_duckdb_is_imported(match, tmp_path):
    script = (
        "import sys; from interfaces.cli.app import run; "
        f"code = run(['analyze', {str(match)!r}, '-o', {str(tmp_path / 'out')!r}, '--json', '-q']); "
        "print(code, sorted({'prefect', 'duckdb', 'fastapi'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run((sys.executable, "-c", script), capture_output=True, text=True, check=True, cwd=tmp_path)
    assert json.loads(done.stdout) == json.loads((tmp_path / "out" / "v2_clips.json").read_text())
    assert done.stderr.strip().endswith("0 []")


def test_both_modes_live_side_by_side(match, analysis, capsys):
    assert run(["analyze", str(match), "-o", str(analysis), "--mode", "v1", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["mode"] == "v1"
    assert [clip["start"] for clip in document["clips"]] == [0, 10, 20]
    assert (analysis / "v2_clips.json").exists()
    assert (analysis / "v1_clips.json").exists()


def test_retune_needs_no_video(match, tmp_path, capsys):
    video = tmp_path / "video.mp4"
    video.write_bytes(match.read_bytes())
    assert run(["analyze", str(video), "-o", "out"]) == 0
    video.unlink()
    capsys.readouterr()
    assert run(["retune", "out", "--set", "pre_max=4", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["settings"]["pre_max"] == 4
    for clip in document["clips"]:
        assert clip["anchor_time_sec"] - clip["start"] <= 4 + 1e-6


def _settings_in(folder, mode="v2"):
    return json.loads((folder / f"{mode}_clips.json").read_text())["settings"]


def test_each_retune_starts_from_the_settings_of_the_analysis(tunable, capsys):
    assert run(["retune", str(tunable), "--set", "target_clip_count_soft=1", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["clips"]) == 1
    assert run(["retune", str(tunable), "--set", "boring_share=0.9"]) == 0
    assert "changed: boring_share=0.9" in capsys.readouterr().err
    assert _settings_in(tunable)["target_clip_count_soft"] == 200
    assert run(["retune", str(tunable)]) == 0
    assert _settings_in(tunable)["boring_share"] == Settings().filters.boring_share


def _changed_in(folder):
    return {name: value for name, value in _settings_in(folder).items() if value != Settings().flat()[name]}


def test_a_preset_is_taken_back_and_reset_goes_to_the_defaults(tunable, capsys):
    assert run(["retune", str(tunable), "--count", "1"]) == 0
    told = capsys.readouterr().err
    assert "kept from the analysis: preset=sports" in told
    assert "pre_max=9.0" in told
    assert "loudness_measure" not in told
    assert "changed: count=1" in told
    assert run(["retune", str(tunable), "--preset", "none"]) == 0
    assert _changed_in(tunable) == {"pre_max": 9.0, "motion_fps": 8.0}
    assert run(["retune", str(tunable), "--preset", "talk"]) == 0
    assert {"preset": "talk", "moment_min_sec": 30.0}.items() <= _changed_in(tunable).items()
    capsys.readouterr()
    assert run(["retune", str(tunable), "--reset"]) == 0
    assert _changed_in(tunable) == {"motion_fps": 8.0}
    assert "kept as measured or from the environment: motion_fps=8.0" in capsys.readouterr().err


def test_the_amount_is_said_on_the_command_line(tunable, capsys):
    assert run(["retune", str(tunable), "--mode", "v1", "--count", "2", "--length", "6-20", "--json"]) == 0
    clips = json.loads(capsys.readouterr().out)["clips"]
    assert len(clips) == 2
    assert all(6 - 1e-6 <= clip["duration"] <= 20 + 1e-6 for clip in clips)
    assert run(["retune", str(tunable), "--mode", "v1", "--total", "0:15", "--json"]) == 0
    assert 0 < sum(clip["duration"] for clip in json.loads(capsys.readouterr().out)["clips"]) <= 15
    assert run(["retune", str(tunable), "--count", "500"]) == 0
    assert "of the 500 clips asked for" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--total", "3s"], "shorter than the shortest clip"),
        (["--length", "40-20"], "shorter length first"),
        (["--length", "20"], "not a range"),
        (["--total", "soon"], "not a time"),
        (["--count", "2", "--set", "count=3"], "given twice"),
    ],
)
def test_an_amount_that_makes_no_sense_is_refused(tunable, words, told, capsys):
    assert run(["retune", str(tunable), *words]) == 2
    assert told in capsys.readouterr().err


def test_retune_refuses_what_needs_measuring(analysis, capsys):
    assert run(["retune", str(analysis), "--set", "step_sec=0.25"]) == 2
    assert "analyze" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["analyze", "nowhere.mp4"], 4, "nowhere.mp4"),
        (["analyze", "text.mp4"], 3, "text.mp4"),
        (["analyze", "text.mp4", "--set", "scene_treshold=1"], 2, "did you mean 'scene_threshold'"),
        (["analyze", "text.mp4", "--set", "lead_sec=1"], 2, "it is now called 'padding_sec'"),
        (["analyze", "text.mp4", "--set", "scene_threshold"], 2, "NAME=VALUE"),
        (["analyze", "text.mp4", "--set", "pre_max=1", "--set", "pre_max=2"], 2, "twice"),
        (["analyze", "text.mp4", "--mode", "v9"], 2, "segmentation_mode"),
        (["analyze", "text.mp4", "--mode", "v1", "--set", "segmentation_mode=v2"], 2, "contradicts"),
        (["analyze"], 2, "source"),
        (["analyse", "x"], 2, "analyse"),
        (["analyze", "--outputdir", "x"], 2, "--outputdir"),
        (["retune", "."], 4, "analyze"),
        (["run", "nosuch.mp4"], 4, "no such file"),
        (["run", "~/nosuch folder"], 4, "no such file"),
        (["watch", "nosuch"], 4, "no such"),
        (["probe", "empty.mp4"], 3, "empty"),
        (["clips", "nobody"], 4, "nobody"),
    ],
)
def test_what_goes_wrong_is_told_in_one_line(arguments, code, words, capsys, tmp_path):
    (tmp_path / "text.mp4").write_text("no video at all")
    (tmp_path / "empty.mp4").touch()
    assert run(arguments) == code
    output = capsys.readouterr()
    assert output.out == ""
    assert words.lower() in output.err.lower()
    assert "Traceback" not in output.err


def test_a_refused_file_leaves_nothing(tmp_path):
    (tmp_path / "text.mp4").write_text("no video at all")
    assert run(["analyze", "text.mp4", "-o", "out"]) == 3
    assert not (tmp_path / "out").exists()


def test_the_environment_sets_parameters(match, monkeypatch, capsys):
    monkeypatch.setenv("AUTOCLIP_TARGET_CLIP_COUNT_SOFT", "7")
    assert run(["analyze", str(match), "-o", "out", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["settings"]["target_clip_count_soft"] == 7
    monkeypatch.setenv("AUTOCLIP_TARGET_CLIP_COUNT", "7")
    assert run(["analyze", str(match), "-o", "out"]) == 2
    assert "AUTOCLIP_TARGET_CLIP_COUNT_SOFT" in capsys.readouterr().err


def test_probe_speaks_json(match, capsys):
    assert run(["probe", str(match), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["duration_sec"] == pytest.approx(30, abs=0.05)
    assert facts["video"]["width"] == 320


def test_projects_of_an_empty_catalog(capsys):
    assert run(["projects", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_doctor_tells_what_is_there(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("AUTOCLIP_STORE_URL", f"file://{tmp_path}/store")
    assert run(["doctor", "--json"]) == 0
    findings = {finding["subject"]: finding for finding in json.loads(capsys.readouterr().out)}
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"autoclip {findings['autoclip']['detail']}\n"
    assert findings["ffmpeg"]["state"] == "ok"
    assert findings["decoders"]["state"] == "ok"
    assert findings["store"]["detail"] == f"file://{tmp_path}/store"
    assert {"av1", "h264", "h265"} <= set(findings["jobs here can use"]["detail"].split(", "))


def test_doctor_names_a_data_folder_that_is_none(capsys, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("AUTOCLIP_DATA_DIR", str(tmp_path / "file" / "data"))
    assert run(["doctor", "--json"]) == 1
    findings = {finding["subject"]: finding for finding in json.loads(capsys.readouterr().out)}
    assert findings["data folder"]["state"] == "error"


def test_settings_lists_every_parameter(capsys):
    assert run(["settings", "--json"]) == 0
    listed = {parameter["name"]: parameter for parameter in json.loads(capsys.readouterr().out)}
    assert listed["step_sec"]["default"] == 0.5
    assert listed["segmentation_mode"]["choices"][:2] == ["v1", "v2"]


def test_the_tuning_page_is_up_to_date():
    assert (ROOT / "docs" / "tuning.md").read_text() == tuning_page()


def test_every_command_is_documented():
    from interfaces.cli.app import app

    pages = "".join(page.read_text() for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")))
    for command in app.registered_commands:
        assert command.name is not None
        assert f"autoclip {command.name}" in pages, f"no page says anything of 'autoclip {command.name}'"


def test_an_interrupt_leaves_no_analysis(match, tmp_path):
    script = (
        "import os, signal, threading; from interfaces.cli.app import main; "
        "import stages.extract_features as m; real = m.extract\n"
        "def interrupted(*a):\n"
        "    threading.Timer(0.05, lambda: os.kill(os.getpid(), signal.SIGINT)).start(); return real(*a)\n"
        "m.extract = interrupted\n"
        f"import sys; sys.argv = ['autoclip', 'analyze', {str(match)!r}, '-o', 'out']; main()"
    )
    done = subprocess.run((sys.executable, "-c", script), capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 130, done.stderr
    assert "interrupted" in done.stderr
    left = {path.name for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert left <= {"source.json"}  # the fingerprint, which another try reads
    assert not list(tmp_path.rglob("*.parquet"))


@pytest.mark.parametrize("imported", ["typer", "numpy"])
def test_an_interrupt_within_an_import_is_told_in_a_line(imported, tmp_path):
    """NumPy, which `projects` imports when it runs, would take it for a fault of the installation."""
    program = (
        "import os, signal, sys; from interfaces.cli.start import main\n"
        f"sys.addaudithook(lambda event, about: event == 'import' and about[0] == {imported!r} "
        "and os.kill(os.getpid(), signal.SIGINT))\n"
        "sys.argv = ['autoclip', 'projects']; main()"
    )
    done = subprocess.run((sys.executable, "-c", program), capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stderr, done.stdout) == (130, "autoclip: interrupted\n", "")


@pytest.mark.parametrize("place", ["broken pipe", "/dev/full"])
def test_a_message_that_can_t_be_written_ends_no_work(place):
    program = "from interfaces.cli.terminal import say; [say('a message') for _ in range(3)]; print('done')"
    reader, writer = os.pipe() if place == "broken pipe" else (os.open(place, os.O_RDONLY), os.open(place, os.O_WRONLY))
    os.close(reader)
    done = subprocess.run((sys.executable, "-c", program), stdout=subprocess.PIPE, stderr=writer, check=False)
    os.close(writer)
    assert (done.returncode, done.stdout) == (0, b"done\n")


@pytest.mark.parametrize(("allowed_mb", "said"), [(300, "only 300 MB of memory are allowed"), (4000, "")])
def test_too_little_memory_is_told_before_a_library_fails_without_a_reason(allowed_mb, said):
    program = (
        "import resource, sys; from interfaces.cli.start import _warn_of_little_memory\n"
        f"resource.setrlimit(resource.RLIMIT_AS, ({allowed_mb << 20}, resource.RLIM_INFINITY))\n"
        "_warn_of_little_memory()"
    )
    done = subprocess.run((sys.executable, "-c", program), capture_output=True, text=True, check=True)
    assert (said in done.stderr) if said else not done.stderr


def test_export_renders_the_best_clips(analysis, tmp_path, capsys):
    assert run(["export", str(analysis), "--mode", "v2", "--top", "1", "--to", str(tmp_path / "files"), "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert Path(row["path"]).parent == tmp_path / "files"
    best = max(json.loads((analysis / "v2_clips.json").read_text())["clips"], key=lambda clip: clip["quality_score"])
    assert row["duration_sec"] == pytest.approx(best["duration"], abs=0.04)
    assert Path(row["path"]).stat().st_size == row["size_bytes"]


def test_export_never_overwrites(analysis, tmp_path, capsys):
    asked = ["export", str(analysis), "--top", "1", "--to", str(tmp_path / "files")]
    assert run(asked) == 0
    (first,) = (tmp_path / "files").glob("*.mp4")
    content = first.read_bytes()
    assert run(asked) == 0
    assert "exists already" in capsys.readouterr().out
    assert list((tmp_path / "files").glob("*.mp4")) == [first]
    assert run([*asked, "--set", "crf=30"]) == 0
    assert len(list((tmp_path / "files").glob("*.mp4"))) == 2
    assert first.read_bytes() == content


def test_export_refuses_what_contradicts(analysis, capsys):
    assert run(["export", str(analysis), "--top", "1", "--all"]) == 2
    assert run(["export", str(analysis), "--clip", "nobody"]) == 4
    assert run(["export", str(analysis), "--set", "name_template={nmae}"]) == 2
    assert "nmae" in capsys.readouterr().err
    assert run(["handover", str(analysis), "--format", "foo"]) == 2
    assert "'--format': 'foo' is not one of" in capsys.readouterr().err


def test_evaluate_scores_the_clips(analysis, tmp_path, capsys):
    truth = tmp_path / "truth.csv"
    truth.write_text("time,weight\n16,1\n")
    assert run(["evaluate", str(analysis), "--truth", str(truth), "--budget", "0.5", "--mode", "v2", "--json"]) == 0
    scores = json.loads(capsys.readouterr().out)
    assert scores["coverage"] == 1
    assert scores["hits"][0] == {"rank": 1, "share": 1.0}
    assert run(["evaluate", str(analysis), "--truth", str(truth)]) == 0
    assert "coverage" in capsys.readouterr().out


def test_evaluate_tries_settings_without_changing_the_analysis(analysis, tmp_path, capsys):
    truth = tmp_path / "truth.csv"
    truth.write_text("start,end,score\n13,19,1\n")
    before = (analysis / "v2_clips.json").read_bytes()
    assert run(["evaluate", str(analysis), "--truth", str(truth), "--set", "anchor_threshold=20", "--json"]) == 0
    assert (analysis / "v2_clips.json").read_bytes() == before
    assert run(["evaluate", str(analysis), "--truth", "nowhere.csv"]) == 2


def test_a_preset_by_name_and_by_file(match, tmp_path, capsys):
    assert run(["analyze", str(match), "-o", "out", "--preset", "talk", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["settings"]["preset"] == "talk"
    (tmp_path / "mine.toml").write_text("[settings]\npre_max = 6.0\n")
    assert run(["analyze", str(match), "-o", "out", "--preset", "mine.toml", "--set", "post_max=9", "--json"]) == 0
    settings = json.loads(capsys.readouterr().out)["settings"]
    assert (settings["pre_max"], settings["post_max"]) == (6, 9)
    assert run(["analyze", str(match), "-o", "out", "--preset", "tlak"]) == 2
    assert "talk" in capsys.readouterr().err


def test_the_list_of_commands_is_not_cut_off(capsys):
    for words in (["--help"], ["compound", "--help"]):
        assert run(words) == 0
        shown = capsys.readouterr()
        commands = (shown.out + shown.err).split("Commands:")[1]
        assert commands.strip()
        assert "..." not in commands
