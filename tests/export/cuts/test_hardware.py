"""Encoders in hardware: chosen once, never at the price of a clip."""

import sys
import time
from pathlib import Path

import pytest
from made_media import look_at

from autoclip.export.batch import RenderRequest, export_batch
from autoclip.export.cuts import hardware
from autoclip.export.cuts.encoders import HARDWARE_CODECS, hardware_encoder
from autoclip.export.cuts.hardware import choose_encoder
from autoclip.export.render import export_clip
from autoclip.media.ffmpeg import find_ffmpeg, knows_encoder
from autoclip.settings import ExportSettings
from autoclip.timeline import Interval

QUICK = ExportSettings(encoder_preset="ultrafast")


@pytest.fixture(autouse=True)
def memory(tmp_path, monkeypatch):
    monkeypatch.setattr(hardware.platformdirs, "user_cache_dir", lambda _name: str(tmp_path / "cache"))
    hardware._works.cache_clear()
    return tmp_path / "cache" / "encoders.json"


@pytest.fixture
def breaking(tmp_path):
    """An ffmpeg whose NVENC passes its trial, and gives up in the middle of everything else."""
    script = tmp_path / "breaking_ffmpeg"
    script.write_text(
        f"""#!{sys.executable}
import os, subprocess, sys
real, arguments = {str(find_ffmpeg())!r}, sys.argv[1:]
if "h264_nvenc" not in arguments:
    os.execv(real, [real, *arguments])
if "lavfi" in arguments:
    sys.exit(0)
with open(arguments[-1].removeprefix("file:"), "wb") as half:
    half.write(b"half a file")
print("frame=12", "progress=continue", sep="\\n", flush=True)
print("[h264_nvenc @ 0x5] Error submitting video frame to the encoder", file=sys.stderr)
print("[h264_nvenc @ 0x5] EncodePicture failed: device lost", file=sys.stderr)
sys.exit(187)
""",
        encoding="utf-8",
    )
    script.chmod(0o755)
    return script


def test_without_hardware_software_is_chosen_at_once_and_said_once(source, tmp_path, monkeypatch, memory):
    monkeypatch.setattr(hardware, "_DEVICES", dict.fromkeys(hardware._DEVICES, "/dev/none"))
    video, _ = source("silent.mp4")
    chosen = QUICK.model_copy(update={"encoder": "auto"})
    begun = time.process_time()
    assert choose_encoder(chosen, memory=tmp_path / "other.json").encoder == "x264"
    assert time.process_time() - begun < 1
    first = export_clip(video, Interval(1, 2), tmp_path / "first.mp4", chosen)
    again = export_clip(video, Interval(1, 2), tmp_path / "again.mp4", chosen)
    assert first.notes == (
        "encoder = auto: no hardware encoder works on this machine, so software is used from now on",
    )
    assert again.notes == ()
    assert memory.is_file()


def test_a_trial_is_made_once_a_machine_and_again_for_another_ffmpeg(breaking, tmp_path, monkeypatch):
    monkeypatch.setattr(hardware, "encoder_devices", lambda: ("nvenc",))
    chosen, memory = QUICK.model_copy(update={"encoder": "auto"}), tmp_path / "memory.json"
    assert choose_encoder(chosen, breaking, memory) == hardware.EncoderChoice("nvenc", was_tried=True)
    assert choose_encoder(chosen, breaking, memory) == hardware.EncoderChoice("nvenc")
    assert choose_encoder(chosen, None, memory).was_tried
    memory.write_text("[not ours", encoding="utf-8")
    assert choose_encoder(chosen, breaking, memory).was_tried
    breaking.write_text(breaking.read_text().replace("sys.exit(0)", "sys.exit('no such device')"), encoding="utf-8")
    assert choose_encoder(chosen, breaking, memory) == hardware.EncoderChoice("x264", was_tried=True)


def test_what_can_not_be_stored_is_tried_once_by_a_process(breaking, tmp_path, monkeypatch):
    monkeypatch.setattr(hardware, "encoder_devices", lambda: ("nvenc",))
    memory = tmp_path / "taken" / "memory.json"
    memory.mkdir(parents=True)
    chosen = QUICK.model_copy(update={"encoder": "auto"})
    assert [choose_encoder(chosen, breaking, memory).encoder for _ in range(2)] == ["nvenc"] * 2
    assert hardware._works.cache_info().misses == 1
    assert list(memory.parent.iterdir()) == [memory]


def test_an_ffmpeg_that_is_replaced_is_asked_again(tmp_path):
    program = tmp_path / "ffmpeg"
    answers = []
    for code, line in ((1, ""), (0, " V....D libx265"), (0, " V....D libx264 (longer)")):
        program.write_text(f"#!{sys.executable}\nprint({line!r})\nraise SystemExit({code})\n", encoding="utf-8")
        program.chmod(0o755)
        answers.append(knows_encoder("libx265", program))
    assert answers == [False, True, False]


def test_an_encoder_that_fails_in_the_middle_of_a_batch_loses_nothing(source, breaking, tmp_path):
    video, _ = source("constant.mp4")
    chosen = QUICK.model_copy(update={"encoder": "nvenc"})
    spans = [Interval(1, 2.2), Interval(4, 5), Interval(7.04, 8)]
    requests = [RenderRequest(video, span, tmp_path / f"{n}.mp4", chosen) for n, span in enumerate(spans)]
    for span, outcome in zip(spans, export_batch(requests, ffmpeg=breaking), strict=True):
        result = outcome.result
        assert look_at(result.path).numbers[0] == round(span.start * 25)
        assert "the encoder nvenc failed, so software encoded the clip" in result.notes[0]
        assert "device lost" in result.notes[0]
    assert sorted(path.name for path in tmp_path.glob("*.mp4")) == ["0.mp4", "1.mp4", "2.mp4"]
    assert not list(tmp_path.glob(".*"))


def test_what_an_encoder_cannot_make_is_made_by_software(source, tmp_path):
    video, _ = source("silent.mp4")
    chosen = QUICK.model_copy(update={"encoder": "videotoolbox", "video_codec": "av1", "encoder_preset": "ultrafast"})
    result = export_clip(video, Interval(1, 1.4), tmp_path / "clip.mp4", chosen)
    assert "videotoolbox has no encoder for av1" in result.notes[0]


@pytest.mark.parametrize("name", HARDWARE_CODECS)
def test_every_encoder_gets_a_finer_quality_for_a_lower_crf(name):
    options = [hardware_encoder(ExportSettings(encoder=name, crf=crf)) for crf in (18, 28)]
    assert options[0] != options[1]
    assert options[0][1] == HARDWARE_CODECS[name]["h264"]


def test_the_bundled_ffmpeg_lists_the_encoders():
    import subprocess

    told = subprocess.run([find_ffmpeg(), "-encoders"], capture_output=True, text=True, check=True).stdout
    known = {line.split()[1] for line in told.splitlines() if line.startswith(" V")}
    if sys.platform == "linux" and "imageio_ffmpeg" in str(Path(find_ffmpeg())):
        assert {"h264_nvenc", "h264_qsv", "h264_vaapi"} <= known
