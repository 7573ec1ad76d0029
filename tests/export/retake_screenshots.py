"""Take the README's pictures of a report anew: ``python tests/export/retake_screenshots.py OUT/report.html``.

Writes docs/images/report.png (1280 px wide, light) and docs/images/report-phone.png (390 px, dark), reduced to 256
colors. Needs chromium and chromedriver.
"""

import sys
from pathlib import Path

from browser import Browser
from PIL import Image

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"


def take(page: Path, name: str, **screen) -> None:
    """Open a page on a screen and keep a picture of it."""
    path = IMAGES / name
    with Browser(**screen) as browser:
        browser.open(page.resolve())
        browser.screenshot(path)
    with Image.open(path) as shot:
        reduced = shot.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    reduced.save(path, optimize=True)


if __name__ == "__main__":
    IMAGES.mkdir(parents=True, exist_ok=True)
    take(Path(sys.argv[1]), "report.png", width=1280, height=1240, scale=1.5)
    take(Path(sys.argv[1]), "report-phone.png", width=390, height=1240, scale=2, phone=True, dark=True)
