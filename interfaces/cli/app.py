"""The Typer application: each command module registers here, and each error becomes an exit code here."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from autoclip.errors import AutoclipError, ParameterError, of_system, printable
from interfaces.cli import (
    analyze,
    captions,
    catalog,
    catalog_copy,
    compound,
    demo,
    destinations,
    doctor,
    evaluate,
    export,
    find,
    handover,
    jobs,
    learn,
    previews,
    probe,
    query,
    retune,
    serve,
    service,
    settings,
)
from interfaces.cli.command_list import WholeSentences
from interfaces.cli.terminal import open_closed_streams, say, write_any_character
from interfaces.outcomes import DONE, INTERRUPTED, outcome_of
from interfaces.prefect_settings import files_for_prefect, import_prefect_elsewhere
from storage.variable_files import ENV_FILE

app = typer.Typer(
    name="autoclip",
    cls=WholeSentences,
    help="Turns long videos into highlight clips with natural boundaries.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

COMMANDS: dict[str, Callable[..., object]] = {
    "analyze": analyze.analyze,
    "retune": retune.retune,
    "evaluate": evaluate.evaluate,
    "learn": learn.learn,
    "preview": previews.preview,
    "contact-sheet": previews.contact_sheet,
    "export": export.export,
    "captions": captions.captions,
    "correct": captions.correct,
    "find": find.find,
    "handover": handover.handover,
    "destinations": destinations.destinations,
    "deliver": destinations.deliver,
    "probe": probe.probe,
    "settings": settings.settings,
    "projects": catalog.projects,
    "clips": catalog.clips,
    "layout": catalog.layout,
    "backup": catalog.backup,
    "restore": catalog.restore,
    "query": query.query,
    "demo": demo.demo,
    "run": jobs.run,
    "jobs": jobs.list_jobs,
    "job": jobs.show_job,
    "cancel": jobs.cancel,
    "retry": jobs.retry,
    "watch": jobs.watch,
    "serve": serve.serve,
    "up": service.up,
    "worker": service.worker,
    "deploy": service.deploy,
    "doctor": doctor.doctor,
}
for name, command in COMMANDS.items():
    app.command(name)(command)
for group in (compound.compounds, catalog_copy.catalogs):
    app.add_typer(group)


def _show_version(asked: bool) -> None:  # noqa: FBT001 - called by Typer
    if asked:
        sys.stdout.write(f"autoclip {version('autoclip')}\n")
        raise typer.Exit


@app.callback()
def with_variables(
    context: typer.Context,
    env_file: Annotated[
        Path | None,
        typer.Option("--env-file", exists=True, dir_okay=False, help="Read variables (AUTOCLIP_...) from this file."),
    ] = None,
    *,
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and end.")
    ] = False,
) -> None:
    """Read the variables of the file that a command names."""
    if env_file is not None:
        before = os.environ.get(ENV_FILE)
        os.environ[ENV_FILE] = str(env_file.absolute())  # processes that the command starts read it from there, too
        context.call_on_close(lambda: _restore(before))


def _restore(before: str | None) -> None:
    """Reset the file that a command named."""
    if before is None:
        os.environ.pop(ENV_FILE, None)
    else:
        os.environ[ENV_FILE] = before


def _options_first(words: Sequence[str]) -> list[str]:
    """Move ``--env-file`` before the command, where Typer expects it."""
    for place, word in enumerate(words):
        if word == "--":
            break
        if word == "--env-file":
            return [*words[place : place + 2], *words[:place], *words[place + 2 :]]
        if word.startswith("--env-file="):
            return [word, *words[:place], *words[place + 1 :]]
    return list(words)


def _leave_out_prefect_files() -> None:
    """Keep Prefect from reading settings in the working folder, and name the files concerned."""
    names = files_for_prefect(Path.cwd())
    if names:
        say(f"autoclip: {Path.cwd()}: settings of Prefect in {', '.join(names)} are ignored; set them as variables")
        import_prefect_elsewhere()


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; our errors become one line on standard error."""
    words = _options_first(sys.argv[1:] if arguments is None else arguments)
    _leave_out_prefect_files()
    try:
        _require_text(words)
        result = _main()(words or ["--help"], prog_name="autoclip", standalone_mode=False)
        sys.stdout.flush()
    except AutoclipError as error:
        return _refused(error)
    except typer.TyperException as error:
        say(f"autoclip: {error.format_message().replace('Value error, ', '')}")  # pydantic's, through typer
        return error.exit_code
    except typer.Abort:
        say("autoclip: nothing was changed; answer with y, or say --yes")
        return 1
    except BrokenPipeError:
        # The reader (head, less) has ended. Redirect standard output, or Python reports an error at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except Exception as error:  # noqa: BLE001 - a library's, or a fault of ours: nobody should have to read a trace
        return _refused(_in_words(error))
    code = result if isinstance(result, int) else DONE
    if code == INTERRUPTED:  # Typer turns Ctrl-C into this code without a message.
        say("autoclip: interrupted")
    return code


@cache
def _main() -> Callable[..., object]:
    """Build the command with all its options: 30 ms, spent once even if one process runs many commands."""
    return typer.main.get_command(app).main


def _require_text(words: Sequence[str]) -> None:
    """Refuse an argument that is not UTF-8: no file, catalog or job of ours could store it."""
    for word in words:
        if printable(word) != word:
            encoding = sys.getfilesystemencoding()
            way_out = (
                "rename that file or folder"
                if encoding == "utf-8"
                else f"names are read as {encoding} here: set PYTHONUTF8=1"
            )
            raise ParameterError(f"{printable(word)}: is not UTF-8; {way_out}")


def _in_words(error: Exception) -> AutoclipError:
    """Return our error for one of the system, a library, or a bug of ours."""
    return of_system(error) or AutoclipError(f"stopped by an error inside autoclip; {_kept_trace()}")


def _refused(error: AutoclipError) -> int:
    """Print why a command ended; return its exit code."""
    say(f"autoclip: {error}")
    with suppress(OSError, ValueError):
        sys.stdout.flush()
        return outcome_of(error).exit_code
    # Buffered output can't be written either: Python would report an error at exit.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return outcome_of(error).exit_code


def _kept_trace() -> str:
    """Write the current traceback to a file; return what to do with it."""
    trace = traceback.format_exc()
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="autoclip-", suffix=".txt", delete=False, encoding="utf-8"
        ) as file:
            file.write(trace)
    except OSError:
        return f"please report it: {trace.splitlines()[-1]}"
    return f"please report it with {file.name}: {trace.splitlines()[-1]}"


def main() -> None:
    """Run the command line of this process."""
    open_closed_streams()
    write_any_character()
    sys.exit(run())
