"""Record the matches that the choice of highlights was developed on, and vary them.

``python -m benchmarks.development_set FOLDER --recorder record_match.py --python VENV/bin/python`` fills FOLDER with
pairs of MP4 and JSON (the truth, as the game engine reports it). VENV holds PyPI's vizdoom and numpy; without OpenAL
(`apt-get install libopenal1`) the engine is silent. espeak-ng speaks for the commentator; the music is synthesized.
What is already there stays.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from imageio_ffmpeg import get_ffmpeg_exe
from numpy.typing import NDArray

RATE = 44_100

LINES = (
    "And here we go, the round is on.",
    "He is looking for a way around the corner.",
    "Careful now, there is somebody on the upper floor.",
    "That is a lot of damage, can he hold it?",
    "We have seen this a hundred times this season.",
    "Oh, what a shot! Unbelievable!",
    "Let me tell you about the first time that we met these two.",
    "No, no, no! He is out of ammunition.",
    "They take their time, and why not.",
    "Look at the map, look at where everybody stands.",
    "Thank you for watching, remember to leave a comment.",
    "This is what the people came to see.",
)
"""What the commentator says, in random order and whatever happens: speech that knows nothing of the events."""

CHORDS = ((220.0, 261.63, 329.63), (174.61, 220.0, 261.63), (261.63, 329.63, 392.0), (196.0, 246.94, 293.66))
"""A minor, F, C and G: the progression of countless songs."""

BEATS_PER_MINUTE = 124


@dataclass(frozen=True, slots=True)
class Match:
    """One match to record: the recorder's seed, length in seconds and style."""

    seed: int
    seconds: int
    style: str


@dataclass(frozen=True, slots=True)
class Variation:
    """How a recording is changed.

    Attributes
    ----------
    name : str
        Added to the file's name.
    gain_db : float
        Added to the level of the game's sound.
    added : str
        Sound that is mixed in: ``voice``, ``music`` or none.
    size : str
        Width and height as ffmpeg's scale filter takes them; empty keeps them.
    rate : int
        Frames a second; 0 keeps them.
    """

    name: str
    gain_db: float = 0.0
    added: str = ""
    size: str = ""
    rate: int = 0


MATCHES = tuple(
    Match(3101 + index, seconds, style)
    for index, (seconds, style) in enumerate(
        (
            *((300, "paced"), (240, "fight"), (300, "paced"), (180, "fight"), (420, "paced"), (300, "fight")),
            *((240, "paced"), (300, "paced"), (180, "paced"), (300, "fight"), (360, "paced"), (240, "fight")),
            *((300, "paced"), (300, "fight"), (240, "paced"), (420, "fight"), (300, "paced"), (300, "fight")),
            *((240, "paced"), (300, "paced"), (300, "fight"), (300, "paced"), (300, "fight"), (300, "paced")),
        )
    )
)

VARIATIONS = (
    Variation("voice", -6.0, "voice"),
    Variation("music", -6.0, "music"),
    Variation("quiet", -20.0, size="426:240"),
    Variation("loud", 8.0, rate=30),
    Variation("voice_large", 0.0, "voice", size="960:540"),
    Variation("music_slow", -3.0, "music", rate=25),
)
"""Every second match is varied, by these in turn."""


def main(arguments: Sequence[str]) -> int:
    """Record and vary everything that does not exist yet."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.development_set", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--recorder", type=Path, required=True, help="record_match.py")
    parser.add_argument("--python", type=Path, default=Path(sys.executable), help="a Python that has vizdoom")
    options = parser.parse_args(arguments)
    options.folder.mkdir(parents=True, exist_ok=True)
    for index, match in enumerate(MATCHES):
        video = record(match, options.folder, options.recorder.resolve(), options.python)
        if index % 2:
            vary(video, VARIATIONS[index // 2 % len(VARIATIONS)], match.seed)
    return 0


def record(match: Match, folder: Path, recorder: Path, python: Path) -> Path:
    """Record a match unless it is there; return its video."""
    video = folder.resolve() / f"m{match.seed}.mp4"
    truth = video.with_suffix(".json")
    if not truth.exists():
        command = [python, recorder, video, match.seconds, match.seed, match.style, truth]
        subprocess.run([str(part) for part in command], check=True, cwd=folder)
    return video


def vary(video: Path, variation: Variation, seed: int) -> Path:
    """Make the varied copy of a recording and of its truth unless it is there; return its video."""
    varied = video.with_name(f"{video.stem}-{variation.name}.mp4")
    truth = json.loads(video.with_suffix(".json").read_text())
    if varied.with_suffix(".json").exists():
        return varied
    sound = varied.with_suffix(".wav")
    added = added_sound(variation.added, truth["frames"] / truth["fps"], seed, varied.parent)
    _write_wave(sound, added)
    _encode(video, sound, varied, variation)
    sound.unlink()
    varied.with_suffix(".json").write_text(json.dumps(at_rate(truth, variation.rate or truth["fps"])))
    return varied


def at_rate(truth: dict[str, object], rate: float) -> dict[str, object]:
    """Return a truth with its frames counted at another rate."""
    factor = rate / float(str(truth["fps"]))
    cuts = [int(np.ceil(frame * factor - 1e-6)) for frame in np.array(truth["cuts_frames"])]
    return {**truth, "fps": rate, "frames": round(float(str(truth["frames"])) * factor), "cuts_frames": cuts}


def added_sound(kind: str, seconds: float, seed: int, folder: Path) -> NDArray[np.float64]:
    """Return the sound to mix in, shape ``(n,)``, full scale = 1: a commentator, music, or silence."""
    random = np.random.default_rng(seed)
    if kind == "voice":
        return _voice(random, seconds, folder)
    return _music(random, seconds) if kind == "music" else np.zeros(round(seconds * RATE))


def _voice(random: np.random.Generator, seconds: float, folder: Path) -> NDArray[np.float64]:
    """Sentences with pauses of 0.3 to 5 s, each in its own pitch, speed and level."""
    track = np.zeros(round(seconds * RATE))
    at = random.uniform(0, 3)
    while at < seconds:
        said = _speak(str(random.choice(LINES)), random, folder) * random.uniform(0.4, 1.0)
        start = round(at * RATE)
        track[start : start + said.size] += said[: max(0, track.size - start)]
        at += said.size / RATE + random.uniform(0.3, 5.0)
    return track * 0.35


def _speak(text: str, random: np.random.Generator, folder: Path) -> NDArray[np.float64]:
    path = folder / f"speech-{random.integers(1 << 40):x}.wav"
    pitch, speed = int(random.integers(25, 70)), int(random.integers(140, 220))
    subprocess.run(["espeak-ng", "-v", "en", "-p", str(pitch), "-s", str(speed), "-w", str(path), text], check=True)
    with wave.open(str(path)) as file:
        rate, samples = file.getframerate(), np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768
    path.unlink()
    return np.interp(np.arange(0, samples.size, rate / RATE), np.arange(samples.size), samples)


def _music(random: np.random.Generator, seconds: float) -> NDArray[np.float64]:
    """A loop of four chords with drums, in parts of eight bars that differ in level and in what plays."""
    time = np.arange(round(seconds * RATE)) / RATE
    beat = time * BEATS_PER_MINUTE / 60
    chord = (beat // 4).astype(int) % len(CHORDS)
    tones = np.array(CHORDS)[chord]
    pad = sum(np.sign(np.sin(2 * np.pi * tones[:, voice] * time)) for voice in range(3)) * 0.05
    phase = (beat % 1) * 60 / BEATS_PER_MINUTE
    kick = np.sin(2 * np.pi * 55 * phase) * np.exp(-phase * 12) * 0.5
    hat = random.standard_normal(time.size) * np.exp(-((beat * 2 % 1) * 20)) * 0.08
    part = (beat // 32).astype(int)
    parts = int(part[-1]) + 1
    level, drums = random.uniform(0.25, 1.0, parts), random.random(parts) < 0.7
    return np.asarray((pad + (kick + hat) * drums[part]) * level[part] * 0.5)


def _write_wave(path: Path, samples: NDArray[np.float64]) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())


def _encode(video: Path, sound: Path, varied: Path, variation: Variation) -> None:
    mix = f"[0:a]volume={variation.gain_db}dB[game];[1:a]aformat=channel_layouts=stereo[more]"
    mix += ";[game][more]amix=inputs=2:duration=first:normalize=0,alimiter=level=0[mixed]"
    steps = [f"scale={variation.size}"] if variation.size else []
    steps += [f"fps={variation.rate}"] if variation.rate else []
    again = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "27"]
    picture = ["-vf", ",".join(steps), *again] if steps else ["-c:v", "copy"]
    parts = ["-i", video, "-i", sound, "-filter_complex", mix, "-map", "0:v", "-map", "[mixed]", *picture]
    parts += ["-c:a", "aac", "-b:a", "96k", varied]
    subprocess.run([get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y", *(str(part) for part in parts)], check=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
