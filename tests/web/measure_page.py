"""Measure the review page on a project of 4 h with 200 clips and 5,000 cuts: ``python tests/web/measure_page.py``.

The film is half a minute of moving pictures with sound, 640x360 at 25 frames a second, repeated until 4 h are full;
``--video FILE`` repeats another one. Signals and cuts are made. Prints what docs/benchmarks.md tells of the page, and
fails if a decision was lost.
"""

from __future__ import annotations

import argparse
import gzip
import math
import os
import shutil
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

import av
import numpy as np
from made_project import MadeProject, make_project
from playwright.sync_api import CDPSession, Page, sync_playwright
from served_site import Site, free_port

from interfaces.api.routes.frontend import BUILT_PAGE
from storage.environment import read_environment

HOURS = 4
SHOT_SEC = 2.88
DECISIONS = 200
MORE_DECISIONS = 500
WARM_LOADS = 9
PACE_SEC = 0.35
RATE = 25
MADE_SEC = 30

WATCH = """() => {
    window.delays = [];
    addEventListener("keydown", () => {
        const begun = performance.now(), stage = document.querySelector(".stage"), before = stage.dataset.clip;
        const look = () => {
            if (stage.dataset.clip === before) return requestAnimationFrame(look);
            document.querySelector("video.shown").requestVideoFrameCallback(() =>
                window.delays.push(performance.now() - begun));
        };
        requestAnimationFrame(look);
    }, { capture: true });
}"""

READY = """() => {
    const look = () => {
        const listed = document.querySelector("[role=option][aria-selected=true]");
        const video = document.querySelector("video.shown");
        // Not the beginning of the video, which may be there before its clip is known.
        const pictured = video?.readyState >= 2 && !video.seeking && video.currentTime > 0;
        if (listed && pictured) window.usableMs = performance.now();
        else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
}"""

SCROLL = """async (selector) => {
    const canvas = document.querySelector(selector + " canvas"), box = canvas.getBoundingClientRect();
    const { clearRect } = CanvasRenderingContext2D.prototype;
    let frames = 0, painted = 0;
    CanvasRenderingContext2D.prototype.clearRect = function (...box) {
        if (this.canvas === canvas) painted += 1;
        return clearRect.apply(this, box);
    };
    const begun = performance.now();
    while (performance.now() - begun < 3000) {
        const sideways = frames % 60 >= 30;
        const deltaY = sideways ? 0 : frames % 60 < 15 ? -100 : 100;
        const init = { deltaX: sideways ? 40 : 0, deltaY, clientX: box.x + 300, clientY: box.y + 40, cancelable: true };
        canvas.dispatchEvent(new WheelEvent("wheel", init));
        await new Promise(done => setTimeout(done, 8));  // between frames, and as often, as from a wheel
        frames += 1;
    }
    CanvasRenderingContext2D.prototype.clearRect = clearRect;
    return painted / ((performance.now() - begun) / 1000);
}"""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--video", type=Path, help="what the four hours are made of")
    arguments.add_argument("--pace", type=float, default=PACE_SEC, help="seconds between two decisions")
    arguments.add_argument("--loads", type=int, default=WARM_LOADS, help="how often the page is loaded")
    arguments.add_argument("--only-loads", action="store_true", help="measure nothing but how the page loads")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        root = Path(folder)
        film = repeated(given.video or encode_moving(root / "once.mp4"), root / "film.mp4", HOURS * 3600)
        project = make_project(root / "data", film, HOURS * 3600, "Four hours", shot_sec=SHOT_SEC, moment_every=70)
        environment = read_environment(
            {"AUTOCLIP_DATA_DIR": str(root / "data"), "AUTOCLIP_REQUESTS_PER_SECOND": "0"}, root / "no.env"
        )
        site = Site(environment, project, free_port())
        site.start()
        with sync_playwright() as playwright:
            flags = ["--autoplay-policy=no-user-gesture-required", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.add_init_script(f"({READY})()")
            measure_loads(page, site, project, given.loads)
            if not given.only_loads:
                measure(page, site, given.pace)
            browser.close()
        site.stop()


def encode_moving(path: Path) -> Path:
    """Encode noise that drifts, with a tone: every frame differs from the one before."""
    noise = np.random.default_rng(0).integers(0, 255, (45, 160), np.uint8).repeat(8, 0).repeat(8, 1)
    with av.open(str(path), "w") as output:
        picture = output.add_stream("libx264", rate=RATE, options={"preset": "veryfast", "g": str(4 * RATE)})
        picture.width, picture.height, picture.pix_fmt = 640, 360, "yuv420p"
        tone = output.add_stream("aac", rate=48000, layout="mono")
        for number in range(MADE_SEC * RATE):
            pixels = np.roll(noise, 3 * number, axis=1)[:, :640, None].repeat(3, 2)
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            output.mux(picture.encode(frame.reformat(format="yuv420p")))
            wave = 0.1 * np.sin(2 * np.pi * 440 * np.arange(48000 // RATE) / 48000)
            sound = av.AudioFrame.from_ndarray(wave.astype(np.float32)[None], "fltp", "mono")
            sound.sample_rate, sound.pts, sound.time_base = 48000, number * 48000 // RATE, Fraction(1, 48000)
            output.mux(tone.encode(sound))
        for stream in (picture, tone):
            output.mux(stream.encode(None))
    return path


def repeated(source: Path, target: Path, seconds: float) -> Path:
    """Copy the packets of a video again and again until a length is full."""
    with av.open(str(source)) as once, av.open(str(target), "w", options={"movflags": "faststart"}) as output:
        streams = {
            stream.index: output.add_stream_from_template(stream)
            for stream in once.streams
            if stream.type in {"video", "audio"}
        }
        length = max(Fraction(stream.duration) * stream.time_base for stream in once.streams if stream.index in streams)
        last = dict.fromkeys(streams, -(2**62))
        for turn in range(int(seconds / length)):
            once.seek(0)
            for packet in once.demux(*(once.streams[index] for index in streams)):
                index, shift = packet.stream.index, round(turn * length / packet.time_base)
                if packet.dts is None or packet.pts is None or packet.dts + shift <= last[index]:
                    continue  # what an encoder of sound puts ahead of the start
                last[index] = packet.dts + shift
                packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                packet.stream = streams[index]
                output.mux(packet)
    return target


def measure_loads(page: Page, site: Site, project: MadeProject, loads: int) -> None:
    print(f"{len(site.clips)} clips, {len(project.cuts)} cuts, {HOURS} h; load {os.getloadavg()[0]:.1f}")
    scripts = {path.name: len(gzip.compress(path.read_bytes())) for path in (BUILT_PAGE / "assets").glob("*.js")}
    print(f"JavaScript, compressed: {sum(scripts.values()) / 1000:.0f} kB {scripts}")
    print(f"usable, cold: {usable_after(page, site)}")
    warm = [usable_after(page, site) for _ in range(loads)]
    print(f"usable, warm: median {statistics.median(load.seconds for load in warm):.2f} s of {loads}; each:")
    for load in warm:
        print(f"  {load}")


def measure(page: Page, site: Site, pace: float) -> None:
    decide(page, site, pace)
    for selector in (".strip", ".overview"):
        print(f"zoom and scroll {selector}: {page.evaluate(SCROLL, selector):.0f} frames painted a second")
    print("page memory in MB:", [round(size / 1e6, 1) for size in memory_over_decisions(page)])


@dataclass(frozen=True)
class Load:
    """Seconds from opening the page until the best clip is listed and its picture shown, and what they cost."""

    seconds: float
    by_driver: float
    script_sec: float
    layout_sec: float

    def __str__(self) -> str:
        return (
            f"{self.seconds:.2f} s by the page's clock ({self.by_driver:.2f} s by the driver's); "
            f"CPU of scripts {1000 * self.script_sec:.0f} ms, of styles and layout {1000 * self.layout_sec:.0f} ms; "
            f"load {os.getloadavg()[0]:.1f}"
        )


def usable_after(page: Page, site: Site) -> Load:
    page.goto("about:blank")
    inspector = page.context.new_cdp_session(page)
    inspector.send("Performance.enable")
    begun = time.monotonic()
    page.goto(site.review_address, wait_until="commit")
    while not page.evaluate("window.usableMs"):
        time.sleep(0.02)
    by_driver = time.monotonic() - begun
    metrics = performance_metrics(inspector)
    layout = metrics["LayoutDuration"] + metrics["RecalcStyleDuration"]
    return Load(page.evaluate("window.usableMs") / 1000, by_driver, metrics["ScriptDuration"], layout)


def performance_metrics(inspector: CDPSession) -> dict[str, float]:
    return {metric["name"]: metric["value"] for metric in inspector.send("Performance.getMetrics")["metrics"]}


def decide(page: Page, site: Site, pace: float) -> None:
    """Decide about every clip by real keys; time each, then compare the catalog and its log with what was pressed."""
    order = [clip.id for clip in site.clips]
    time.sleep(3)
    page.evaluate(WATCH)
    pressed = []
    for number in range(min(DECISIONS, len(order))):
        key = "px"[number % 3 == 1]
        page.keyboard.press(key)
        pressed.append({"p": "kept", "x": "rejected"}[key])
        time.sleep(pace)
    page.get_by_text("Saved", exact=True).wait_for(timeout=120_000)
    verdicts = {clip.id: clip.verdict for clip in site.clips}
    assert [verdicts[clip_id] for clip_id in order[: len(pressed)]] == pressed, "a decision was lost"
    with site.catalog.reading() as view:
        log = [o for o in view.operations.page(site.project.id).items if o.kind == "verdict"]
    made = [(change.id, change.after["verdict"]) for operation in reversed(log) for change in operation.changes]
    assert made == list(zip(order, pressed, strict=False)), "the log tells another story"
    delays = sorted(page.evaluate("window.delays"))
    shown = len(delays)
    delays += [math.inf] * (len(pressed) - 1 - shown)  # the next key came first
    median, late = statistics.median(delays), delays[int(0.95 * len(delays))]
    print(f"{len(pressed)} decisions, none lost, in order in the log; load {os.getloadavg()[0]:.1f}")
    print(f"key to the next clip's first moving frame: median {median:.0f} ms, p95 {late:.0f} ms, {shown} seen")


def memory_over_decisions(page: Page) -> list[float]:
    """Bytes that JavaScript holds after every hundred decisions, once its garbage is gone."""
    inspector = page.context.new_cdp_session(page)
    inspector.send("Performance.enable")
    sizes = []
    for number in range(MORE_DECISIONS):
        page.keyboard.press("Shift+P" if number % 2 else "Shift+X")
        page.keyboard.press("ArrowDown" if number % 150 < 75 else "ArrowUp")
        if number % 100 == 99:
            page.get_by_text("Saved", exact=True).wait_for(timeout=120_000)
            inspector.send("HeapProfiler.collectGarbage")
            sizes.append(performance_metrics(inspector)["JSHeapUsedSize"])
    return sizes


if __name__ == "__main__":
    main()
