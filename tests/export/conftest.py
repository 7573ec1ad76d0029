"""Sources to cut, encoded once a run."""

import pickle

import pytest
import stand_in_media
from filelock import FileLock
from made_media import BOARD, SOURCES
from shared_folder import SHARED

from autoclip.media.probe import probe
from synthetic_media import render


@pytest.fixture(scope="session")
def source(run_folder):
    """Return a function that gives the probe and truth of a named source, encoded once for all processes of a run."""
    folder = run_folder / "sources"
    folder.mkdir(exist_ok=True)
    made = {}

    def get(name: str):
        if name not in made:
            told = folder / f"{name}.truth"
            with FileLock(folder / f"{name}.lock"):
                if not told.exists():
                    told.write_bytes(pickle.dumps(render(BOARD, folder / name, SOURCES[name])))
            made[name] = (probe(folder / name), pickle.loads(told.read_bytes()))
        return made[name]

    return get


@pytest.fixture(scope="session")
def shared_media(made_media):
    """Give the folder of shared test media, or one of made files with their traps."""
    if (SHARED / "media").is_dir():
        return SHARED / "media"
    made = [made_media(name) for name in stand_in_media.SOURCES]
    return made[-1].parent
