"""Swaps as somebody makes them who can write below a root: files and folders become links and come back."""

from __future__ import annotations

import contextlib
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path


@contextlib.contextmanager
def swapping(*states: Callable[[], None]) -> Iterator[None]:
    """Bring about each state after the other, as fast as it goes, and end with the last."""
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            for state in states:
                state()
                time.sleep(0.0005)

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def linked(place: Path, target: Path) -> Callable[[], None]:
    """Put a link in the place of a file, at once."""

    def put() -> None:
        spare = place.with_name(".link")
        spare.unlink(missing_ok=True)
        spare.symlink_to(target)
        spare.replace(place)

    return put


def filed(place: Path, content: bytes) -> Callable[[], None]:
    """Put a file back in its place, at once."""

    def put() -> None:
        spare = place.with_name(".file")
        spare.write_bytes(content)
        spare.replace(place)

    return put


def swapped_folder(place: Path, outside: Path) -> tuple[Callable[[], None], Callable[[], None]]:
    """Two states of a folder: a link that leads outside, and the folder."""
    aside = place.with_name(f"{place.name}-aside")

    def away() -> None:
        place.rename(aside)
        place.symlink_to(outside)

    def back() -> None:
        place.unlink(missing_ok=True)
        while aside.exists():
            try:
                aside.rename(place)
            except OSError:  # made anew by whoever came between
                shutil.rmtree(place, ignore_errors=True)

    return away, back
