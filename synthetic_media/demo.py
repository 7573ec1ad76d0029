"""The demo: two minutes of a made-up match whose highlights, decoys and edges are known."""

from __future__ import annotations

from pathlib import Path

from autoclip.timeline import Interval
from synthetic_media.arena import Match, Stands, Studio
from synthetic_media.audio import Impact, Noise, Sound, Speech, Swell, Tone
from synthetic_media.frame_planes import Color
from synthetic_media.render import RenderOptions, render
from synthetic_media.scenery import Plain, Scene
from synthetic_media.storyboard import Caption, Flash, Freeze, Mark, Shot, Storyboard
from synthetic_media.truth import Truth

GOALS = (
    (17.5, "opening goal", -10.0),
    (52.0, "equalizer", -11.0),
    (93.0, "long shot", -12.0),
    (108.5, "winner", -10.0),
)
"""When each goal falls (seconds), what it is, and how loud the crowd gets (dBFS)."""

LIGHTS = tuple(Color.from_hex(text) for text in ("#7d2c45", "#2b4f8e", "#1f7040", "#8a4a1f"))
"""The attacks are filmed close up, each in different light."""

SHOUTING, REPLAY = Interval(30.0, 38.0), Interval(72.0, 80.0)


def demo_storyboard() -> Storyboard:
    """Return the demo on paper.

    Four goals are loud and active: the attack gathers speed, the crowd swells, the light bursts; each is one shot
    between hard cuts. Two decoys: a studio announcer nearly as loud as the crowd over a still card, and a replay as
    fast as an attack in silence. Between them calm play and stands, a fade through black at half time, a freeze.
    """
    return Storyboard(shots=_shots(), sounds=_sounds(), marks=_marks())


def render_demo(path: Path) -> Truth:
    """Render the demo, 640x360 at 25 frames a second, and return its truth."""
    # ultrafast halves the encoder's work, and crf 20 makes up for what it leaves of the picture.
    options = RenderOptions(
        b_frames=2, keyframe_interval=100, preset="ultrafast", crf=20, metadata={"title": "The Final"}
    )
    return render(demo_storyboard(), path, options)


def _shots() -> tuple[Shot, ...]:
    title = (Caption("THE FINAL", 0.16, y=0.46), Caption("a made-up match with known highlights", 0.05, y=0.62))
    return (
        Shot(5.0, Stands(seed=11), dissolve_frames=15, captions=title),
        _take(8.0, Match(seed=21)),
        _goal(9.5, 13.0, 0, seed=31),
        _take(7.5, Stands(seed=12)),
        _take(SHOUTING.duration, Studio(), (Caption("STUDIO", 0.09, x=0.75, y=0.46),)),
        _take(9.0, Match(seed=22)),
        _goal(9.5, 47.0, 1, seed=32),
        _take(6.5, Stands(seed=13)),
        Shot(1.5, Plain(), dissolve_frames=15),
        Shot(7.5, Match(seed=23, night=Color.from_hex("#1b0f33")), dissolve_frames=15),
        Shot(
            REPLAY.duration,
            Match(seed=24, pace=1.6, turf=Color.from_hex("#6b7480")),
            captions=(Caption("REPLAY", 0.06, x=0.87, y=0.2),),
            letterbox=0.2,
        ),
        Shot(8.0, Stands(seed=14), freezes=(Freeze(3.0, 2.0),)),
        _goal(9.5, 88.0, 2, seed=33),
        _take(6.5, Match(seed=25, night=Color.from_hex("#1b0f33"))),
        _goal(9.0, 104.0, 3, seed=34),
        Shot(7.0, Stands(seed=15), captions=(Caption("FULL TIME", 0.14, y=0.5),)),
    )


def _take(duration_sec: float, scene: Scene, captions: tuple[Caption, ...] = ()) -> Shot:
    return Shot(duration_sec, scene, captions=captions)


def _goal(duration_sec: float, start_sec: float, number: int, *, seed: int) -> Shot:
    """One shot that begins at `start_sec` and holds a goal."""
    moment = GOALS[number][0] - start_sec
    flashes = (Flash(moment, frames=4, strength=0.85),)
    return Shot(
        duration_sec, Match(seed=seed, pace=2.0, goal_sec=moment, zoom=1.6, turf=LIGHTS[number]), flashes=flashes
    )


def _sounds() -> tuple[Sound, ...]:
    goals: list[Sound] = []
    for number, (moment, _, loudness) in enumerate(GOALS):
        # A crowd answers within the second and takes its time to calm down.
        swell = Interval(moment - 4.0, moment + 5.0)
        goals.append(Swell(swell, moment + 0.6, loudness, -44.0, seed=50 + number))
        goals.append(Impact(Interval(moment, moment + 1.5), loudness - 2.0, seed=60 + number))
    return (
        Noise(Interval(0.0, REPLAY.start), -42.0, seed=1, color="crowd"),
        Noise(Interval(REPLAY.end, 120.0), -42.0, seed=2, color="crowd"),
        Noise(Interval(0.0, 120.0), -68.0, seed=3, color="pink"),
        Tone(Interval(0.4, 4.8), -38.0, 220.0),
        Tone(Interval(0.4, 4.8), -40.0, 330.0),
        Speech(Interval(6.0, 12.6), -36.0, seed=4),
        Speech(Interval(39.0, 46.0), -36.0, seed=5),
        Speech(Interval(65.5, 71.5), -36.0, seed=6),
        Speech(SHOUTING, -13.0, seed=7, longest_pause_sec=0.35),
        *goals,
    )


def _marks() -> tuple[Mark, ...]:
    return (
        *(Mark("highlight", Interval(moment - 2.0, moment + 2.5), label) for moment, label, _ in GOALS),
        Mark("decoy", SHOUTING, "loud but still"),
        Mark("decoy", REPLAY, "active but quiet"),
    )
