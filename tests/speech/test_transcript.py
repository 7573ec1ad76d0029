"""Sentences hold every word once, in order; parts and shifts keep times true."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoclip.speech.transcript import Transcript, Word, is_finished, joined, spread


def words(text, pause_after=()):
    time, said = 0.0, []
    for word in text.split():
        said.append(Word(time, time + 0.3, word))
        time += 0.35 + (2.0 if word in pause_after else 0.0)
    return tuple(said)


def transcript(text, **options):
    return Transcript(words(text, **options), "en", "test")


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Why not? Because it works.", ["Why not?", "Because it works."]),
        ("Ask Dr. Who about it. He knows", ["Ask Dr. Who about it.", "He knows"]),
        ('He said "go!" and left.', ['He said "go!"', "and left."]),
        ("それは何ですか？ 本です。", ["それは何ですか？", "本です。"]),
        ("ما هذا؟ كتاب.", ["ما هذا؟", "كتاب."]),
        ("„Wer war es?“ Niemand sagte »Ich.« Also", ["„Wer war es?“", "Niemand sagte »Ich.«", "Also"]),
        ("「本です。」 「はい。」 何？", ["「本です。」", "「はい。」", "何？"]),
        ("At 5 p.m. the U.S. Senate met Sen. Cruz, d.h. z.B. him.", None),
    ],
)
def test_marks_end_sentences(text, sentences):
    assert [sentence.text for sentence in transcript(text).sentences] == (sentences or [text])


def test_a_long_pause_ends_a_sentence():
    found = transcript("so we stopped there then it went on", pause_after=("there",)).sentences
    assert [sentence.text for sentence in found] == ["so we stopped there", "then it went on"]


def test_a_question_is_known():
    question, answer = transcript("What now? We wait.").sentences
    assert question.is_question
    assert not answer.is_question
    assert all(each.is_question for each in transcript("„Wer?“ «Qui?» 「誰？」").sentences)
    assert transcript("").sentences == ()


@given(st.lists(st.sampled_from(["a", "b.", "c?", "Mr.", "d"]), max_size=30))
def test_sentences_hold_every_word_in_order(texts):
    script = transcript(" ".join(texts))
    assert tuple(word for sentence in script.sentences for word in sentence.words) == script.words


def test_parts_and_shifts():
    script = transcript("one two three four")
    part = script.between(0.35, 1.05)
    assert [word.text for word in part.words] == ["two", "three"]
    assert part.shifted(-0.35).words[0].start_sec == pytest.approx(0.0)


def test_scripts_without_spaces_are_joined_without():
    assert joined((Word(0, 1, "東京"), Word(1, 2, "へ"), Word(2, 3, "OK"))) == "東京へ OK"


@given(st.text(alphabet="ab ", min_size=1, max_size=40).filter(str.strip), st.floats(0, 100), st.floats(0.1, 10))
def test_spread_words_fill_the_subtitle(text, start, length):
    found = spread(text, start, start + length)
    assert " ".join(word.text for word in found) == " ".join(text.split())
    assert found[0].start_sec == pytest.approx(start)
    assert found[-1].end_sec == pytest.approx(start + length)
    assert all(a.end_sec == pytest.approx(b.start_sec) for a, b in itertools.pairwise(found))


@pytest.mark.parametrize(
    ("text", "finished"),
    [
        ("So it was.", True),
        ('"Why?"', True),
        ("So when I think of it, if...", False),
        ("And then…", False),
        ("And", False),
    ],
)
def test_only_a_mark_that_closes_a_sentence_finishes_it(text, finished):
    (sentence,) = transcript(text).sentences
    assert is_finished(sentence) == finished
