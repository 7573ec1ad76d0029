"""Titles from a container, its chapters and subtitles, as they reach the report of an analysis and the web page."""

from __future__ import annotations

import io
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from rich.console import Console

from autoclip.media.ffmpeg import find_ffmpeg
from autoclip.media.probe import probe
from autoclip.progress import Progress
from interfaces.cli import terminal
from interfaces.cli.app import run
from interfaces.cli.query import write_rows
from interfaces.cli.terminal import print_table, progress_bars
from synthetic_media import RenderOptions, Shot, Storyboard, Texture, render

TITLE = "</title><script>window.stolen=1</script>\"'><img src=x onerror=window.stolen=1>"
CHAPTER = "javascript:window.stolen=1"
SAID = '<script>window.stolen=2</script> <a href="javascript:window.stolen=3">press</a> <img src=x onerror=alert(1)>.'
WEB_SOURCES = Path(__file__).parents[2] / "interfaces" / "web" / "src"


class Read(HTMLParser):
    """Elements, attributes and texts, as a browser would read them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Matroska file whose tags and words are markup."""
    folder = tmp_path_factory.mktemp("hostile")
    board = Storyboard((Shot(6.0, Texture(seed=3)), Shot(6.0, Texture(seed=9))))
    render(board, folder / "plain.mp4", RenderOptions(width=160, height=90, keyframe_interval=25))
    (folder / "said.srt").write_text(f"1\n00:00:01,000 --> 00:00:05,000\n{SAID}\n", encoding="utf-8")
    chapter = "".join(f"\\{sign}" if sign in "=;#\\" else sign for sign in CHAPTER + TITLE)
    marks = f";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=6000\ntitle={chapter}\n"
    (folder / "marks.txt").write_text(marks, encoding="utf-8")
    film = folder / "film.mkv"
    command = [str(find_ffmpeg()), "-v", "error", "-i", str(folder / "plain.mp4"), "-i", str(folder / "said.srt")]
    command += ["-i", str(folder / "marks.txt"), "-map", "0", "-map", "1", "-map_chapters", "2", "-c", "copy"]
    command += ["-c:s", "srt", "-metadata", f"title={TITLE}", "-metadata:s:s:0", f"title={TITLE}", str(film)]
    subprocess.run(command, check=True)
    return film


def test_tags_of_a_file_stay_text_in_its_report(hostile: Path) -> None:
    video = probe(hostile)
    assert video.title == TITLE
    assert [chapter.title for chapter in video.chapters] == [CHAPTER + TITLE]
    out = hostile.with_name("out")
    assert run(["analyze", str(hostile), "--mode", "v1", "--output-dir", str(out), "-q"]) == 0
    (report,) = out.rglob("report.html")
    page = Read(report.read_text(encoding="utf-8"))
    assert TITLE in page.text
    assert CHAPTER in page.text
    assert len([tag for tag, _ in page.elements if tag == "script"]) == 2
    for tag, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on")], (tag, attributes)
        for name in ("href", "src"):
            place = str(attributes.get(name) or "#").strip().lower()
            assert place.startswith(("#", "data:image/")), (tag, attributes)


def test_the_web_page_inserts_no_text_as_markup() -> None:
    """Svelte escapes what it shows, unless it is told not to."""
    sources = [path for ending in ("svelte", "ts") for path in WEB_SOURCES.rglob(f"*.{ending}")]
    assert sources
    for path in sources:
        text = path.read_text(encoding="utf-8")
        for way in ("{@html", "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "srcdoc"):
            assert way not in text, (path, way)


CONTROLS = "\x1b]52;c;cHduZWQ=\x07\x1b[2J\x9b31m\x7f\u202e4pm.exe[/red]"
"""Sets the clipboard, clears the screen, colors what follows, turns the order around; Rich's markup."""
SHOWN = r"\x1b]52;c;cHduZWQ=\x07\x1b[2J\x9b31m\x7f\u202e4pm.exe[/red]"


def test_a_terminal_obeys_no_name(hostile: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    film = tmp_path / f"{CONTROLS.replace('/', '-')}.mp4"
    film.write_bytes(hostile.read_bytes())
    assert run(["probe", str(film)]) == 0
    assert run(["probe", str(film), "--json"]) == 0
    assert run(["probe", str(film.with_suffix(".avi"))]) != 0
    assert run(["export", str(film)]) != 0
    told = "".join(capsys.readouterr())
    assert not [character for character in told if character < " " and character != "\n"]
    assert not set(told) & set("\x7f\x9b\u202e")
    assert SHOWN.replace("/", "-") in told.replace("\n", "")


def test_neither_do_columns_titles_and_progress(capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    print_table(CONTROLS, [CONTROLS], [[CONTROLS]])
    assert capsys.readouterr().out.split() == [SHOWN] * 3
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    write_rows(pa.table({"name": [CONTROLS]}), "csv", None)
    assert capsys.readouterr().out.split() == ["name", SHOWN]
    output = io.StringIO()
    monkeypatch.setattr(terminal, "MESSAGES", Console(file=output, force_terminal=True, width=200))
    with progress_bars() as listen:
        listen(Progress("look", 0.5, CONTROLS))
    assert SHOWN in output.getvalue()
    assert CONTROLS[:4] not in output.getvalue()
