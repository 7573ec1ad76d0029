"""Deliver a finished file to a folder, any fsspec address, or a destination of an installed package.

A package adds a destination through an entry point of the group `ENTRY_POINT_GROUP`; docs/destinations.md has an
example.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, cast

import fsspec
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from autoclip.errors import AutoclipError, ExportError, ParameterError, from_system, system_reason
from autoclip.export.mounts import require_mounted
from autoclip.export.names import publish
from autoclip.export.render_context import temporary_path
from autoclip.extensions import ExtensionPoint
from autoclip.file_names import safe_name
from autoclip.progress import Progress, ProgressListener, ignore_progress
from autoclip.settings import unknown_name

ENTRY_POINT_GROUP = "autoclip.destinations"

_DESTINATIONS = ExtensionPoint(ENTRY_POINT_GROUP, "destination", ("deliver",), "docs/destinations.md")

FIRST_PAUSE_SEC = 1.0
PAUSE_GROWTH = 2.0
ATTEMPTS = 4
_BLOCK_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Delivery:
    """A file to deliver.

    Attributes
    ----------
    path : Path
        The finished file.
    title : str
        Name of the clip.
    description : str
        A description for people.
    options : mapping of str to str
        Options of the destination: an address, an account. Never a secret: a destination reads its secrets from the
        environment or the user's key store.
    """

    path: Path
    title: str
    description: str = ""
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof of delivery.

    Attributes
    ----------
    destination : str
        The destination's name.
    address : str
        Where the file is now: a path or a URL.
    size_bytes : int
        Size of the delivered file in bytes.
    """

    destination: str
    address: str
    size_bytes: int


class TemporaryFailure(ExportError):  # noqa: N818 - it is not final
    """A destination could not be reached or was busy. A retry may succeed."""


class Destination(Protocol):
    """A destination that a package adds; one instance serves many files."""

    def deliver(self, delivery: Delivery, on_progress: ProgressListener) -> Receipt:
        """Deliver the file.

        Raises
        ------
        TemporaryFailure
            If a retry may succeed.
        ExportError
            If a retry would fail, too.
        """


class FolderDestination:
    """Copies into a folder (option ``folder``). Never replaces a file, and never writes below an unmounted disk."""

    def deliver(self, delivery: Delivery, on_progress: ProgressListener) -> Receipt:
        """Copy the file under a temporary name, then rename it."""
        folder = Path(_option(delivery, "folder")).expanduser().absolute()
        require_mounted(folder)
        with temporary_path(folder) as part:
            try:
                with delivery.path.open("rb") as source, part.open("wb") as target:
                    _copy(source.read, target.write, delivery.path.stat().st_size, on_progress)
            except OSError as error:
                raise ExportError(f"{delivery.path.name} can't be copied: {from_system(error, folder)}") from error
            arrived = publish(part, folder / delivery.path.name, overwrite=False)
        return Receipt("folder", str(arrived), arrived.stat().st_size)


class AddressDestination:
    """Writes to any address that fsspec supports (option ``address``).

    Examples are ``s3://bucket/clips``, ``sftp://...`` and ``memory://...``. Protocols that are not built in need
    packages of their own (s3fs, gcsfs, ...), which also handle the credentials.
    """

    def deliver(self, delivery: Delivery, on_progress: ProgressListener) -> Receipt:
        """Write the file without replacing another, and check that all of it arrived."""
        address = _option(delivery, "address").rstrip("/")
        size = delivery.path.stat().st_size
        try:
            system, root = fsspec.core.url_to_fs(address)
            system.makedirs(root, exist_ok=True)
            name = _free_name(system.exists, root, delivery.path.name)
            with delivery.path.open("rb") as source, system.open(f"{root}/{name}", "wb") as target:
                _copy(source.read, target.write, size, on_progress)
            arrived = int(system.size(f"{root}/{name}") or 0)
        except (ImportError, ValueError) as error:
            raise ParameterError(f"{address} can't be used: {error}") from error
        except (PermissionError, FileNotFoundError) as error:
            raise ExportError(f"{address} refuses {delivery.path.name}: {system_reason(error)}") from error
        except OSError as error:
            raise TemporaryFailure(f"{delivery.path.name} did not get to {address}: {system_reason(error)}") from error
        if arrived != size:
            raise TemporaryFailure(f"{arrived} of {size} bytes of {delivery.path.name} got to {address}")
        return Receipt("address", f"{address}/{name}", arrived)


_BUILT_IN: dict[str, Callable[[], Destination]] = {"folder": FolderDestination, "address": AddressDestination}


def destination_names() -> tuple[str, ...]:
    """Return the names of all installed destinations, the built-in ones first."""
    return (*_BUILT_IN, *(name for name in _DESTINATIONS.installed() if name not in _BUILT_IN))


def describe_destinations() -> dict[str, str]:
    """Return the names of all destinations with the first line of each one's docstring."""
    return {name: _about(name) for name in destination_names()}


def _about(name: str) -> str:
    try:
        found = find_destination(name)
    except ParameterError as error:  # one broken package must not hide the others
        return str(error)
    return (type(found).__doc__ or "").strip().partition("\n")[0]


def find_destination(name: str) -> Destination:
    """Return a destination by its name.

    Raises
    ------
    ParameterError
        If there is none by that name (the message suggests the nearest), or its package is broken.
    """
    if name in _BUILT_IN:
        return _BUILT_IN[name]()
    point = _DESTINATIONS.installed().get(name)
    if point is None:
        hint = unknown_name(name, destination_names()).partition("; ")[2]
        raise ParameterError(f"there is no destination {name!r}, there are {', '.join(destination_names())}; {hint}")
    return cast("Destination", _DESTINATIONS.made(point))


def deliver_file(
    name: str,
    delivery: Delivery,
    on_progress: ProgressListener = ignore_progress,
    *,
    pause: Callable[[float], None] = time.sleep,
) -> Receipt:
    """Deliver a file to a destination, with retries after temporary failures.

    Parameters
    ----------
    name : str
        The destination's name.
    delivery : Delivery
        The file to deliver.
    on_progress : callable
        Called with the delivered share.
    pause : callable
        Waits for this many seconds between two attempts.

    Raises
    ------
    ParameterError
        If there is no such destination, or it needs an option that is missing.
    ExportError
        If the file could not be delivered; for temporary failures, after the last attempt.
    """
    destination = find_destination(name)
    trying = Retrying(
        retry=retry_if_exception_type(TemporaryFailure),
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait_exponential(FIRST_PAUSE_SEC, exp_base=PAUSE_GROWTH),
        sleep=pause,
        reraise=True,
    )
    try:
        return trying(destination.deliver, delivery, on_progress)
    except TemporaryFailure as error:
        raise ExportError(f"{error}; tried {ATTEMPTS} times") from error
    except AutoclipError:
        raise
    except OSError as error:
        raise ExportError(f"destination {name!r} failed on {delivery.path.name}: {from_system(error)}") from error
    except Exception as error:  # code of another package may fail in any way
        raise ExportError(f"destination {name!r} failed on {delivery.path.name}: {error}") from error


def _option(delivery: Delivery, name: str) -> str:
    if not delivery.options.get(name):
        raise ParameterError(f"this destination needs the option {name!r}; see 'autoclip destinations'")
    return delivery.options[name]


def _copy(
    read: Callable[[int], bytes], write: Callable[[bytes], object], size: int, on_progress: ProgressListener
) -> None:
    done = 0
    while block := read(_BLOCK_BYTES):
        write(block)
        done += len(block)
        on_progress(Progress("deliver", min(done / max(size, 1), 1.0), f"{done:,} of {size:,} bytes"))


def _free_name(exists: Callable[[str], bool], root: str, name: str) -> str:
    path = Path(safe_name(name))
    number, candidate = 1, path.name
    while exists(f"{root}/{candidate}"):
        number += 1
        candidate = f"{path.stem} ({number}){path.suffix}"
    return candidate
