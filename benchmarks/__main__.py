"""Run every benchmark, or those named, and write what they measured into docs/benchmarks.md.

A benchmark is a module of this package with a function ``run() -> str`` that returns its section. One that takes
options (``run(arguments)``) is named last, with them behind it.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import os
import platform
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
HEAD = """# Benchmarks

Made by `make bench` (`python -m benchmarks [NAME]...` runs some of them and rewrites their sections).
"""


def main(arguments: list[str]) -> int:
    """Run the benchmarks that are named, or all; the first option and all behind it go to the last of them."""
    first_option = next((at for at, text in enumerate(arguments) if text.startswith("-")), len(arguments))
    names, options = arguments[:first_option], arguments[first_option:]
    benchmarks = discover()
    parser = _parser(benchmarks)
    if not names:
        parser.parse_args(options)
    if unknown := [name for name in names if name not in benchmarks]:
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(benchmarks)}")
    for name in names or benchmarks:
        sys.stderr.write(f"{name} ...\n")
        run = importlib.import_module(f"benchmarks.{name}").run
        given = (options,) if options and name == names[-1] else ()
        if given and "arguments" not in inspect.signature(run).parameters:
            parser.error(f"{name} takes no options")
        section = run(*given)
        if not options:  # with options somebody scores videos of theirs
            write_section(name, f"{section.rstrip()}\n\n{circumstances(name)}\n")
        print(section)
    return 0


def _parser(benchmarks: list[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Run every benchmark, or those named, and write the results to docs/benchmarks.md. Options after "
        "the last name are for that benchmark: 'python -m benchmarks cuts --help' lists them.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(benchmarks))
    return parser


def discover() -> list[str]:
    """Return the names of the benchmark modules; none is imported, since each may need a package of its own."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return [path.stem for path in files if re.search(r"^def run\(", path.read_text("utf-8"), re.MULTILINE)]


def circumstances(name: str) -> str:
    """Say how and on what a section was measured."""
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg()) if hasattr(os, "getloadavg") else "unknown"
    return (
        f"*`python -m benchmarks {name}`, {datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores ({platform.machine()}), "
        f"Python {platform.python_version()}; load averages at the end {load}.*"
    )


def write_section(name: str, section: str) -> None:
    """Put a section into the page in place of its earlier one."""
    page = PAGE.read_text() if PAGE.exists() else HEAD
    block = f"<!-- {name} -->\n{section}<!-- end of {name} -->"
    pattern = re.compile(rf"<!-- {name} -->.*?<!-- end of {name} -->", re.DOTALL)
    page = pattern.sub(lambda _match: block, page) if pattern.search(page) else f"{page.rstrip()}\n\n{block}\n"
    PAGE.write_text(page)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
