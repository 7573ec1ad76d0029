"""Moments are found by what was said, whatever the case, accents or inflection, and over what changed meanwhile."""

import sqlite3

import pytest

from autoclip.errors import ParameterError
from autoclip.speech.corrections import Correction
from autoclip.speech.search_terms import folded, match_expression
from autoclip.speech.transcript import Transcript, spread
from autoclip.timeline import Interval
from stages.find_speech import INDEX_NAME, SearchPlace, find_speech
from stages.spoken_words import correct
from storage.analysis_folder import AnalysisFolder
from storage.transcripts import StoredTranscript, write_transcript

SAID = {
    "english": "We moved the deadlines. Nobody had noticed the résumé on my desk.",
    "german": "Größere Städte brauchen bessere Züge. Die Entscheidung fiel in der Straße.",
    "japanese": "今日はとても良い天気ですね。 明日はどこへ行きましょうか。",
    "arabic": "مرحبا بكم في هذا الدرس. اليوم سنتحدث عن المدينة.",
    "irregular": "She ran to Tromsø. The children’s œuvre pleased Łucja.",
}


def place(root, name, text):
    folder = AnalysisFolder(root / name)
    folder.features.mkdir(parents=True, exist_ok=True)
    words = spread(text, 10.0, 10.0 + 0.5 * len(text.split()))
    stored = StoredTranscript(Transcript(words, None, "test"), f"key of {text}", (Interval(0, 60),), "content")
    write_transcript(folder.features, stored)
    return SearchPlace(folder, name)


@pytest.fixture
def places(tmp_path):
    return [place(tmp_path, name, text) for name, text in SAID.items()]


@pytest.mark.parametrize(
    ("words", "name", "sentence"),
    [
        ("deadline", "english", "We moved the deadlines."),
        ("DEADLINES move", "english", "We moved the deadlines."),
        ("moving", "english", "We moved the deadlines."),
        ("resume", "english", "Nobody had noticed the résumé on my desk."),
        ('"on my desk"', "english", "Nobody had noticed the résumé on my desk."),
        ("stadt", "german", "Größere Städte brauchen bessere Züge."),
        ("STÄDTEN", "german", "Größere Städte brauchen bessere Züge."),
        ("entscheidungen", "german", "Die Entscheidung fiel in der Straße."),
        ("strasse", "german", "Die Entscheidung fiel in der Straße."),
        ("天気", "japanese", "今日はとても良い天気ですね。"),
        ("المدينة", "arabic", "اليوم سنتحدث عن المدينة."),
        ("running", "irregular", "She ran to Tromsø."),
        ("TROMSO", "irregular", "She ran to Tromsø."),
        ("child's", "irregular", "The children’s œuvre pleased Łucja."),
        ("oeuvres lucja", "irregular", "The children’s œuvre pleased Łucja."),
    ],
)
def test_words_are_found_in_their_sentence(tmp_path, places, words, name, sentence):
    found = find_speech(words, places, tmp_path)
    assert found.searched == len(SAID)
    told = [(moment.place.name, moment.text) for moment in found.moments]
    assert told == ([(name, sentence)] if sentence else [])


@pytest.mark.parametrize("words", ['"desk my on"', "deadline desk", "nowhere", "天候"])
def test_what_was_not_said_is_not_found(tmp_path, places, words):
    assert find_speech(words, places, tmp_path).moments == ()


@pytest.mark.parametrize("words", ['" OR "', "a' OR 1=1 --", "NEAR(", "text:", "AND", "*", "^x", "(((", 'x"y', "{a}"])
def test_nothing_that_is_typed_is_read_as_syntax(tmp_path, places, words):
    try:
        assert find_speech(words, places, tmp_path).moments == ()
    except ParameterError as error:
        assert "no word" in str(error)  # noqa: PT017


def test_a_search_without_words_is_refused(tmp_path, places):
    with pytest.raises(ParameterError, match="no word to search for"):
        find_speech("?!", places, tmp_path)
    with pytest.raises(ParameterError, match="at most"):
        find_speech("x" * 600, places, tmp_path)


def test_a_new_analysis_and_a_correction_are_found_at_once(tmp_path, places):
    assert find_speech("fox", places, tmp_path).moments == ()
    again = place(tmp_path, "english", "A quick brown folks jumps over it.")
    assert [m.text for m in find_speech("folks", [again], tmp_path).moments] == ["A quick brown folks jumps over it."]
    assert find_speech("deadlines", places, tmp_path).moments == ()
    heard = again.folder.read_transcript().transcript.words[3]
    correct(again.folder, [Correction(heard.start_sec, heard.end_sec, "fox")])
    assert [m.text for m in find_speech("fox", [again], tmp_path).moments] == ["A quick brown fox jumps over it."]
    assert find_speech("folks", [again], tmp_path).moments == ()


def test_only_the_places_that_are_named_are_searched(tmp_path, places):
    find_speech("deadlines", places, tmp_path)
    assert find_speech("deadlines", places[1:], tmp_path).moments == ()
    silent = SearchPlace(AnalysisFolder(tmp_path / "silent"), "silent")
    assert find_speech("deadlines", [silent], tmp_path).searched == 0


@pytest.mark.parametrize("damage", [b"this is no database at all" * 50, b""])
def test_a_damaged_index_is_made_anew(tmp_path, places, damage):
    find_speech("deadlines", places, tmp_path)
    (tmp_path / INDEX_NAME).write_bytes(damage)
    assert len(find_speech("deadlines", places, tmp_path).moments) == 1


def test_an_index_of_another_version_is_made_anew(tmp_path, places):
    with sqlite3.connect(tmp_path / INDEX_NAME) as connection:
        connection.execute("CREATE TABLE sentences (other)")
        connection.execute("PRAGMA user_version = 99")
    assert len(find_speech("deadlines", places, tmp_path).moments) == 1


def test_a_clip_of_a_moment_is_named_after_it_and_lies_in_the_video(tmp_path, places):
    (moment,) = find_speech("deadlines", places, tmp_path).moments
    clip = moment.clip(60.0)
    assert clip.name == "We moved the deadlines."
    assert clip.start == pytest.approx(moment.interval.start - 0.3)
    assert clip.end == pytest.approx(moment.interval.end + 0.3)
    assert moment.clip(60.0).id == clip.id
    assert moment.clip(moment.interval.end).end == moment.interval.end


def test_folding_keeps_syllables_apart_and_letters_together():
    assert folded("Straße CAFÉ") == "strasse cafe"
    assert folded("がか").split() == ["が", "か"]
    assert match_expression('deadlines "on my desk" is') == '("deadlines" OR "deadlin" *) AND "on my desk" AND "is"'
