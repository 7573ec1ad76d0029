"""Count how often a run does what costs time, wherever it is called."""

from __future__ import annotations

import functools
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from autoclip import extraction
from autoclip.media import probe as probing
from autoclip.selection import excitement, pipeline
from storage import keys

LAYERS = {"autoclip", "storage", "stages", "tasks", "flows"}
COUNTED = {
    "probe": probing.probe,
    "fingerprint": keys._digest,
    "extract": extraction.extract,
    "excitement": excitement.measure_excitement,
    "filter_windows": pipeline.filter_windows,
}


def counting(monkeypatch: pytest.MonkeyPatch, source: Path) -> Counter[str]:
    """Count the calls of each function from now on, in every module of ours that has it under any name.

    Of those that take a file only calls with `source` count: an export probes what it has rendered.
    """
    counted: Counter[str] = Counter()
    for label, function in COUNTED.items():
        for module in list(sys.modules.values()):
            if (getattr(module, "__name__", "") or "").split(".")[0] in {
                "autoclip",
                "storage",
                "stages",
                "tasks",
                "flows",
            }:
                for name, value in list(vars(module).items()):
                    if value is function:
                        monkeypatch.setattr(module, name, _counted(function, label, counted, source))
    return counted


def _counted(function: Any, label: str, counted: Counter[str], source: Path) -> Any:
    @functools.wraps(function)
    def call(*arguments: Any, **named: Any) -> Any:
        if not isinstance(arguments[0], Path) or arguments[0] == source:
            counted[label] += 1
        return function(*arguments, **named)

    return call
