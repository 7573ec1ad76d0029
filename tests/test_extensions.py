"""Broken packages of every group: one sentence that names the package, the reason, the way out."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from autoclip.errors import AutoclipError, ExportError, ParameterError
from autoclip.export.destinations import Delivery, deliver_file, describe_destinations, find_destination
from autoclip.export.framing.detection import detector_for
from autoclip.settings import ExportSettings, SpeechSettings
from autoclip.signals.plugins import AddedSignals, AudioSamples, VideoFrames
from autoclip.speech.transcribers import transcriber_for
from interfaces.cli.app import run

SPEECH, EXPORT = SpeechSettings(speech_transcriber="broken"), ExportSettings(subject_detector="broken")
SAMPLES = np.zeros(16_000, np.float32)


def deliver(path: Path) -> None:
    deliver_file("broken", Delivery(path, "Goal"), pause=lambda _: None)


LOADED: dict[str, Callable[[], object]] = {
    "autoclip.signals": AddedSignals,
    "autoclip.transcribers": lambda: transcriber_for(SPEECH),
    "autoclip.subject_detectors": lambda: detector_for(EXPORT),
    "autoclip.destinations": lambda: find_destination("broken"),
}
"""What loads a thing of each group."""

CALLED: dict[str, Callable[[Path], object]] = {
    "autoclip.signals hear": lambda _: AddedSignals().hear(AudioSamples(0.0, 16_000, SAMPLES[None])),
    "autoclip.signals see": lambda _: AddedSignals().see(VideoFrames(np.zeros(1), np.zeros((1, 2, 2), np.uint8))),
    "autoclip.signals series": lambda _: AddedSignals().series(None),  # type: ignore[arg-type]
    "autoclip.transcribers origin": lambda _: transcriber_for(SPEECH).origin,
    "autoclip.transcribers settings": lambda _: transcriber_for(SPEECH).settings,
    "autoclip.transcribers require": lambda _: transcriber_for(SPEECH).require(),
    "autoclip.transcribers transcribe": lambda _: transcriber_for(SPEECH).transcribe(SAMPLES, None, lambda _: None),
    "autoclip.subject_detectors require": lambda _: detector_for(EXPORT).require(),
    "autoclip.subject_detectors detect": lambda _: detector_for(EXPORT).detect(np.zeros((2, 2, 3), np.uint8)),
    "autoclip.destinations deliver": deliver,
}
"""What calls each method of each."""

WHOLE = """
class Made:
    unit, origin, settings = "", "broken 1.0", {}
    def __init__(self, *settings): pass
    def hear(self, audio): pass
    def see(self, frames): pass
    def series(self, features): pass
    def require(self): pass
    def transcribe(self, samples, language, on_progress): pass
    def detect(self, picture): return ()
    def deliver(self, delivery, on_progress): pass
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Install a package with an entry point ``broken`` of every group."""

    def installed(code: str) -> None:
        (tmp_path / "autoclip_broken.py").write_text(code)
        facts = tmp_path / "autoclip_broken-1.0.dist-info"
        facts.mkdir(exist_ok=True)
        (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: autoclip-broken\nVersion: 1.0\n")
        points = "".join(f"[{group}]\nbroken = autoclip_broken:Made\n" for group in LOADED)
        (facts / "entry_points.txt").write_text(points)
        monkeypatch.syspath_prepend(str(tmp_path))
        sys.modules.pop("autoclip_broken", None)

    yield installed
    sys.modules.pop("autoclip_broken", None)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("raise ImportError('torch is missing\\nand more')", "can't be loaded: torch is missing; "),
        ("import nothing_of_that_name", "can't be loaded: No module named 'nothing_of_that_name'; "),
        ("Maid = 1", "can't be loaded: "),
        ("import sys; sys.exit(3)", "can't be loaded: SystemExit 3; "),
        ("def Made(*settings): raise RuntimeError", "can't be loaded: RuntimeError; "),
        ("def Made(*settings): return open('/nowhere/model')", "can't be loaded: No such file or directory; "),
        ("def Made(*settings): return {}['model']", "can't be loaded: KeyError 'model'; "),
        ("def f(:", "can't be loaded: invalid syntax"),
        ("def Made(*settings): return object()", "has no "),
    ],
)
def test_a_package_that_can_not_be_loaded_is_named(install, code, reason):
    install(code)
    for group, load in LOADED.items():
        with pytest.raises(ParameterError) as told:
            load()
        message = str(told.value)
        assert "'broken' (autoclip_broken:Made)" in message, group
        assert reason in message, group
        assert message.endswith("mend or uninstall the package that adds it") or "; see docs/" in message
    assert "'broken'" in describe_destinations()["broken"]


@pytest.mark.parametrize("what", CALLED)
def test_a_package_that_fails_in_a_call_is_named(install, what, tmp_path):
    _, method = what.split()
    header = "    @property\n" if method in {"origin", "settings"} else ""
    install(f"{WHOLE}{header}    def {method}(self, *given): raise ZeroDivisionError('too\\nbad')\n")
    (tmp_path / "clip.mp4").write_bytes(b"clip")
    with pytest.raises(AutoclipError, match=r"'broken' failed.*: too") as told:
        CALLED[what](tmp_path / "clip.mp4")
    assert isinstance(told.value, ExportError if method == "deliver" else ParameterError)


def test_what_a_package_returns_has_to_be_what_was_asked_for(install):
    install(WHOLE.replace("return ()", "return [1]"))
    with pytest.raises(
        ParameterError, match=r"'broken' failed: transcribe.* returned NoneType instead of a Transcript"
    ):
        transcriber_for(SPEECH).transcribe(SAMPLES, None, lambda _: None)
    with pytest.raises(ParameterError, match=r"'broken' failed: detect.* something else than Face"):
        detector_for(EXPORT).detect(np.zeros((2, 2, 3), np.uint8))


class StoppedError(Exception):
    """What a listener ends the work with."""


@pytest.mark.parametrize("code", ["on_progress(0.5)", "try: on_progress(0.5)\n        except Exception: pass"])
def test_a_listener_that_ends_the_work_is_no_fault_of_the_package(install, code):
    method = f"    def transcribe(self, samples, language, on_progress):\n        {code}\n"
    install(WHOLE + method)

    def stop(_share: float) -> None:
        raise StoppedError

    with pytest.raises(StoppedError):
        transcriber_for(SPEECH).transcribe(SAMPLES, None, stop)


def test_commands_say_it_in_a_sentence(install, tmp_path, capsys):
    install("raise ImportError('torch is missing')")
    (tmp_path / "clip.mp4").write_bytes(b"clip")
    assert run(["deliver", "broken", str(tmp_path / "clip.mp4")]) == 2
    assert "torch is missing; mend or uninstall" in " ".join(capsys.readouterr().err.split())
    assert run(["destinations"]) == 0
    assert "folder" in capsys.readouterr().out
    assert run(["doctor"]) in {0, 1}
    assert "Traceback" not in "".join(capsys.readouterr())
