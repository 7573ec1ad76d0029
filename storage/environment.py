"""The environment of this machine: data folder, ffmpeg, addresses, limits, and analysis settings as variables.

Only this module reads ``AUTOCLIP_*`` variables, including those in files (`storage.variable_files`; a process variable
takes precedence). Interfaces and flows all read it from here, because a flow run is a separate process that a worker
starts: it has no command line, only its environment.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_serializer,
    field_validator,
)
from pydantic_core import ErrorDetails

from autoclip.errors import ParameterError, printable
from autoclip.media.pixel_limit import DEFAULT_MAX_PIXELS, limit_pixels
from autoclip.settings import NAMES_LISTED, OWNERS_SETTINGS, Settings, suggestion
from storage.variable_files import PREFIX, file_variables, warn_of_ignored

FOREIGN_NAMES = frozenset({"AUTOCLIP_SHARED"})
"""Names with our prefix that are read elsewhere: AUTOCLIP_SHARED locates additional test media."""

HARMLESS_NAMES = frozenset(
    {"catalog_busy_sec", "debug", "extraction_processes", "max_concurrent_decodes", "max_concurrent_renders"}
)
"""Variables of the service that an implicit ``.env`` may set, besides every analysis setting.

The others name a program, a folder, an address or a permission.
"""

RENAMED_VARIABLES = {"decodes_at_once": "max_concurrent_decodes", "renders_at_once": "max_concurrent_renders"}
"""Former names of variables, with their current names."""

Origin = Literal["environment", ".env", "default"]


def _split(value: object) -> object:
    """Split ``"a, b"`` into two values."""
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_split)]
Paths = Annotated[tuple[Path, ...], BeforeValidator(_split)]


class Environment(BaseModel):
    """Every variable of the service, and the analysis settings that the environment changes.

    A field ``name`` is the variable ``AUTOCLIP_NAME``. Paths become absolute when read, so that they mean the same in a
    process with another working folder.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    env_file: Path | None = Field(
        None, description="File of variables that is read as if they were set; --env-file names it for one command."
    )
    data_dir: Path = Field(Path("data"), description="Folder of the catalog and of every project's files.")
    database_url: str = Field(
        "",
        description="Catalog, as duckdb:///PATH or postgresql://USER@HOST/DATABASE; empty: autoclip.duckdb in the data "
        "folder.",
        pattern="^((duckdb|postgresql|postgres)://.+)?$",
        repr=False,
    )
    store_url: str = Field(
        "",
        description="Store of the projects' files for machines without a folder in common: s3://BUCKET/PREFIX, gs://, "
        "az:// or file:///FOLDER; empty: they are kept in the data folder alone.",
        pattern="^((file|s3|gs|az)://[^@?#\\s]+)?$",
    )
    store_cache_gb: float = Field(
        50.0,
        gt=0,
        le=1_000_000,
        description="Size of this machine's copies of what is in the store, in GB; the longest unused goes first.",
    )
    catalog_busy_sec: float = Field(
        30.0, gt=0, le=3600, description="How long to wait for other processes that hold the catalog, in seconds."
    )
    ffmpeg: Path | None = Field(None, description="The ffmpeg to render with; unset: the one that was installed along.")
    source_roots: Paths = Field((), description="Folders below which the API may open local files; comma-separated.")
    host: str = Field("127.0.0.1", description="Address the API and the page listen on.")
    port: int = Field(8000, ge=1, le=65535, description="Port of the API and the page.")
    api_token: SecretStr | None = Field(None, description="If set, every API request must carry it.")
    trusted_proxies: Names = Field(
        (),
        description="Addresses or networks (10.0.0.0/8) of proxies before the API, whose X-Forwarded-For tells whose "
        "request it is; comma-separated.",
    )
    cors_origins: Names = Field((), description="Origins of other pages that may use the API; comma-separated.")
    allowed_hosts: Names = Field(
        (), description="Further host names the API answers to, such as clips.example.org; comma-separated."
    )
    output_roots: Paths = Field(
        (), description="Folders below which the API may let exports be written; unset: those of source_roots."
    )
    max_pixels: int = Field(
        DEFAULT_MAX_PIXELS, ge=10_000, le=2**31 - 1, description="Largest picture that is decoded, in pixels."
    )
    upload_limit_gb: float = Field(20.0, gt=0, le=10_000, description="Largest file that may be uploaded, in GB.")
    requests_per_second: float = Field(
        100.0, ge=0, le=100_000, description="Requests a client may make in the long run; 0: as many as it likes."
    )
    require_if_match: bool = Field(
        default=False,
        description="Refuse changes of clips and projects that don't say which revision they started from.",
    )
    keep_deleted_days: float = Field(
        7.0, ge=0, le=3650, description="Days a deleted project can be restored before it is removed permanently."
    )
    allow_private_urls: bool = Field(
        default=False,
        description="Let the API take, and jobs fetch from, addresses in the local network, such as 192.168.1.5.",
    )
    frontend_dir: Path | None = Field(
        None, description="Folder of another web page to serve, with its index.html; unset: autoclip's own."
    )
    serve_frontend: bool = Field(default=True, description="Serve the web page at / beside the API.")
    rater_url: str = Field(
        "",
        description="Address of a language model that rates talks, such as http://127.0.0.1:11434/v1 (OpenAI's chat "
        "completions protocol); sentences of talks are sent there. Empty: no model is asked.",
        pattern=r"^(https?://[^\s/@?#]+(/[^\s?#]*)?)?$",
        max_length=2000,
    )
    rater_model: str = Field("default", description="What that server calls the model.", min_length=1, max_length=200)
    rater_key: SecretStr | None = Field(None, description="Key that is sent to it as a bearer token.")
    rater_timeout_sec: float = Field(
        120.0, gt=0, le=3600, description="How long it may take for one answer, in seconds."
    )
    debug: bool = Field(default=False, description="Log more.")
    prefect_host: str = Field("127.0.0.1", description="Address 'autoclip up' starts Prefect's server on.")
    prefect_port: int = Field(4200, ge=1, le=65535, description="Port 'autoclip up' starts Prefect's server on.")
    work_pool: str = Field("autoclip", description="Prefect work pool whose workers run our flows.")
    max_concurrent_decodes: int = Field(0, ge=0, le=256, description="Videos decoded at once; 0: half of the cores.")
    max_concurrent_renders: int = Field(0, ge=0, le=256, description="Exports rendered at once; 0: half of the cores.")
    max_concurrent_decodes_total: int = Field(
        0, ge=0, le=100_000, description="Videos decoded at once on all machines together; 0: as the server has it."
    )
    max_concurrent_renders_total: int = Field(
        0, ge=0, le=100_000, description="Exports rendered at once on all machines together; 0: as the server has it."
    )
    extraction_processes: int = Field(
        1,
        ge=0,
        le=256,
        description="Processes that measure a long video side by side; 1: one pass; 0: by its length and the cores.",
    )
    dask_scheduler: str = Field(
        "",
        description="Address of dask's scheduler, such as tcp://10.0.0.5:8786, whose workers measure a long video side "
        "by side on any machine; empty: this machine does.",
        pattern="^((tcp|tls)://[^\\s/@?#]+)?$",
    )
    analysis: dict[str, str] = Field(default_factory=dict, description="Analysis settings set as AUTOCLIP_<NAME>.")
    origins: dict[str, Origin] = Field(default_factory=dict, description="Where each value that was set came from.")

    @field_validator("api_token", "rater_key")
    @classmethod
    def _empty_is_none(cls, token: SecretStr | None) -> SecretStr | None:
        """Treat an empty token, as in templates of .env files, as none: it would protect nothing."""
        return token if token is not None and token.get_secret_value().strip() else None

    @field_validator("trusted_proxies")
    @classmethod
    def _all_networks(cls, proxies: tuple[str, ...]) -> tuple[str, ...]:
        for proxy in proxies:
            ipaddress.ip_network(proxy, strict=False)
        return proxies

    @field_validator("env_file", "data_dir", "ffmpeg", "frontend_dir")
    @classmethod
    def _absolute(cls, path: Path | None) -> Path | None:
        return None if path is None else _usable(path)

    @field_validator("source_roots", "output_roots")
    @classmethod
    def _all_absolute(cls, paths: tuple[Path, ...]) -> tuple[Path, ...]:
        return tuple(_usable(path) for path in paths)

    @field_serializer("database_url")
    def _without_password(self, url: str) -> str:
        """Return a URL without its password; `variables` has the full one."""
        return re.sub(r"(?<=[?&]password=)[^&]*", "***", re.sub(r"(?<=://)([^/@:]*):[^/]*@", r"\1:***@", url))

    @property
    def on_postgresql(self) -> bool:
        """Whether the catalog is in PostgreSQL."""
        return names_postgresql(self.database_url)

    @property
    def catalog_path(self) -> Path:
        """Return the DuckDB file of a catalog that is not in PostgreSQL."""
        return duckdb_path(self.database_url) if self.database_url else self.data_dir / "autoclip.duckdb"

    @property
    def prefect_url(self) -> str:
        """The API of the Prefect server that ``autoclip up`` starts."""
        return f"http://{self.prefect_host}:{self.prefect_port}/api"

    @property
    def page_url(self) -> str:
        """The page's address on this machine, whatever addresses it listens on."""
        host = self.host if self.host not in {"0.0.0.0", "::"} else "127.0.0.1"  # noqa: S104 - compared
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}/"

    @property
    def readable_roots(self) -> tuple[Path, ...]:
        """Return the folders that a project's video must not lead out of."""
        return (*self.source_roots, self.data_dir)

    @property
    def writable_roots(self) -> tuple[Path, ...]:
        """Return the folders below which the API may write exports."""
        return self.output_roots or self.source_roots

    @property
    def settings(self) -> Settings:
        """Return the analysis settings of this machine: the defaults, changed by the environment."""
        return Settings.from_flat(self.analysis)

    @property
    def decode_limit(self) -> int:
        """Return how many videos are decoded at once: a decode keeps about two cores busy (with FFmpeg's threads)."""
        return self.max_concurrent_decodes or max(1, (os.cpu_count() or 2) // 2)

    @property
    def render_limit(self) -> int:
        """Return how many exports are rendered at once; x264 uses two or more cores, so more would only wait."""
        return self.max_concurrent_renders or max(1, (os.cpu_count() or 2) // 2)

    def origin(self, name: str) -> Origin:
        """Return where the value of a field or analysis setting came from."""
        return self.origins.get(name, "default")

    def variables(self) -> dict[str, str]:
        """Return the variables that give a child process this same environment in any working folder."""
        plain = {
            name: _spelled(getattr(self, name))
            for name in type(self).model_fields
            if name not in {"analysis", "origins"} and (name in self.origins or name == "data_dir")
        }
        return {PREFIX + name.upper(): value for name, value in (plain | self.analysis).items()}


def names_postgresql(location: str) -> bool:
    """Whether a catalog's URL is a PostgreSQL URL."""
    return location.startswith(("postgresql://", "postgres://"))


def duckdb_path(location: str) -> Path:
    """Return the file of ``duckdb:///PATH``, or of a plain path."""
    return (
        Path(location.removeprefix("duckdb://").removeprefix("/") if "://" in location else location)
        .expanduser()
        .absolute()
    )


def read_environment(variables: Mapping[str, str] | None = None, env_file: Path | None = None) -> Environment:
    """Read the environment, and apply its pixel limit to this process.

    Parameters
    ----------
    variables : mapping of str to str, optional
        The variables; by default those of the process.
    env_file : Path, optional
        A trusted file of variables; it need not exist. By default the one that ``AUTOCLIP_ENV_FILE`` names, or else
        ``.env`` in the working folder, of which only harmless variables count.

    Returns
    -------
    Environment
        The validated values, including the analysis settings.

    Raises
    ------
    ParameterError
        If an ``AUTOCLIP_`` name is unknown (the message suggests the nearest one) or a value is not allowed; one
        message lists all faults. Also if a file of variables can't be read, or the named one does not exist.
    """
    from_process = os.environ if variables is None else variables
    settings = [parameter.name for parameter in Settings.parameters()]
    harmless = {f"{PREFIX}{name.upper()}" for name in HARMLESS_NAMES.union(settings) - OWNERS_SETTINGS}
    files = file_variables(from_process, env_file, harmless)
    for path, names in files.ignored.items():
        warn_of_ignored(path, names)
    from_file = files.values
    origins: dict[str, Origin] = dict.fromkeys(_ours(from_file), ".env")
    origins |= dict.fromkeys(_ours(from_process), "environment")
    values = _ours(from_file) | _ours(from_process)
    known = [name for name in Environment.model_fields if name not in {"analysis", "origins"}]
    faults = [_unknown(name, known + settings) for name in values if name not in known and name not in settings]
    if faults:
        raise ParameterError("; ".join(faults))
    analysis = {name: value for name, value in values.items() if name in settings}
    environment = _checked({name: value for name, value in values.items() if name in known}, analysis, origins)
    limit_pixels(environment.max_pixels)
    environment.settings  # noqa: B018 - a bad value must be reported now, by the name of its variable, not in a flow run
    return environment


def _checked(values: dict[str, Any], analysis: dict[str, str], origins: dict[str, Origin]) -> Environment:
    try:
        return Environment(**values, analysis=analysis, origins=origins)
    except ValidationError as error:
        raise ParameterError("; ".join(map(_sentence, error.errors()))) from error


def _sentence(fault: ErrorDetails) -> str:
    """Turn an error of pydantic's into a sentence; a variable's description tells its form better than a pattern."""
    field, reason = str(fault["loc"][0]), fault["msg"].removeprefix("Value error, ")
    if fault["type"] == "string_pattern_mismatch":
        reason = f'it does not have the form of "{Environment.model_fields[field].description}"'
    return f"{PREFIX}{field.upper()} is not allowed: {reason}"


def _usable(path: Path) -> Path:
    """Return an absolute path; raise ValueError if no catalog could store it."""
    path = path.expanduser().absolute()
    if printable(str(path)) != str(path):
        raise ValueError(f"{printable(str(path))} is not UTF-8; rename that folder, or choose another one")
    return path


def _ours(variables: Mapping[str, str]) -> dict[str, str]:
    """Select the variables with our prefix, by their field's name."""
    return {
        name.removeprefix(PREFIX).lower(): value
        for name, value in variables.items()
        if name.startswith(PREFIX) and name not in FOREIGN_NAMES
    }


def _unknown(name: str, known: Iterable[str]) -> str:
    if name in RENAMED_VARIABLES:
        return f"unknown variable {_variable(name)}; it is now called {_variable(RENAMED_VARIABLES[name])}"
    hint = suggestion(name, known, _variable) or NAMES_LISTED
    return f"unknown variable {_variable(name)}; {hint}"


def _variable(name: str) -> str:
    """Return the variable of a field or an analysis setting."""
    return f"{PREFIX}{name.upper()}"


def _spelled(value: object) -> str:
    """Format a value for a variable."""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
