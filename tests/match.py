"""A short made-up match for tests of whole analyses: one highlight between two cuts, calm play around it."""

from __future__ import annotations

from pathlib import Path

from autoclip.timeline import Interval
from synthetic_media import Mark, Noise, RenderOptions, Shot, Storyboard, Swell, Texture, render

HIGHLIGHT = Interval(14.0, 18.0)


STORYBOARD = Storyboard(
    shots=(Shot(10.0, Texture(seed=1)), Shot(10.0, Texture(seed=2, pan=0.8)), Shot(10.0, Texture(seed=3))),
    sounds=(Noise(Interval(0, 30), level_dbfs=-45), Swell(Interval(13, 19), peak_sec=16)),
    marks=(Mark("highlight", HIGHLIGHT, "goal"),),
)


def render_match(path: Path) -> None:
    render(STORYBOARD, path, RenderOptions(width=320, height=180, preset="ultrafast"))
