"""The error tree and its one table of outcomes."""

import inspect
from pathlib import Path

import pytest

from autoclip import errors
from interfaces.outcomes import OUTCOMES, outcome_of

CLASSES = [cls for _, cls in inspect.getmembers(errors, inspect.isclass) if issubclass(cls, errors.AutoclipError)]


def example(cls: type[errors.AutoclipError]) -> errors.AutoclipError:
    if cls in (errors.MediaError, errors.DownloadError):
        return cls("thing", "reason")
    return cls("reason")


@pytest.mark.parametrize("cls", CLASSES)
def test_every_error_has_an_outcome_of_its_own(cls):
    assert outcome_of(example(cls)).error is cls


def test_the_table_goes_from_narrow_to_wide():
    for earlier, outcome in enumerate(OUTCOMES):
        for later in OUTCOMES[earlier + 1 :]:
            assert not issubclass(later.error, outcome.error), f"{later.error} can't be reached behind {outcome.error}"


def test_exit_codes_are_those_of_the_design():
    codes = {outcome.error: outcome.exit_code for outcome in OUTCOMES}
    assert codes[errors.AutoclipError] == 1
    assert codes[errors.ParameterError] == 2
    assert codes[errors.MediaError] == 3
    assert codes[errors.NotFoundError] == 4
    assert codes[errors.CatalogBusyError] == 5


def test_messages_name_the_thing_and_the_reason():
    assert str(errors.MediaError("film.mp4", "no video stream")) == "film.mp4: no video stream"
    error = errors.ExportError("ffmpeg failed", command=("ffmpeg", "-i"), stderr_tail="No space left")
    assert (str(error), error.stderr_tail) == ("ffmpeg failed", "No space left")
    assert error.command == ("ffmpeg", "-i")


def _failure_of(work):
    with pytest.raises(Exception) as caught:  # noqa: PT011
        work()
    return caught.value


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ImportError("libx.so: failed to map segment from shared object"), "memory is short"),
        (MemoryError(), "memory is short"),
        (RuntimeError("Symlink loop from 'a'"), "remove that link"),
        (_failure_of(lambda: Path("~no-such-user/film.mp4").expanduser()), "give the full path"),
        (FileNotFoundError(2, "No such file or directory", "film.mp4"), "film.mp4: no such file"),
        (ImportError("no module named x"), None),
        (RuntimeError("a fault"), None),
        (KeyError("x"), None),
    ],
)
def test_errors_of_the_system_are_told_from_those_of_a_program(error, said):
    translated = errors.of_system(error)
    assert translated is None if said is None else said in str(translated)
