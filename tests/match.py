"""A short made-up match for tests of whole analyses: one highlight between two cuts, calm play around it."""

from __future__ import annotations

from pathlib import Path

from autoclip.timeline import Interval
from synthetic_media import Mark, Noise, RenderOptions, Shot, Storyboard, Swell, Texture, Truth, render

HIGHLIGHT = Interval(14.0, 18.0)


def match_storyboard(seed: int = 1) -> Storyboard:
    return Storyboard(
        shots=(
            Shot(10.0, Texture(seed=seed)),
            Shot(10.0, Texture(seed=seed + 1, pan=0.8)),
            Shot(10.0, Texture(seed=seed + 2)),
        ),
        sounds=(Noise(Interval(0, 30), level_dbfs=-45), Swell(Interval(13, 19), peak_sec=16)),
        marks=(Mark("highlight", HIGHLIGHT, "goal"),),
    )


def render_match(path: Path, *, audio: bool = True, seed: int = 1) -> Truth:
    return render(match_storyboard(seed), path, RenderOptions(width=320, height=180, audio=audio, preset="ultrafast"))
