"""People count, not messages; the reaction stands out of its surroundings; the delay is found where there is one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoclip.chat.activity import chat_activity
from autoclip.chat.messages import ChatMessage, chat_log
from autoclip.chat.reaction import DEFAULT_DELAY_SEC, estimate_delay, reaction, times_usual
from autoclip.timeline import Grid

GRID = Grid(0.5, 240)


def test_a_spammer_counts_once_and_a_crowd_counts_as_many():
    spam = [ChatMessage(10 + n / 4, "one", "hahaha") for n in range(30)]
    crowd = [ChatMessage(60 + n / 10, f"viewer {n}", "wwww") for n in range(30)]
    activity = chat_activity(chat_log(spam + crowd), GRID)
    assert activity.messages.sum() == 60
    assert activity.chatters[:80].sum() == 1
    assert activity.laughter[:80].sum() == 1
    assert activity.laughter[120:].sum() == 30
    assert activity.repeats[120:].sum() == 29


def test_messages_outside_the_video_do_not_count():
    log = chat_log([ChatMessage(time, str(time), "hey") for time in (-1.0, 0.0, 119.9, 120.0, 500.0)])
    assert chat_activity(log, GRID).messages.sum() == 2
    assert chat_activity(log.shifted(1.0), GRID).messages[:3].tolist() == [1, 0, 1]


@given(st.lists(st.tuples(st.floats(0, 119), st.sampled_from("abc"), st.sampled_from(["lol", "hahaaa"])), max_size=60))
def test_no_kind_of_voice_exceeds_the_messages(rows):
    activity = chat_activity(chat_log(ChatMessage(*row) for row in rows), GRID)
    assert activity.messages.sum() == len(rows)
    for kind in (activity.chatters, activity.laughter, activity.repeats):
        assert kind.shape == (240,)
        assert (kind <= activity.messages).all()


def test_a_burst_stands_out_and_an_even_chat_does_not():
    even = np.full(7200, 0.5, np.float32)
    assert np.abs(reaction(even, 0.5)[:-60]).max() < 7
    burst = even.copy()
    burst[4000:4040] += 3
    z = reaction(burst, 0.5)
    assert 3960 <= int(z.argmax()) <= 4000
    assert times_usual(burst, 0.5)[3990] > 3


def test_a_silent_chat_reacts_to_nothing():
    assert reaction(np.zeros(100, np.float32), 0.5).max() <= 0
    assert reaction(np.zeros(0, np.float32), 0.5).size == 0


@pytest.mark.parametrize("delay", [0.0, 6.0, 20.0])
def test_the_delay_between_moment_and_chat_is_found(delay):
    random = np.random.default_rng(1)
    excitement = np.zeros(4000, np.float32)
    excitement[random.choice(3900, 25, replace=False)] = 5
    counts = random.poisson(np.roll(np.convolve(excitement, np.ones(12), "same"), round(delay / 0.5)) + 0.2)
    assert estimate_delay(excitement, counts.astype(np.float32), 0.5) == pytest.approx(delay, abs=2)


def test_without_a_common_rhythm_the_default_delay_stands():
    random = np.random.default_rng(2)
    noise = random.standard_normal(4000).astype(np.float32)
    assert estimate_delay(noise, random.poisson(1.0, 4000).astype(np.float32), 0.5) == DEFAULT_DELAY_SEC
