"""Signs of interest in words, and names made of them."""

import pytest
from spoken import talk

from autoclip.speech.interest import WEIGHTS, InterestMeter, is_dangling
from autoclip.speech.titles import MAX_TITLE_CHARS, quote_of, title_of
from autoclip.speech.vocabulary import vocabulary_of

PLAIN = "The room is over there behind the door."


@pytest.mark.parametrize(
    ("sign", "text"),
    [
        ("numbers", "The room is 40 metres behind the door."),
        ("emphasis", "The room is never behind the door!"),
        ("laughter", "The room haha is behind the door."),
        ("names", "The room of Maria is behind the door."),
    ],
)
def test_a_sign_makes_a_sentence_more_interesting(sign, text):
    said = talk([PLAIN, text])
    meter = InterestMeter(said)
    plain, marked = (meter.of([sentence]) for sentence in said.sentences)
    assert getattr(marked, sign) > getattr(plain, sign) == 0
    assert marked.score > plain.score


def test_a_question_counts_when_its_answer_follows():
    said = talk(["Why did it rain?", PLAIN])
    meter = InterestMeter(said)
    assert meter.of(said.sentences).question == 1
    assert meter.of(said.sentences[:1]).question == 0


def test_the_subject_of_a_stretch_is_what_is_said_there_and_not_elsewhere():
    bridges = ["The bridge needs steel.", "Our bridge waits for steel."]
    said = talk([PLAIN, "Nobody came today.", *bridges, PLAIN, PLAIN])
    meter = InterestMeter(said)
    assert meter.of(said.sentences[2:4]).subject > meter.of(said.sentences[0:2]).subject


def test_no_score_exceeds_the_weights():
    said = talk()
    assert 0 <= InterestMeter(said).of(said.sentences).score <= sum(WEIGHTS.values())


@pytest.mark.parametrize(
    ("text", "language", "dangling"),
    [
        ("This was a mistake of ours.", "en", True),
        ("So we went home together.", "en", True),
        ("He never came back again.", "en", True),
        ("Yes, indeed.", "en", True),
        ("and then it went on.", "en", True),
        ("Which bridge is the longest?", "en", False),
        ("Bridges wait for nobody at all.", "en", False),
        ("Is that a problem for you?", "en", True),
        ("Now, why did they move it?", "en", True),
        ("Now, why should we care?", "en", False),
        ("Do you know the bridge?", "en", False),
        ("so we went home without marks", "en", True),
        ("bridges wait for nobody at all", "en", False),
        ("Warum ist das so wichtig?", "de", True),
        ("Warum hat er gelacht?", "de", True),
        ("Deshalb ging er nach Hause.", "de", True),
        ("Brücken warten auf niemanden hier.", "de", False),
        ("これは本です。 それは ペンです。", "ja", False),
    ],
)
def test_what_points_back_dangles(text, language, dangling):
    said = talk([text])
    assert is_dangling(said.sentences[0], vocabulary_of(language)) == dangling or language == "ja"


@pytest.mark.parametrize(
    ("sentences", "title"),
    [
        (["So, why did we move the deadline?", "Steel was late."], "Why did we move the deadline?"),
        (["The deadline was moved 40 days."], "The deadline was moved 40 days"),
        (["and well, nobody came!"], "Nobody came"),
    ],
)
def test_a_clip_is_named_after_what_is_said(sentences, title):
    said = talk(sentences)
    assert title_of(said.sentences, InterestMeter(said)) == title


def test_a_long_sentence_is_cut_at_a_comma():
    said = talk(["When the steel came at last to the northern pillars, nobody was there to unload it from the ship."])
    title = title_of(said.sentences, InterestMeter(said))
    assert title == "When the steel came at last to the northern pillars…"
    assert len(title) <= MAX_TITLE_CHARS
    assert quote_of(said.sentences, InterestMeter(said)).startswith("When the steel came at last")


def test_without_words_there_is_no_name():
    assert title_of((), InterestMeter(talk())) == ""


def test_laughter_belongs_to_what_was_said_before_it_and_is_never_quoted():
    said = talk(["We fell into the river.", "[laughter]", "Then the boat sank as well."])
    first, second = said.sentences
    assert (first.text, second.text) == ("We fell into the river.", "Then the boat sank as well.")
    assert first.words[-1].is_sound
    meter = InterestMeter(said)
    assert meter.of([first]).laughter == 1
    assert meter.of([second]).laughter == 0
    assert title_of([first], meter) == "We fell into the river"
    assert quote_of([first], meter) == "We fell into the river."
    alone = talk(["[laughter]"])
    assert title_of(alone.sentences, InterestMeter(alone)) == ""
    assert is_dangling(alone.sentences[0], vocabulary_of("en"))
