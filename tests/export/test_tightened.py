"""Silence is taken out of an export at the frame, picture and sound in step."""

import pytest
from made_media import look_at

from autoclip.errors import ParameterError
from autoclip.export.compound.render import SourceSpan
from autoclip.export.tightened import export_tightened, export_tightened_compound
from autoclip.settings import ExportSettings
from autoclip.speech.transcript import Transcript, Word
from autoclip.timeline import Interval

# A flash and a beep at each second: words lie on those of seconds 2, 3, 7 and 9, hesitations on 5.
TALK = Transcript(
    (
        *(Word(at - 0.4, at + 0.4, "word") for at in (2, 3)),
        Word(4.8, 5.4, "um,"),
        *(Word(at - 0.4, at + 0.4, "word") for at in (7, 9)),
    ),
    "en",
    "test",
)


@pytest.mark.parametrize("cut", ["exact", "smart"])
def test_pauses_go_and_what_is_left_is_in_step(tmp_path, source, cut):
    video, _ = source("constant.mp4")
    settings = ExportSettings(tighten_sec=1.0, cut=cut)
    result = export_tightened(video, Interval(1.0, 11.0), tmp_path / "clip.mp4", settings, transcript=TALK)
    removed = [(round(r.interval.start, 2), round(r.interval.end, 2)) for r in result.removed]
    assert removed == [(3.55, 4.65), (5.55, 6.45), (7.55, 8.45), (9.55, 11.0)]
    seen = look_at(result.path)
    kept = [(1.0, 3.55), (4.65, 5.55), (6.45, 7.55), (8.45, 9.55)]
    assert seen.numbers == [n for start, end in kept for n in range(round(start * 25), round(end * 25))]
    assert len(seen.flashes) >= 4
    assert seen.beeps == pytest.approx(seen.flashes, abs=0.02)
    assert "4 pauses taken out" in result.notes[0]


def test_fillers_go_on_request(tmp_path, source):
    video, _ = source("constant.mp4")
    settings = ExportSettings(tighten_fillers=True)
    result = export_tightened(video, Interval(4.0, 8.0), tmp_path / "clip.mp4", settings, transcript=TALK)
    assert [(r.reason, r.text) for r in result.removed] == [("filler", "um,")]
    assert 5 * 25 not in look_at(result.path).numbers


def test_items_of_a_compound_are_tightened_each(tmp_path, source):
    video, _ = source("constant.mp4")
    items = [SourceSpan(video, Interval(6.0, 10.0), TALK), SourceSpan(video, Interval(1.6, 3.4), TALK)]
    result = export_tightened_compound(items, tmp_path / "clip.mp4", ExportSettings(tighten_sec=1.0))
    assert len(result.removed) == 1
    numbers = look_at(result.path).numbers
    assert (numbers[0], numbers[-1]) == (150, 84)
    assert 200 not in numbers
    with pytest.raises(ParameterError, match="exclude one another"):
        export_tightened_compound(items, tmp_path / "x.mp4", ExportSettings(tighten_sec=1.0, crossfade_sec=0.5))


def test_without_a_transcript_it_is_refused(tmp_path, source):
    video, _ = source("constant.mp4")
    with pytest.raises(ParameterError, match="there is no transcript"):
        export_tightened(video, Interval(1, 3), tmp_path / "clip.mp4", ExportSettings(tighten_sec=1.0))
