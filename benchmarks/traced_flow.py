"""Processes one video by the flow ``process-video`` of a checkout and prints, as JSON, the calls between its functions.

A process of its own for `benchmarks.structure`, with the checkout on ``PYTHONPATH``:
``python -P benchmarks/traced_flow.py CHECKOUT VIDEO`` tells how many pairs of functions stay within a layer, go to one
below, and come back to one above, and how often the costly ones were called.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
import threading
from collections import Counter
from pathlib import Path
from types import CodeType, FrameType

LAYERS = ("autoclip", "synthetic_media", "storage", "stages", "tasks", "flows", "interfaces")
"""The packages of the product, from the ground up."""

COSTLY = {"probe": "probe.py", "_digest": "keys.py", "measure_excitement": "excitement.py"}
"""Functions that open the video, read all of it, or go over all its signals, and their files."""


class Tracer:
    """Notes which function of the product calls which, in any thread, and counts calls of the costly ones."""

    def __init__(self, root: Path) -> None:
        self.calls: set[tuple[CodeType, CodeType]] = set()
        self.costly: Counter[str] = Counter(dict.fromkeys(COSTLY, 0))
        self._prefixes = {f"{root / layer}/": place for place, layer in enumerate(LAYERS)}
        self._layers: dict[CodeType, int | None] = {}

    def __call__(self, frame: FrameType, event: str, _argument: object) -> None:
        """Note a call; `sys.setprofile` calls this."""
        code = frame.f_code
        if event != "call" or self.layer(code) is None:
            return
        if COSTLY.get(code.co_name) == Path(code.co_filename).name:
            self.costly[code.co_name] += 1
        caller = frame.f_back
        while caller is not None and self.layer(caller.f_code) is None:
            caller = caller.f_back
        if caller is not None and caller.f_code is not code:
            self.calls.add((caller.f_code, code))

    def layer(self, code: CodeType) -> int | None:
        """Return the place of a function's layer; None for what is not the product's, and for module bodies."""
        if code not in self._layers:
            found = next((place for start, place in self._prefixes.items() if code.co_filename.startswith(start)), None)
            self._layers[code] = None if code.co_name.startswith("<") else found
        return self._layers[code]

    def counted(self) -> Counter[str]:
        """Count the calls, but those inside the library."""
        found: Counter[str] = Counter(within=0, down=0, up=0)
        for caller, callee in self.calls:
            above, below = self.layer(caller), self.layer(callee)
            if above is None or below is None or above == below == 0:
                continue
            found["within" if above == below else "down" if below < above else "up"] += 1
        return found


def main() -> int:
    """Run the flow below the tracer."""
    root, video = sys.argv[1:]
    process_video = importlib.import_module("flows.process_video").process_video
    tracer = Tracer(Path(root))
    threading.setprofile(tracer)
    sys.setprofile(tracer)
    asyncio.run(process_video(video))
    sys.setprofile(None)
    threading.setprofile(None)
    print(json.dumps(tracer.counted() | tracer.costly))
    return 0


if __name__ == "__main__":
    sys.exit(main())
