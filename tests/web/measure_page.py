"""Measure the review page on a made project of 4 h with 200 clips and 5,000 cuts: ``python tests/web/measure_page.py``.

Prints what docs/benchmarks.md tells of the page, and fails if a decision was lost.
"""

from __future__ import annotations

import gzip
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

from made_project import MadeProject, encode_film, make_project
from playwright.sync_api import Page, sync_playwright
from served_site import Site, free_port

from interfaces.api.routes.frontend import BUILT_PAGE
from storage.environment import read_environment

HOURS = 4
SHOT_SEC = 2.88
DECISIONS = 200
MORE_DECISIONS = 500

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

SCROLL = """async (selector) => {
    const canvas = document.querySelector(selector + " canvas"), box = canvas.getBoundingClientRect();
    let frames = 0;
    const begun = performance.now();
    while (performance.now() - begun < 3000) {
        const sideways = frames % 60 >= 30;
        const deltaY = sideways ? 0 : frames % 60 < 15 ? -100 : 100;
        const init = { deltaX: sideways ? 40 : 0, deltaY, clientX: box.x + 300, clientY: box.y + 40, cancelable: true };
        canvas.dispatchEvent(new WheelEvent("wheel", init));
        await new Promise(requestAnimationFrame);
        frames += 1;
    }
    return frames / ((performance.now() - begun) / 1000);
}"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        film = encode_film(root / "film.mp4", HOURS * 3600, rate=5, audible=False)
        project = make_project(root / "data", film, HOURS * 3600, "Four hours", shot_sec=SHOT_SEC, moment_every=70)
        environment = read_environment(
            {"AUTOCLIP_DATA_DIR": str(root / "data"), "AUTOCLIP_REQUESTS_PER_SECOND": "0"}, root / "no.env"
        )
        site = Site(environment, project, free_port())
        site.start()
        with sync_playwright() as playwright:
            arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
            measure(browser.new_page(viewport={"width": 1280, "height": 800}), site, project)
            browser.close()
        site.stop()


def measure(page: Page, site: Site, project: MadeProject) -> None:
    print(f"{len(site.clips)} clips, {len(project.cuts)} cuts, {HOURS} h; load {os.getloadavg()[0]:.1f}")
    scripts = {path.name: len(gzip.compress(path.read_bytes())) for path in (BUILT_PAGE / "assets").glob("*.js")}
    print(f"JavaScript, compressed: {sum(scripts.values()) / 1000:.0f} kB {scripts}")
    for name in ("cold", "warm"):
        print(f"usable, {name}: {usable_after(page, site):.2f} s")
    decide(page, site)
    for selector in (".strip", ".overview"):
        print(f"zoom and scroll {selector}: {page.evaluate(SCROLL, selector):.0f} frames a second")
    print("page memory in MB:", [round(size / 1e6, 1) for size in memory_over_decisions(page)])


def usable_after(page: Page, site: Site) -> float:
    """Seconds from opening the page until the best clip is listed and its picture shown."""
    page.goto("about:blank")
    begun = time.monotonic()
    page.goto(site.review_address)
    page.locator("[role=option][aria-selected=true]").wait_for()
    while page.evaluate("(document.querySelector('video.shown')?.readyState ?? 0) < 2"):
        time.sleep(0.01)
    return time.monotonic() - begun


def decide(page: Page, site: Site) -> None:
    """Decide about every clip by real keys; time each, then compare the catalog and its log with what was pressed."""
    order = [clip.id for clip in site.clips]
    time.sleep(3)
    page.evaluate(WATCH)
    pressed = []
    for number in range(min(DECISIONS, len(order))):
        key = "px"[number % 3 == 1]
        page.keyboard.press(key)
        pressed.append({"p": "kept", "x": "rejected"}[key])
        time.sleep(0.35)
    page.get_by_text("Saved", exact=True).wait_for()
    verdicts = {clip.id: clip.verdict for clip in site.clips}
    assert [verdicts[clip_id] for clip_id in order[: len(pressed)]] == pressed, "a decision was lost"
    with site.catalog.reading() as view:
        log = [o for o in view.operations.page(site.project.id).items if o.kind == "verdict"]
    made = [(change.id, change.after["verdict"]) for operation in reversed(log) for change in operation.changes]
    assert made == list(zip(order, pressed, strict=False)), "the log tells another story"
    delays = sorted(page.evaluate("window.delays"))
    median, late = statistics.median(delays), delays[int(0.95 * len(delays))]
    print(f"{len(pressed)} decisions, none lost, in order in the log")
    print(f"key to the next clip's first moving frame: median {median:.0f} ms, p95 {late:.0f} ms, of {len(delays)}")


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
            metrics = {m["name"]: m["value"] for m in inspector.send("Performance.getMetrics")["metrics"]}
            sizes.append(metrics["JSHeapUsedSize"])
    return sizes


if __name__ == "__main__":
    main()
