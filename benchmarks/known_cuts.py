"""Cuts of films of the shared folder that came without truth: found by eye, frame by frame, on contact sheets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

KNOWN_CUTS: Mapping[str, Mapping[str, Any]] = {
    "sintel_trailer_720p.mp4": {
        "fps": 24,
        "frames": 1253,
        "hard_cuts": [334, 396, 404, 420, 571, 621, 658, 672, 1163, 1220],
        "gradual": [
            {"start": start, "end": end}
            for start, end in (
                (0, 84),
                (105, 156),
                (194, 228),
                (255, 300),
                (355, 395),
                (430, 462),
                (500, 545),
                (674, 700),
                (757, 795),
                (826, 868),
                (966, 1022),
                (1095, 1142),
            )
        ],
        "ignore": [(406, 411)],  # a fast camera move, or a cut within one
    },
    "tears_of_steel_battle_clip.webm": {
        "fps": 24,
        "frames": 1686,  # the clip ends within a cut
        "hard_cuts": [
            *(52, 122, 158, 221, 309, 715, 788, 872, 901, 987, 1127, 1157, 1203, 1234, 1246, 1284, 1345, 1378),
            *(1430, 1472, 1525, 1571, 1618, 1650),
        ],
        "ignore": [(1686, 1691)],
    },
}
