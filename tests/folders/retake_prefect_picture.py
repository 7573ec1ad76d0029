"""Take docs/images/prefect-run.png anew: ``python tests/folders/retake_prefect_picture.py ADDRESS RUN_ID``.

ADDRESS is that of Prefect's page (``http://127.0.0.1:4200``), RUN_ID a finished ``process-video`` run with exports. The
picture shows the run, its progress, and its table of clips, one below the other. Needs chromium and chromedriver.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import httpx
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1] / "export"))

from browser import Browser

PICTURE = Path(__file__).resolve().parents[2] / "docs" / "images" / "prefect-run.png"
WIDTH, MENU = 1440, 250
"""Of the window, and of the menu at its left, which is cut off; pixels."""
RENDERED_SEC = 4.0
"""The page fetches and draws for a while after it was loaded."""


def artifacts(address: str, run_id: str) -> dict[str, str]:
    """Return the ids of a run's artifacts by their type."""
    body = {"artifacts": {"flow_run_id": {"any_": [run_id]}}}
    found = httpx.post(f"{address}/api/artifacts/filter", json=body).raise_for_status().json()
    return {artifact["type"]: artifact["id"] for artifact in found}


def shot(browser: Browser, url: str, height: int, folder: Path) -> Image.Image:
    """Return the picture of a page's upper `height` pixels."""
    browser.open(url)
    time.sleep(RENDERED_SEC)
    path = folder / "shot.png"
    browser.screenshot(path)
    with Image.open(path) as picture:
        return picture.convert("RGB").crop((MENU, 0, WIDTH, height))


def main(address: str, run_id: str) -> None:
    """Put the three parts into one picture."""
    made = artifacts(address, run_id)
    with tempfile.TemporaryDirectory() as place, Browser(WIDTH, 1300, dark=True) as browser:
        folder = Path(place)
        parts = [
            shot(browser, f"{address}/runs/flow-run/{run_id}", 560, folder),
            shot(browser, f"{address}/artifacts/artifact/{made['progress']}", 250, folder),
            shot(browser, f"{address}/artifacts/artifact/{made['markdown']}", 800, folder),
        ]
    whole = Image.new("RGB", (WIDTH - MENU, sum(part.height for part in parts)))
    top = 0
    for part in parts:
        whole.paste(part, (0, top))
        top += part.height
    whole.quantize(256, dither=Image.Dither.NONE).save(PICTURE, optimize=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
