"""Nothing is served or asked without mutual TLS."""

import re
from pathlib import Path

OPEN = re.compile(
    r"add_insecure_port|insecure_channel|CERT_NONE|verify\s*=\s*False"
    r"|require_client_authentication=False|require_client_auth=False"
)


def test_no_port_and_no_channel_is_insecure(modules: list[Path]) -> None:
    found = [str(m) for m in modules if OPEN.search(m.read_text("utf-8"))]
    assert found == []


def test_an_insecure_port_would_be_noticed() -> None:
    assert OPEN.search('server.add_insecure_port("0.0.0.0:1")')
    assert OPEN.search("grpc.aio.insecure_channel(address)")
