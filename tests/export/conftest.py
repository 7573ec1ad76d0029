"""Sources to cut, encoded once a session."""

import pytest
import stand_in_media
from made_media import BOARD, SOURCES
from shared_folder import SHARED

from autoclip.media.probe import probe
from synthetic_media import render


@pytest.fixture(scope="session")
def source(tmp_path_factory):
    """Return a function that gives the path and probe of a named source, encoded once."""
    folder = tmp_path_factory.mktemp("sources")
    made = {}

    def get(name: str):
        if name not in made:
            truth = render(BOARD, folder / name, SOURCES[name])
            made[name] = (probe(folder / name), truth)
        return made[name]

    return get


@pytest.fixture(scope="session")
def shared_media(made_media_folder):
    """Give the folder of shared test media, or one of made files with their traps."""
    return SHARED / "media" if (SHARED / "media").is_dir() else stand_in_media.make_all(made_media_folder)
