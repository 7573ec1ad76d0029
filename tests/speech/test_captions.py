"""Captions hold every word once, keep the broadcasters' limits, break by meaning and come back from their files."""

import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autoclip.errors import MediaError
from autoclip.speech.caption_files import caption_text, read_captions
from autoclip.speech.captions import CaptionLimits, cues_between, make_cues
from autoclip.speech.cut_words import PlacedCut, cut_transcript, place_cuts
from autoclip.speech.line_breaks import width_of
from autoclip.speech.transcript import Transcript, Word, joined, spread
from autoclip.timeline import Interval

GERMAN = "Größere Städte brauchen bessere Züge, und über die Überführung müssen wir nicht länger streiten."
JAPANESE = "今日はとても良い天気ですね。明日はどこへ行きましょうか、それとも家で静かに本を読みましょうか。"
ARABIC = "مرحبا بكم في هذا الدرس، اليوم سنتحدث عن تاريخ المدينة القديمة. هل أنتم مستعدون؟"


def said(text, start=0.0, seconds_a_word=0.3):
    words = text.split()
    return Transcript(spread(text, start, start + seconds_a_word * len(words)), None, "test")


def lines_of(text, **options):
    return [cue.texts for cue in make_cues(said(text), CaptionLimits(**options))]


times = st.tuples(st.floats(0, 1.5), st.floats(0.02, 0.8))
texts = st.text(st.characters(categories=("L", "N", "P")), min_size=1, max_size=60)


@st.composite
def transcripts(draw):
    at, words = draw(st.floats(0, 30)), []
    for pause, length in draw(st.lists(times, min_size=1, max_size=40)):
        at += pause if pause > 0.4 else 0.0
        words.append(Word(at, at + length, draw(texts)))
        at += length
    return Transcript(tuple(words), None, "test")


@settings(max_examples=60)
@given(transcripts())
def test_every_word_is_shown_once_in_order_within_the_limits(transcript):
    cues = make_cues(transcript)
    shown = "".join(word.text for cue in cues for word in cue.words)
    assert shown == "".join(word.text for word in transcript.words)
    for cue in cues:
        assert 1 <= len(cue.lines) <= 2
        assert all(width_of(text) <= 42 for text in cue.texts)
        assert cue.start_sec == round(cue.words[0].start_sec, 3)
    for earlier, later in itertools.pairwise(cues):
        assert earlier.end_sec <= later.start_sec


@settings(max_examples=60)
@given(transcripts())
def test_a_cue_is_read_in_time_where_the_next_leaves_room(transcript):
    cues = make_cues(transcript)
    for cue, following in itertools.zip_longest(cues, cues[1:]):
        room = (following.start_sec if following else 1e9) - cue.start_sec - 2 / 24
        needed = min(max(5 / 6, sum(map(width_of, cue.texts)) / 17), 7)
        assert cue.end_sec - cue.start_sec >= min(room, needed) - 0.002


def test_lines_break_where_the_meaning_does():
    assert lines_of("We moved the deadline to next Friday because the parts from Taiwan came late.") == [
        ("We moved the deadline to next Friday", "because the parts from Taiwan came late.")
    ]
    assert lines_of("I would not say that the man in the corner has ever told us the truth.") == [
        ("I would not say that the man", "in the corner has ever told us the truth.")
    ]


def test_a_sentence_of_its_own_gets_a_cue_of_its_own():
    found = lines_of("The first run failed on Monday morning. Nobody had looked at the disk that day.")
    assert found == [("The first run failed on Monday morning.",), ("Nobody had looked at the disk that day.",)]


def test_silence_ends_a_cue():
    first, second = said("We wait now", 0.0), said("and go on.", 6.0)
    cues = make_cues(Transcript((*first.words, *second.words), "en", "test"))
    assert [cue.texts for cue in cues] == [("We wait now",), ("and go on.",)]
    assert cues[0].end_sec < 1.5
    assert cues[1].start_sec == 6.0


@pytest.mark.parametrize(("text", "longest"), [(GERMAN, 42), (JAPANESE, 13), (ARABIC, 42)])
def test_languages_keep_their_own_limits(text, longest):
    found = lines_of(text)
    assert all(width_of(line) <= longest for lines in found for line in lines)
    assert "".join("".join(lines) for lines in found).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize("longest", [12, 20])
def test_words_of_scripts_with_spaces_stay_whole_on_short_lines(longest):
    found = lines_of(f"Über eine Geschwindigkeitsbegrenzung reden wir morgen. {ARABIC}", chars_per_line=longest)
    lines = [line for lines in found for line in lines]
    assert "Geschwindigkeitsbegrenzung" in lines
    assert all(width_of(line) <= longest for line in lines if " " in line)
    assert max(width_of(line) for lines in lines_of(JAPANESE, chars_per_line=9) for line in lines) <= 9
    assert all(
        width_of(line) <= 42 for lines in lines_of(f"See https://{'x' * 80}", chars_per_line=20) for line in lines
    )


def test_japanese_lines_break_between_phrases():
    said_at_once = "なぜ私たちは高速道路で速度制限を必要とするのでしょうか？「その通りです」と市長は言いました。"
    assert lines_of(said_at_once, chars_per_line=20) == [
        ("なぜ私たちは",),
        ("高速道路で速度制限を", "必要とするのでしょうか？"),
        ("「その通りです」と", "市長は言いました。"),
    ]


def test_japanese_lines_never_start_with_a_closing_mark():
    for lines in lines_of(JAPANESE + "ちょっと、" * 12):
        assert all(line[0] not in "。、」ょっ" for line in lines)


@pytest.mark.parametrize("text", [GERMAN, JAPANESE, ARABIC, "a < b & {c} \\Next", "<b>bold</b> claim --> here"])
@pytest.mark.parametrize("wanted", ["srt", "vtt"])
def test_files_come_back_as_they_were_to_the_millisecond(tmp_path, text, wanted):
    transcript = said(text, 3661.2345)
    path = tmp_path / f"captions.{wanted}"
    path.write_text(caption_text(transcript, wanted), encoding="utf-8")
    cues, back = make_cues(transcript), read_captions(path)
    assert [(word.start_sec, word.end_sec) for word in back] == [(cue.start_sec, cue.end_sec) for cue in cues]
    if "{" not in text and "<" not in text:
        assert [word.text for word in back] == [" ".join(cue.texts) for cue in cues]


def test_json_tells_every_word():
    transcript = Transcript((Word(0.1234, 0.5678, "Why?", 0.5),), "en", "test")
    document = json.loads(caption_text(transcript, "json"))
    assert document["words"] == [
        {"start_sec": 0.123, "end_sec": 0.568, "text": "Why?", "confidence": 0.5, "estimated": False}
    ]
    assert document["cues"][0]["lines"] == ["Why?"]
    assert document["language"] == "en"


def test_what_is_no_subtitle_file_is_refused(tmp_path):
    (tmp_path / "a.srt").write_bytes(b"\x00\x01 nothing of the kind")
    with pytest.raises(MediaError, match="holds no subtitles"):
        read_captions(tmp_path / "a.srt")
    with pytest.raises(MediaError, match="can't be read"):
        read_captions(tmp_path / "missing.srt")


def test_a_clip_has_its_own_words_at_its_own_time():
    transcript = said("zero one two three four five six seven eight nine", 10.0, 1.0)
    (cut,) = place_cuts([(transcript, Interval(12.0, 15.5))])
    found = cut_transcript([cut])
    first, *_, last = found.words
    assert joined(found.words).startswith("two") or joined(found.words).startswith("one")
    assert first.start_sec >= 0.0
    assert last.end_sec <= 3.5
    by_text = {word.text: word for word in transcript.words}
    for word in found.words[1:-1]:
        assert word.start_sec == pytest.approx(by_text[word.text].start_sec - 12.0, abs=1e-9)


def test_a_compound_has_the_words_of_its_items_one_behind_the_other():
    first, second = said("alpha beta gamma delta", 0.0, 1.0), said("one two three four", 100.0, 1.0)
    cuts = place_cuts([(first, Interval(0.0, 4.0)), (second, Interval(100.0, 104.0))], crossfade_sec=0.5)
    assert [cut.at_sec for cut in cuts] == [0.0, 3.5]
    found = cut_transcript(cuts)
    assert joined(found.words) == "alpha beta gamma delta one two three four"
    assert all(a.end_sec <= b.start_sec + 1e-9 for a, b in itertools.pairwise(found.words))
    two = next(word for word in found.words if word.text == "two")
    assert two.start_sec == pytest.approx(3.5 + second.words[1].start_sec - 100.0)


def test_an_item_nobody_knows_the_words_of_is_silent():
    found = cut_transcript([PlacedCut(None, Interval(0, 4)), PlacedCut(said("hello"), Interval(0, 4), 4.0)])
    assert joined(found.words) == "hello"
    assert found.words[0].start_sec == 4.0
    assert cut_transcript([PlacedCut(None, Interval(0, 4))]).words == ()


def test_a_part_of_the_cues_is_counted_from_its_start():
    words = ["One", "two", "three.", "Four", "five", "six", "seven.", "Eight", "nine", "ten."]
    cues = make_cues(Transcript(tuple(Word(at, at + 0.9, word) for at, word in enumerate(words)), "en", "test"))
    part = cues_between(cues, 2.0, 6.5)
    assert part[0].start_sec == 0.0
    assert max(cue.end_sec for cue in part) <= 4.5
    assert [cue.texts for cue in part] == [cue.texts for cue in cues[:2]]
