"""Every command meets every kind of failing file, and answers with one sentence: no trace, no number of the system."""

from __future__ import annotations

import os
import shlex
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from autoclip.errors import MediaError, NoRoomError, StorageError
from autoclip.export.batch import RenderRequest, export_batch
from autoclip.export.render import export_clip
from autoclip.media.probe import probe
from autoclip.settings import ExportSettings, Settings
from autoclip.speech.transcript import Transcript, Word
from autoclip.timeline import Interval
from interfaces.cli.app import app, run
from stages.analyze import analyze
from storage.analysis_folder import AnalysisFolder
from storage.atomic import write_atomically
from storage.transcripts import StoredTranscript
from synthetic_media import RenderOptions, Shot, Storyboard, Texture, render

SERVES = {"up", "serve", "watch", "worker"}
"""Commands that go on until they are stopped."""
ASKS_THE_SERVER = {"demo", "deploy", "run", "jobs", "job", "cancel", "retry"}
"""Commands that hand names on to Prefect's server, which opens them."""
TAKES_VIDEOS = {"analyze", "probe", "demo", "run"}
pytestmark = pytest.mark.timeout(120, func_only=True)  # a command that hangs is a fault, too


@pytest.fixture(scope="module")
def analysis(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("analysis")
    board = Storyboard((Shot(2.5, Texture(seed=3)), Shot(2.5, Texture(seed=9))))
    render(board, folder / "film.mp4", RenderOptions(width=160, height=90, keyframe_interval=25))
    assert run(["analyze", str(folder / "film.mp4"), "--mode", "v1", "--output-dir", str(folder / "out"), "-q"]) == 0
    return folder


@pytest.fixture(autouse=True)
def working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("AUTOCLIP_") and name != "AUTOCLIP_SHARED"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")


def commands(group: Any = None, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """All commands with the words that call them."""
    group = group or typer.main.get_command(app)
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*words, name))
        else:
            yield (*words, name), command


ALL = {" ".join(words): command for words, command in commands()}


FAILING = (
    "nowhere/at all",
    ".",
    "plain.txt",
    "plain.txt/below",
    "loop",
    "x" * 300,
    "empty",
    "pipe",
    "/proc/1/nothing",
    "two\nlines",
)
"""Not there; a folder; not of its kind; below a file; a link to itself; too long a name; empty; a pipe; and so on.

No device: a command that puts a file in its place would take it from the whole machine."""

NEVER_SAID = ("Traceback", "[Errno", "stopped by an error inside", " @ 0x")


@pytest.mark.parametrize("words", [words for words in ALL if words not in SERVES | ASKS_THE_SERVER])
def test_a_command_refuses_a_failing_file_in_a_sentence(words, analysis, tmp_path, capsys):
    """Each kind of failing file as the value of each argument and option, with all others as they should be."""
    (tmp_path / "plain.txt").write_text("no video")
    (tmp_path / "empty").touch()
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "pipe")
    valued = [parameter for parameter in ALL[words].params if not getattr(parameter, "is_flag", False)]
    for failing in valued:
        for value in FAILING:
            given = arguments(words, failing, value, analysis)
            code = run(given)
            told = capsys.readouterr()
            assert code in {0, 1, 2, 3, 4, 5}, (given, told.err)
            for word in NEVER_SAID:
                assert word not in told.err, (given, told.err)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere every name is text")
@pytest.mark.parametrize("words", [["analyze", "?"], ["run", "?"], ["analyze", "film.mp4", "-o", "?"], ["export", "?"]])
def test_a_name_that_is_no_utf_8_is_refused_and_shown(words, capsys):
    name = os.fsdecode(b"caf\xe9.mp4")
    Path(name).touch()
    assert run([name if word == "?" else word for word in words]) == 2
    told = " ".join(capsys.readouterr().err.split())
    assert told == "autoclip: caf\N{REPLACEMENT CHARACTER}.mp4: is not UTF-8; rename that file or folder"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere every name is text")
def test_a_name_that_python_reads_in_another_encoding_is_not_blamed():
    program = [sys.executable, "-c", "from interfaces.cli.start import main; main()", "probe", "Füße.mp4"]
    ascii_only = os.environ | {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(program, env=ascii_only, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.endswith("is not UTF-8; names are read as ascii here: set PYTHONUTF8=1\n")


@pytest.mark.parametrize("name", ["plain.txt", "plain.txt/below", "loop", "nowhere"])
def test_a_folder_that_can_not_hold_an_analysis_is_refused_before_it_is_measured(name, analysis, tmp_path):
    (tmp_path / "plain.txt").write_text("no folder")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "nowhere").symlink_to("missing")

    def measured(*_: object) -> None:
        raise AssertionError("measured, though the result can't be kept")

    with pytest.raises(StorageError, match=f"{name}.*; .*(choose another|remove that link)"):
        analyze(analysis / "film.mp4", AnalysisFolder(tmp_path / name), Settings(), measure=measured)


@pytest.mark.skipif(os.name == "nt", reason="closes streams as a POSIX shell does")
def test_closed_standard_streams_are_no_fault():
    script = f"{shlex.quote(sys.executable)} -m autoclip probe nosuch.mp4 <&- >&-"
    done = subprocess.run(["/bin/sh", "-c", script], stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr.split(";")[0]) == (4, "autoclip: nosuch.mp4: no such file")


def arguments(words: str, failing: Any, value: str, analysis: Path) -> list[str]:
    """Return a call of a command with a value for one parameter, and plausible ones for those it needs besides."""
    usual = {"source": str(analysis / ("film.mp4" if words in TAKES_VIDEOS else "out")), "destination": "folder"}
    options: list[str] = []
    positional: list[str] = []
    for parameter in ALL[words].params:
        if parameter is not failing and not parameter.required:
            continue
        word = value if parameter is failing else usual.get(parameter.name, "x")
        if parameter.param_type_name == "argument":
            positional.append(word)
        else:
            options += [parameter.opts[0], word]
    return [*words.split(), *options, "--", *positional]


@pytest.mark.parametrize("words", [words for words in ALL if words not in SERVES | {"demo"}])
def test_a_command_refuses_a_data_folder_that_fails(words, tmp_path, monkeypatch, capsys):
    (tmp_path / "plain.txt").write_text("no folder")
    monkeypatch.setenv("AUTOCLIP_DATA_DIR", str(tmp_path / "plain.txt" / "data"))
    required = ["0123456789abcdef" for parameter in ALL[words].params if parameter.required]
    code = run([*words.split(), "--", *required])
    told = capsys.readouterr()
    assert code in {0, 1, 2, 3, 4, 5}, told.err
    for word in NEVER_SAID:
        assert word not in told.err, told.err


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 200 kB."""
    place = tmp_path / "disk"
    place.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(place)], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("may not mount a small file system here")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


MAKES = {
    "export": ["export", "OUT", "--top", "1", "--to", "PLACE/made", "--set", "disk_reserve_mb=0", "--set", "crf=1"],
    "smart": ["export", "OUT", "--top", "1", "--to", "PLACE/made", "--set", "disk_reserve_mb=0", "--set", "cut=smart"],
    "copy": ["export", "OUT", "--top", "1", "--to", "PLACE/made", "--set", "disk_reserve_mb=0", "--set", "cut=copy"],
    "preview": ["preview", "OUT", "--to", "PLACE/made"],
    "contact-sheet": ["contact-sheet", "OUT", "--to", "PLACE/made/sheet.jpg"],
    "handover": ["handover", "OUT", "--format", "csv", "--to", "PLACE/made/clips.csv"],
    "deliver": ["deliver", "folder", "OUT/../film.mp4", "--option", "folder=PLACE/made"],
    "analyze": ["analyze", "OUT/../film.mp4", "--output-dir", "PLACE/made"],
}


@pytest.mark.parametrize("state", ["full", "read-only"])
@pytest.mark.parametrize("what", MAKES)
def test_a_disk_that_takes_nothing_is_named(what, state, analysis, small_disk, capsys):
    (small_disk / "made").mkdir()
    if state == "full":
        with (small_disk / "filler").open("wb", buffering=0) as filler:
            while shutil.disk_usage(small_disk).free >= 4096:
                filler.write(bytes(4096))
    else:
        subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    words = [word.replace("OUT", str(analysis / "out")).replace("PLACE", str(small_disk)) for word in MAKES[what]]
    code = run([*words, "--json"] if what != "analyze" else words)
    told = capsys.readouterr()
    spoken = told.err + told.out
    assert code == 1, spoken
    assert str(small_disk) in spoken
    assert ("no room is left" if state == "full" else "ead-only") in spoken or "MB free" in spoken, spoken
    for word in NEVER_SAID:
        assert word not in spoken, spoken


PLACES = {
    "contact-sheet": ["contact-sheet", "OUT", "--to", "PLACE"],
    "handover": ["handover", "OUT", "--format", "csv", "--to", "PLACE"],
    "query": ["query", "SELECT 1 AS one", "--format", "csv", "--output", "PLACE"],
    "backup": ["backup", "PLACE"],
    "export": ["export", "OUT", "--top", "1", "--to", "PLACE", "--json"],
    "preview": ["preview", "OUT", "--to", "PLACE", "--json"],
    "analyze": ["analyze", "OUT/../film.mp4", "--output-dir", "PLACE"],
}


@pytest.mark.parametrize("what", PLACES)
def test_a_device_or_pipe_stays_what_it_is(what, analysis, tmp_path, capsys):
    os.mkfifo(tmp_path / "pipe")
    try:
        os.mknod(tmp_path / "full", stat.S_IFCHR | 0o600, os.makedev(1, 7))  # what /dev/full is
    except PermissionError:
        pytest.skip("may not make a device here")
    for name in ("pipe", "full"):
        place = tmp_path / name
        before = place.lstat()
        code = run([word.replace("OUT", str(analysis / "out")).replace("PLACE", str(place)) for word in PLACES[what]])
        told = "".join(capsys.readouterr())
        assert code in {1, 2}, told
        assert f"{place}" in told
        assert os.path.samestat(before, place.lstat())
        for word in NEVER_SAID:
            assert word not in told


def test_captions_that_have_no_room_leave_those_that_were_there(small_disk):
    captions = small_disk / "film.srt"
    captions.write_text("edited by hand")
    with pytest.raises(NoRoomError, match=r"film\.srt: no room is left"):
        write_atomically(captions, "x" * 1_000_000)
    assert [path.read_text() for path in small_disk.iterdir()] == ["edited by hand"]


def test_a_transcript_and_a_report_that_have_no_room_leave_those_that_were_there(small_disk):
    folder = AnalysisFolder(small_disk)

    def write(words: int) -> None:
        heard = tuple(Word(float(number), number + 0.5, os.urandom(16).hex(), 0.9) for number in range(words))
        folder.write_transcript(StoredTranscript(Transcript(heard, "en", "x"), "k" * 32, (), "f" * 32))

    write(2)
    before = folder.read_transcript()
    folder.write_report(["short"])
    for too_much, name in (
        (lambda: write(20_000), "transcript"),
        (lambda: folder.write_report(["x" * 500_000]), "report"),
    ):
        with pytest.raises(NoRoomError, match=rf"{small_disk}.*{name}.*no room is left to write it"):
            too_much()
    assert folder.read_transcript() == before
    assert folder.report.read_text() == "short"
    assert sorted(path.name for path in small_disk.rglob("*")) == ["features", "report.html", "transcript.parquet"]


def test_a_full_disk_in_the_midst_of_a_render_is_told_in_a_sentence(analysis, small_disk, capsys, monkeypatch):
    """The estimate says there is room; then there is none. Nothing stays but what was there."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**12, 0, 10**12))
    subprocess.run(["mount", "-o", "remount,size=60k", str(small_disk)], check=True)
    for cut in ("exact", "smart", "copy"):
        words = ["export", str(analysis / "out"), "--top", "1", "--to", str(small_disk), "--set", "crf=0"]
        assert run([*words, "--set", f"cut={cut}", "--json"]) == 1
        told = capsys.readouterr()
        assert "no room is left to write it" in told.out
        assert "[" not in told.out.partition('"error": ')[2].splitlines()[0]
        assert list(small_disk.iterdir()) == []


def test_a_source_that_goes_away_after_it_was_probed_is_named(analysis, tmp_path):
    film = tmp_path / "film.mp4"
    gone = []
    for cut in ("exact", "smart", "copy"):
        settings = ExportSettings(cut=cut, encoder_preset="ultrafast")
        target = tmp_path / f"{cut}.mp4"

        shutil.copy(analysis / "film.mp4", film)
        video = probe(film)
        film.unlink()
        with pytest.raises(MediaError, match="no such file"):
            export_clip(video, Interval(1.0, 4.0), target, settings)
        requests = [RenderRequest(video, Interval(1.0, 4.0), target, settings)]
        gone.append(export_batch(requests)[0].error)
    assert all(isinstance(error, MediaError) for error in gone)
