"""Ask the process beside this one how it is: `python -m mesh.probe alive|ready`.

Kubernetes' own gRPC probe presents no certificate. This one reads the same settings as
the process it asks, so it presents the same certificate. Exit status 0 says yes.
"""

from __future__ import annotations

import http.client
import ssl
import sys

import grpc
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

from mesh.certificates import Certificates
from mesh.settings import Settings

TIMEOUT_S = 3.0
OVER_HTTPS = frozenset({"gateway", "portal"})
"""Processes that serve HTTPS and answer `GET /health`; every other one serves gRPC."""


def grpc_health(settings: Settings, port: int) -> str:
    """`SERVING`, `NOT_SERVING`, or the status code where no answer came."""
    credentials = Certificates(settings.tls).channel_credentials()
    options = [("grpc.ssl_target_name_override", settings.name)]
    with grpc.secure_channel(f"127.0.0.1:{port}", credentials, options) as channel:
        check = channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            HealthCheckRequest.SerializeToString,
            HealthCheckResponse.FromString,
        )
        try:
            answer = check(HealthCheckRequest(), timeout=TIMEOUT_S)
        except grpc.RpcError as error:
            return str(error.code().name)
    return HealthCheckResponse.ServingStatus.Name(answer.status)


def https_health(settings: Settings, port: int) -> str:
    """`SERVING`, `NOT_SERVING`, or the name of the error where no answer came."""
    context = ssl.create_default_context(cafile=str(settings.tls / "ca.pem"))
    context.load_cert_chain(settings.tls / "cert.pem", settings.tls / "key.pem")
    connection = http.client.HTTPSConnection("localhost", port, timeout=TIMEOUT_S, context=context)
    try:
        connection.request("GET", "/health")
        return "SERVING" if connection.getresponse().status == http.HTTPStatus.OK else "NOT_SERVING"
    except OSError as error:
        return type(error).__name__
    finally:
        connection.close()


def main(question: str, settings: Settings) -> int:
    """0 when the answer is yes. A process that cannot serve now is alive, but not ready."""
    port = int(settings.listen.rpartition(":")[2])
    ask = https_health if settings.name in OVER_HTTPS else grpc_health
    answer = ask(settings, port)
    sys.stdout.write(f"{settings.name}: {answer}\n")
    wanted = {"ready": {"SERVING"}, "alive": {"SERVING", "NOT_SERVING"}}
    return 0 if answer in wanted[question] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Settings()))
