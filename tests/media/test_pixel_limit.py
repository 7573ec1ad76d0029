"""Pictures above the limit are refused before their memory is taken: in the header, in a frame, in the middle."""

import io
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import pytest
from PIL import Image

from autoclip.errors import MediaError
from autoclip.media.pixel_limit import DEFAULT_MAX_PIXELS, limit_pixels, max_pixels
from autoclip.media.probe import probe
from storage.environment import read_environment

HUGE = 15_000


def jpeg(side: int) -> bytes:
    file = io.BytesIO()
    Image.new("L", (side, side), 90).save(file, "JPEG")
    return file.getvalue()


@pytest.fixture(scope="module")
def bomb() -> bytes:
    return jpeg(HUGE)


def film_of(path, pictures):
    """Write pictures as they are into a file whose header knows nothing of their size."""
    with av.open(path, "w") as out:
        stream = out.add_stream("mjpeg", rate=25)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuvj420p"
        for number, picture in enumerate(pictures):
            packet = av.Packet(picture)
            packet.stream, packet.time_base, packet.is_keyframe = stream, Fraction(1, 25), True
            packet.pts = packet.dts = number
            out.mux(packet)
    return path


@pytest.fixture(autouse=True)
def usual_limit():
    yield
    limit_pixels(DEFAULT_MAX_PIXELS)


def in_a_process(path, program):
    """Run a program on a file; return what it prints, and its peak of memory in bytes."""
    peak = "\nprint(*(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"
    before = "import pathlib, sys\npath = pathlib.Path(sys.argv[1])\n"
    run = subprocess.run(
        [sys.executable, "-c", before + program + peak, path], capture_output=True, text=True, check=True
    )
    *said, kilobytes = run.stdout.strip().splitlines()
    return said, int(kilobytes) * 1024


needs_proc = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of memory is read from /proc")


@needs_proc
@pytest.mark.parametrize("name", ["bomb.mkv", "bomb.avi"])
def test_a_frame_above_the_limit_is_refused_in_little_memory(tmp_path, bomb, name):
    program = """
from autoclip.errors import MediaError
from autoclip.media.probe import probe
try:
    probe(path)
except MediaError as error:
    print(error)
"""
    said, peak = in_a_process(film_of(tmp_path / name, [bomb] * 3), program)
    assert f"{DEFAULT_MAX_PIXELS:,} pixels" in said[0]
    assert peak < HUGE * HUGE  # less than one plane of the picture


@needs_proc
def test_a_frame_above_the_limit_in_the_middle_is_damage(tmp_path, bomb):
    small = jpeg(64)
    program = """
from autoclip.extraction import extract
from autoclip.media.frames import open_frames
from autoclip.media.probe import probe
from autoclip.settings import ExtractionSettings
video = probe(path)
features = extract(path, video, ExtractionSettings())
with open_frames(path, video) as frames:
    frames.at(1.3)
print(video.video.width, video.video.height, features.duration_sec)
"""
    said, peak = in_a_process(film_of(tmp_path / "middle.mkv", [small] * 30 + [bomb] + [small] * 30), program)
    assert said[-1] == "64 64 2.44"
    assert peak < HUGE * HUGE


def test_the_owner_sets_the_limit(tmp_path):
    path = film_of(tmp_path / "small.mkv", [jpeg(256)] * 5)
    assert probe(path).video.width == 256
    read_environment({"AUTOCLIP_MAX_PIXELS": "10000"})
    assert max_pixels() == 10_000
    with pytest.raises(MediaError, match=r"10,000 pixels.*AUTOCLIP_MAX_PIXELS"):
        probe(path)
