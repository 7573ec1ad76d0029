"""Processes one made video by the flow ``process-video`` and prints the calls between the product's functions.

A process of its own for `benchmarks.structure`: ``python -m benchmarks.traced_flow FOLDER`` prints how many stay within
a layer, go to one below, and come back to one above.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections import Counter
from pathlib import Path
from types import CodeType, FrameType

from benchmarks.structure import LAYERS, ROOT
from flows.process_video import process_video
from synthetic_media import RenderOptions, Shot, Storyboard, Texture, render

PREFIXES = {f"{ROOT / layer}/": place for place, layer in enumerate(LAYERS)}


class Tracer:
    """Notes which function of the product calls which, in any thread."""

    def __init__(self) -> None:
        self.calls: set[tuple[CodeType, CodeType]] = set()
        self._layers: dict[CodeType, int | None] = {}

    def __call__(self, frame: FrameType, event: str, _argument: object) -> None:
        """Note a call; `sys.setprofile` calls this."""
        if event != "call" or self.layer(frame.f_code) is None:
            return
        caller = frame.f_back
        while caller is not None and self.layer(caller.f_code) is None:
            caller = caller.f_back
        if caller is not None and caller.f_code is not frame.f_code:
            self.calls.add((caller.f_code, frame.f_code))

    def layer(self, code: CodeType) -> int | None:
        """Return the place of a function's layer; None for what is not the product's, and for module bodies."""
        if code not in self._layers:
            found = next((place for prefix, place in PREFIXES.items() if code.co_filename.startswith(prefix)), None)
            self._layers[code] = None if code.co_name.startswith("<") else found
        return self._layers[code]

    def counted(self) -> Counter[str]:
        """Count the calls, but those inside the library."""
        found: Counter[str] = Counter()
        for caller, callee in self.calls:
            above, below = self.layer(caller), self.layer(callee)
            if above is None or below is None or above == below == 0:
                continue
            found["within" if above == below else "down" if below < above else "up"] += 1
        return found


def main() -> int:
    """Run the flow below the tracer."""
    video = Path(sys.argv[1]) / "film.mp4"
    render(Storyboard((Shot(20.0, Texture(seed=3, pan=0.2)),)), video, RenderOptions(width=160, height=90))
    tracer = Tracer()
    threading.setprofile(tracer)
    sys.setprofile(tracer)
    asyncio.run(process_video(str(video)))
    sys.setprofile(None)
    found = tracer.counted()
    print(found["within"], found["down"], found["up"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
