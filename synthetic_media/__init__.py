"""Made-up videos whose truth is known: for the demo, the tests, and evaluations of your own.

::

    board = Storyboard(
        shots=(Shot(4.0, Texture(seed=1)), Shot(3.0, Texture(seed=2, pan=0.8)), Shot(1.0, Plain(), dissolve_frames=12)),
        sounds=(Noise(Interval(0, 8), level_dbfs=-40), Swell(Interval(3, 7), peak_sec=5)),
        marks=(Mark("highlight", Interval(4, 7), "fast and loud"),),
    )
    truth = render(board, Path("made-up.mp4"), RenderOptions(b_frames=2, rate=Fraction(30000, 1001)))
    truth.cuts[0].time_sec  # 4.004
"""

from synthetic_media.audio import Beeps, Impact, Noise, Sound, Speech, Swell, Tone
from synthetic_media.demo import demo_storyboard, render_demo
from synthetic_media.frame_code import read_frame_number
from synthetic_media.render import RenderOptions, render, sound_of
from synthetic_media.scenery import Plain, Scene, Texture
from synthetic_media.storyboard import Caption, Flash, Freeze, Mark, Shot, Storyboard, fade_through_black
from synthetic_media.truth import Cut, FrameRun, GradualTransition, Truth

__all__ = [
    "Beeps",
    "Caption",
    "Cut",
    "Flash",
    "FrameRun",
    "Freeze",
    "GradualTransition",
    "Impact",
    "Mark",
    "Noise",
    "Plain",
    "RenderOptions",
    "Scene",
    "Shot",
    "Sound",
    "Speech",
    "Storyboard",
    "Swell",
    "Texture",
    "Tone",
    "Truth",
    "demo_storyboard",
    "fade_through_black",
    "read_frame_number",
    "render",
    "render_demo",
    "sound_of",
]
