"""Silence is taken out by words, and without words by the sound."""

import pytest
from spoken import features_of, talk

from autoclip.errors import ParameterError
from autoclip.settings import ExportSettings, ExtractionSettings
from autoclip.timeline import Interval
from stages.tighten_clips import removals_of, tightening_of
from storage.analysis_folder import AnalysisFolder
from storage.features import Origin
from storage.transcripts import StoredTranscript

SAID = talk()
FEATURES = features_of(SAID)
WHOLE = Interval(0.5, 20.0)
PAUSES = ExportSettings(tighten_sec=0.5)


@pytest.fixture
def folder(tmp_path):
    made = AnalysisFolder(tmp_path)
    made.write_features(FEATURES, Origin("content", ExtractionSettings(), 1))
    return made


def test_without_words_the_pauses_of_the_sound_go(folder):
    by_sound = removals_of(folder, [WHOLE], PAUSES)
    folder.write_transcript(StoredTranscript(SAID, "words", (WHOLE,), "content"))
    by_words = removals_of(folder, [WHOLE], PAUSES)
    assert len(by_sound) == len(by_words) > 2
    for heard, said in zip(by_sound, by_words, strict=True):
        assert heard.interval.start == pytest.approx(said.interval.start, abs=0.15)
        assert heard.interval.end == pytest.approx(said.interval.end, abs=0.15)


def test_no_sentence_is_cut_by_the_pauses_of_the_sound(folder):
    (found,) = tightening_of(folder, [WHOLE], PAUSES)
    middles = [(word.start_sec + word.end_sec) / 2 for word in SAID.words]
    gone = [removal.interval for removal in found.removed]
    assert not [at for at in middles if any(span.start < at < span.end for span in gone)]


@pytest.mark.parametrize("settings", [{"tighten_fillers": True}, {"tighten_sec": 0.5, "captions": "plain"}])
def test_fillers_and_captions_need_words(folder, settings):
    with pytest.raises(ParameterError, match="no transcript"):
        tightening_of(folder, [WHOLE], ExportSettings(**settings))


def test_without_an_analysis_nothing_is_known(tmp_path):
    with pytest.raises(ParameterError, match="no transcript"):
        tightening_of(AnalysisFolder(tmp_path), [WHOLE], PAUSES)
