"""The gateway as a process: it serves, and it stops when told to."""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
import sys
import time
from pathlib import Path

import httpx

from console.authority import Authority
from console.state import PROJECT
from tests.gateway.conftest import UNREACHABLE, presenting


def port(log: Path, process: subprocess.Popen[bytes]) -> int:
    """The port in its own log, once it serves."""
    while process.poll() is None:
        for line in log.read_text("utf-8").splitlines():
            event = json.loads(line)
            if event["event"] == "serves":
                return int(event["port"])
        time.sleep(0.1)
    raise AssertionError(log.read_text("utf-8"))


def test_it_stops_at_once_with_an_idle_connection(authority: Authority, tmp_path: Path) -> None:
    place = authority.issue("service/gateway", names=["gateway"])
    log = tmp_path / "gateway.log"
    environment = os.environ | {
        "CROSSROADS_NAME": "gateway",
        "CROSSROADS_TLS": str(place),
        "CROSSROADS_STATE": str(tmp_path),
        "CROSSROADS_PEERS": json.dumps({"router": UNREACHABLE, "declarations": UNREACHABLE}),
        "PYTHONPATH": str(PROJECT / "generated"),
    }
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway"], cwd=PROJECT, env=environment, stderr=errors
        )
    context: ssl.SSLContext = presenting(authority.issue("institution/17/1"), authority.ca)
    with httpx.Client(verify=context, trust_env=False, timeout=20) as idle:
        answer = idle.get(f"https://localhost:{port(log, process)}/ssdn?wsdl")
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    assert b"sendXML" in answer.content
    events = [json.loads(line)["event"] for line in log.read_text("utf-8").splitlines()]
    assert events[-1] == "stopped"
    assert not [event for event in events if "exceeded" in event]
