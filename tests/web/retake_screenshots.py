"""Take the pictures of the web page again: ``python tests/web/retake_screenshots.py VIDEO... [--into docs/images]``.

Each video is analyzed into a folder of its own; the first one given is the one that is reviewed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

from made_project import MadeProject
from playwright.sync_api import Browser, Page, sync_playwright
from served_site import Site, free_port

from autoclip.settings import Settings
from stages.analyze import analyze_video, library_stages
from stages.record import record
from stages.register_video import register_video
from storage.catalog import open_catalog
from storage.data_folder import DataFolder
from storage.environment import read_environment

SIZES = {"wide": {"width": 1280, "height": 800}, "phone": {"width": 390, "height": 844}}
DIALOGS = {"retune": "t", "export": "e", "compound": "c", "keys": "?"}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("videos", nargs="+", type=Path)
    arguments.add_argument("--into", type=Path, default=Path("docs/images"))
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        site = served(Path(folder), given.videos)
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        for scheme in ("dark", "light"):
            for size in SIZES:
                take(browser, site, given.into, scheme, size)
        browser.close()
        site.stop()


def served(root: Path, videos: list[Path]) -> Site:
    """Analyze the videos, and serve them."""
    catalog, folder = open_catalog(root / "data" / "autoclip.duckdb"), DataFolder(root / "data")
    stages = replace(library_stages(), record_clips=partial(record, catalog))
    for video in reversed(videos):  # the latest comes first in the list
        registered = register_video(catalog, video, video.stem.replace("_", " ").capitalize())
        analyze_video(stages, registered.within(folder), Settings())
    reviewed = MadeProject(registered.project.id, registered.project.name, ())
    environment = read_environment({"AUTOCLIP_DATA_DIR": str(root / "data")}, root / "no.env")
    site = Site(environment, reviewed, free_port())
    site.start()
    return site


def take(browser: Browser, site: Site, into: Path, scheme: str, size: str) -> None:
    """Take all pages in one size and scheme."""
    context = browser.new_context(viewport=SIZES[size], color_scheme=scheme, device_scale_factor=1, locale="en-US")
    page = context.new_page()
    page.route(
        "**/jobs/events", lambda route: route.fulfill(content_type="text/event-stream", body=": no jobs here\n\n")
    )
    page.route("**/projects/*/jobs", lambda route: route.fulfill(json={"items": [], "total": 0}))
    page.goto(site.address)
    page.evaluate(f"localStorage.setItem('autoclip.theme', '{scheme}')")
    page.reload()
    page.locator("article img").first.wait_for()
    save(page, into / f"page-projects-{size}-{scheme}.png")
    page.goto(site.review_address)
    page.locator("[role=option], h2").first.wait_for()
    page.wait_for_timeout(3000)
    for key in ("p", "x", "p"):
        page.keyboard.press(key)
        page.wait_for_timeout(600)
    page.wait_for_timeout(5000)
    save(page, into / f"page-review-{size}-{scheme}.png")
    for name, key in DIALOGS.items():
        page.keyboard.press(key)
        page.wait_for_timeout(1500)
        if name == "compound" and not page.locator("dialog li[draggable]").count():
            page.locator("dialog").get_by_role("button", name="New from").click()
            page.locator("dialog li[draggable]").first.wait_for()
        if name == "export":
            page.get_by_label("platform").select_option("shorts")
        page.wait_for_timeout(1500)
        save(page, into / f"page-{name}-{size}-{scheme}.png")
        page.keyboard.press("Escape")
        page.wait_for_timeout(300)
    if size == "phone":
        page.get_by_role("button", name="More").click()
        save(page, into / f"page-more-{size}-{scheme}.png")
    context.close()


def save(page: Page, path: Path) -> None:
    page.wait_for_timeout(700)
    page.screenshot(path=path)
    print(path)


if __name__ == "__main__":
    main()
