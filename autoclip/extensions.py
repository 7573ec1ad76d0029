"""Load what installed packages add through entry points: signals, transcribers, detectors, destinations.

Code of other packages may fail in any way while it is imported, created or called. This module turns each failure into
one sentence that names the package.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from autoclip.errors import AutoclipError, ParameterError, system_reason


@dataclass(frozen=True, slots=True)
class ExtensionPoint:
    """A kind of extension that packages can add.

    Attributes
    ----------
    group : str
        Group of its entry points.
    noun : str
        What error messages call it.
    methods, attributes : tuple of str
        Methods and attributes it must have.
    guide : str
        The page that explains how to write one.
    """

    group: str
    noun: str
    methods: tuple[str, ...]
    guide: str
    attributes: tuple[str, ...] = ()

    def installed(self) -> dict[str, EntryPoint]:
        """Return the entry points of all installed packages by name, sorted by name."""
        return {point.name: point for point in sorted(entry_points(group=self.group), key=lambda point: point.name)}

    def made(self, point: EntryPoint, *arguments: object) -> Any:  # noqa: ANN401 - callers know the protocol
        """Import the object that an entry point names, and call it.

        Raises
        ------
        ParameterError
            If that fails, or the result lacks a method or an attribute.
        """
        name = f"{self.noun} {point.name!r} ({point.value})"
        try:
            made = point.load()(*arguments)
        except (Exception, SystemExit) as error:
            raise ParameterError(f"{name} can't be loaded: {_reason(error)}; {_WAY_OUT}") from error
        missing = [
            *(attribute for attribute in self.attributes if not _has(made, attribute)),
            *(f"method {method}" for method in self.methods if not _has(made, method)),
        ]
        if missing:
            raise ParameterError(f"{name} has no {' and no '.join(missing)}; see {self.guide}")
        return made

    @contextmanager
    def calling(self, name: str) -> Iterator[None]:
        """Translate errors raised in the block, where code of another package is called.

        Raises
        ------
        ParameterError
            If the code fails. Errors of autoclip pass through.
        """
        try:
            yield
        except AutoclipError:
            raise
        except (Exception, SystemExit) as error:
            raise ParameterError(f"{self.noun} {name!r} failed: {_reason(error)}; {_WAY_OUT}") from error


def _has(made: object, name: str) -> bool:
    try:
        return hasattr(made, name)
    except Exception:  # noqa: BLE001 - a property that fails is reported when it is used
        return True


_WAY_OUT = "mend or uninstall the package that adds it"


def _reason(error: BaseException) -> str:
    """Return the first line of an error's message, or the type of the error if the message is empty."""
    if isinstance(error, OSError):
        return system_reason(error)
    text = str(error).strip().partition("\n")[0]
    return text if text and not isinstance(error, KeyError | SystemExit) else f"{type(error).__name__} {text}".strip()
