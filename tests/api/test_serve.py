"""`autoclip serve` refuses to be open to strangers."""

import socket

import pytest

from autoclip.errors import ParameterError, ServiceError
from interfaces.cli.serve import is_local, require_free_port, require_guarded
from storage.environment import read_environment


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "localhost", "::1"])
def test_on_this_machine_no_token_is_needed(host, tmp_path):
    assert is_local(host)
    require_guarded(read_environment({"AUTOCLIP_HOST": host}, tmp_path / "none"), force=False)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "clips.example", "127.0.0.1.example"])
def test_elsewhere_a_token_is(host, tmp_path):
    bare = read_environment({"AUTOCLIP_HOST": host}, tmp_path / "none")
    with pytest.raises(ParameterError, match="AUTOCLIP_API_TOKEN"):
        require_guarded(bare, force=False)
    require_guarded(bare, force=True)
    guarded = read_environment({"AUTOCLIP_HOST": host, "AUTOCLIP_API_TOKEN": "t"}, tmp_path / "none")
    require_guarded(guarded, force=False)


@pytest.mark.parametrize("host", ["127.0.0.1", "192.0.2.1", "no-such-host.invalid"])
def test_an_address_that_can_not_be_listened_on_is_refused(host):
    """It is another program's, another machine's, or no machine's (RFC 5737, RFC 6761)."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ServiceError, match=rf"{host}, port {port} \(.+\); stop .* or choose others"):
            require_free_port(host, port)
    require_free_port("127.0.0.1", port)
