"""Talks with known words: a transcript, and features whose sound pauses where nobody speaks."""

import itertools

from made_features import Scene

from autoclip.speech.transcript import Transcript, Word
from autoclip.timeline import Interval

WORD_SEC, GAP_SEC, PAUSE_SEC = 0.32, 0.04, 0.6

TALK = """
Good morning everyone and welcome to the annual meeting of our club.
So we start with the usual remarks about the room and the coffee.
It is over there behind the second door on the left.
Why did we move the deadline of the bridge project?
The steel supplier lost two furnaces in March, and that cost us 40 days.
Without steel the northern bridge pillars could never carry the deck.
They told us that on a Friday evening.
And we had to call the mayor at once.
The mayor laughed and said that bridges wait for nobody.
Then we went home.
The second bridge taught us the most important lesson of all.
Concrete needs time, and nobody can buy time with money.
We measured the concrete every 3 hours for 28 days.
This was rather tedious for all of us.
But it worked.
""".strip().splitlines()


def talk(sentences=TALK, start_sec=1.0, confidence=0.9, repeat=1):
    """Speak sentences one after another; return the transcript."""
    time, words = start_sec, []
    for sentence in [*sentences] * repeat:
        for text in sentence.split():
            words.append(Word(time, time + WORD_SEC, text, confidence))
            time += WORD_SEC + GAP_SEC
        time += PAUSE_SEC
    return Transcript(tuple(words), "en", "test")


def features_of(transcript, duration_sec=None, **scene):
    """Return features in which there is sound where `transcript` has sentences."""
    sentences = transcript.sentences
    end = sentences[-1].end_sec
    pauses = [Interval(a.end_sec, b.start_sec) for a, b in itertools.pairwise(sentences)]
    made = Scene(duration_sec or end + 2.0, level_dbfs=-60.0, **scene)
    return made.speech(sentences[0].start_sec, end, pauses).features()


def words_cut(transcript, clips):
    """Return the words that an edge of a clip lies in."""
    edges = [edge for clip in clips for edge in (clip.start, clip.end)]
    return [w.text for edge in edges for w in transcript.words if w.start_sec + 1e-6 < edge < w.end_sec - 1e-6]
