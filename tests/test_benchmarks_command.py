"""`python -m benchmarks`: help, and mistakes in names and options, are answered before anything is measured."""

import pytest

from benchmarks.__main__ import discover, main


def refused(capsys, *arguments):
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    return ended.value.code, "".join(capsys.readouterr())


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_lists_the_benchmarks(capsys, option):
    code, text = refused(capsys, option)
    assert code == 0
    assert all(name in text for name in discover())


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["nothing"], "no benchmark nothing"),
        (["--matches", "folder"], "--matches"),
        (["structure", "--rounds", "2"], "structure takes no options"),
    ],
)
def test_wrong_names_and_options_are_refused(capsys, arguments, named):
    code, text = refused(capsys, *arguments)
    assert code == 2
    assert named in text
