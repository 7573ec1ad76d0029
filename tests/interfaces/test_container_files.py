"""The files for containers name commands, variables and packages that there are."""

import re
from pathlib import Path

import pytest
import typer
import yaml

from interfaces.cli.app import app
from storage.environment import read_environment

ROOT = Path(__file__).parents[2]


def containers():
    """Give the command and variables of everything that runs our image."""
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text())
    for name, service in compose["services"].items():
        if service["image"] == "autoclip":
            yield f"compose {name}", service["command"], service["environment"]
    text = (ROOT / "deploy" / "kubernetes" / "autoclip.yaml").read_text()
    listed = yaml.safe_load(text)["items"]
    shared = next(item["data"] for item in listed if item["kind"] == "ConfigMap")
    for item in listed:
        for container in item.get("spec", {}).get("template", {}).get("spec", {}).get("containers", ()):
            own = {each["name"]: each.get("value", "secret") for each in container.get("env", ())}
            secrets = re.findall(r"--from-literal=(\w+)=", text) if "envFrom" in container else ()
            given = dict.fromkeys(secrets, "secret") | own | shared
            yield f"kubernetes {item['metadata']['name']}", container["command"], given


CONTAINERS = {name: (command, variables) for name, command, variables in containers()}


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_container_runs_a_command_there_is_with_variables_that_are_known(name):
    command, variables = CONTAINERS[name]
    if command[0] == "autoclip":
        assert command[1] in typer.main.get_command(app).commands
        environment = read_environment({key: value for key, value in variables.items() if key.startswith("AUTOCLIP_")})
        assert environment.on_postgresql
        assert environment.api_token is not None
    elif command[0] == "python":
        compile(command[2], name, "exec")
        assert f"'{variables['AUTOCLIP_STORE_URL'].split('/')[2]}'" in command[2], "another bucket is made"
    else:
        assert command[:3] == ["prefect", "server", "start"]
        assert variables["PREFECT_SERVER_DATABASE_CONNECTION_URL"].startswith("postgresql+asyncpg://")


def test_the_image_has_all_that_the_package_is_made_of():
    packages = re.findall(r'"([a-z_]+)\*"', (ROOT / "pyproject.toml").read_text())
    let_through = re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    assert set(packages) <= set(let_through)
    assert {"Makefile", "README.md", "constraints.txt", "pyproject.toml"} <= set(let_through)
    variables = dict(re.findall(r"(AUTOCLIP_\w+)=(\S+)", (ROOT / "Dockerfile").read_text()))
    known = {name: value for name, value in variables.items() if value != "..."}
    assert str(read_environment(known).data_dir) == "/data"
