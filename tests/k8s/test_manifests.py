"""The manifests build, keep to the schemas of Kubernetes, and say what the code needs."""

import importlib.util
import inspect
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml

from console import topology
from mesh import identity
from mesh.certificates import Certificates
from mesh.settings import Settings

Manifest = dict[str, Any]
ROOT = Path(__file__).resolve().parents[2]
KUBERNETES = "1.33"
DEPLOYABLES = {"repertory", "router", "ledger", "declarations", "rights", "gateway"}
CERT_MANAGER = yaml.safe_load((Path(__file__).with_name("cert_manager.yaml")).read_text("utf-8"))


def of_kind(manifests: Iterable[Manifest], kind: str) -> dict[str, Manifest]:
    return {m["metadata"]["name"]: m for m in manifests if m["kind"] == kind}


def pods(manifests: Iterable[Manifest]) -> dict[str, Manifest]:
    return {
        m["metadata"]["name"]: m["spec"]["template"]["spec"]
        for m in manifests
        if m["kind"] in {"Deployment", "StatefulSet"}
    }


def test_every_resource_keeps_strictly_to_its_schema(manifests: tuple[Manifest, ...]) -> None:
    for manifest in manifests:
        if manifest["apiVersion"].startswith("cert-manager.io/"):
            jsonschema.validate(manifest, CERT_MANAGER[manifest["kind"]])
        else:
            kubernetes_validate.validate(manifest, KUBERNETES, strict=True)


def test_a_misspelt_field_is_noticed(base: tuple[Manifest, ...]) -> None:
    deployment = of_kind(base, "Deployment")["router"]
    spoilt = deployment | {"spec": deployment["spec"] | {"replica": 2}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(spoilt, KUBERNETES, strict=True)
    certificate = of_kind(base, "Certificate")["router"]
    spoilt = certificate | {"spec": certificate["spec"] | {"uri": []}}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(spoilt, CERT_MANAGER["Certificate"])


@pytest.mark.parametrize(
    "kind",
    [
        "Certificate",
        "Deployment",
        "HorizontalPodAutoscaler",
        "NetworkPolicy",
        "PodDisruptionBudget",
        "Service",
        "ServiceAccount",
    ],
)
def test_every_deployable_has_the_same_resources(base: tuple[Manifest, ...], kind: str) -> None:
    assert of_kind(base, kind).keys() >= DEPLOYABLES


def test_every_pod_is_unprivileged_and_unwritable(manifests: tuple[Manifest, ...]) -> None:
    for name, pod in pods(manifests).items():
        assert pod["securityContext"]["runAsNonRoot"], name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert pod["automountServiceAccountToken"] is False, name
        for container in pod["containers"] + pod.get("initContainers", []):
            held = container["securityContext"]
            assert held["readOnlyRootFilesystem"], name
            assert held["allowPrivilegeEscalation"] is False, name
            assert held["capabilities"] == {"drop": ["ALL"]}, name
            assert container["resources"]["limits"]["memory"], name


def test_what_a_pod_names_exists(manifests: tuple[Manifest, ...]) -> None:
    settings = of_kind(manifests, "ConfigMap").keys()
    certified = {c["spec"]["secretName"] for c in of_kind(manifests, "Certificate").values()}
    for name, pod in pods(manifests).items():
        for container in pod["containers"] + pod.get("initContainers", []):
            for source in container.get("envFrom", []):
                assert source["configMapRef"]["name"] in settings, name
        for volume in pod["volumes"]:
            for source in volume.get("projected", {}).get("sources", []):
                if "secret" in source and source["secret"]["name"].endswith("-tls"):
                    assert source["secret"]["name"] in certified, name


def test_policies_and_budgets_select_the_pods_of_their_name(base: tuple[Manifest, ...]) -> None:
    for kind, where in (("NetworkPolicy", "podSelector"), ("PodDisruptionBudget", "selector")):
        for name, manifest in of_kind(base, kind).items():
            if name in DEPLOYABLES:
                chosen = manifest["spec"][where]
                assert chosen == {"matchLabels": {"app.kubernetes.io/name": name}}, (kind, name)


def test_all_that_is_not_opened_is_closed(manifests: tuple[Manifest, ...]) -> None:
    closed = of_kind(manifests, "NetworkPolicy")["closed"]["spec"]
    assert closed == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_a_certificate_bears_the_identity_and_the_name_of_its_service(
    base: tuple[Manifest, ...],
) -> None:
    for name, certificate in of_kind(base, "Certificate").items():
        bearer = identity.parse(f"service/{name}")
        assert certificate["spec"]["uris"] == [identity.uri(bearer)]
        (deployable,) = (d for d in topology.DEPLOYABLES if d.name == name)
        assert {*deployable.server_names, "localhost"} <= set(certificate["spec"]["dnsNames"])
        assert {"server auth", "client auth"} <= set(certificate["spec"]["usages"])


def test_the_tls_folder_holds_every_file_that_the_mesh_reads(base: tuple[Manifest, ...]) -> None:
    source = inspect.getsource(Certificates)
    for name, pod in pods(base).items():
        (volume,) = (v for v in pod["volumes"] if v["name"] == "tls")
        laid = {
            item["path"]
            for part in volume["projected"]["sources"]
            for item in part.get("secret", part.get("configMap"))["items"]
        }
        assert laid == {"ca.pem", "cert.pem", "key.pem", "crl.pem"}, name
        assert all(file in source for file in laid)


def test_settings_are_those_of_the_mesh(
    manifests: tuple[Manifest, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, settings in of_kind(manifests, "ConfigMap").items():
        if "-settings-" not in name:
            continue
        known = {f"CROSSROADS_{field.upper()}" for field in Settings.model_fields}
        assert settings["data"].keys() <= known, name
        with monkeypatch.context() as environment:
            for key, value in settings["data"].items():
                environment.setenv(key, value)
            assert name.startswith(Settings().name + "-settings-")


def test_every_module_that_a_container_runs_exists(base: tuple[Manifest, ...]) -> None:
    for pod in pods(base).values():
        for container in pod["containers"] + pod.get("initContainers", []):
            _, module, *arguments = container["args"]
            for name in (module, *arguments):
                assert importlib.util.find_spec(name), name
            for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
                if probe in container:
                    assert importlib.util.find_spec(container[probe]["exec"]["command"][2])


def test_the_size_of_the_country_is_at_least_three_of_everything(
    national: tuple[Manifest, ...],
) -> None:
    scales = of_kind(national, "HorizontalPodAutoscaler")
    assert all(scale["spec"]["minReplicas"] >= 3 for scale in scales.values())
    ratios = [
        m["data"]["CROSSROADS_TRACE_RATIO"]
        for name, m in of_kind(national, "ConfigMap").items()
        if "-settings-" in name
    ]
    assert len(ratios) == len(DEPLOYABLES)
    assert set(ratios) == {"0.01"}


def test_the_image_is_made_of_what_is_there() -> None:
    lines = (ROOT / "k8s" / "Containerfile").read_text("utf-8").splitlines()
    copied = [
        word
        for line in lines
        if line.startswith("COPY ") and "--from" not in line
        for word in line.split()[1:-1]
    ]
    assert [name for name in copied if not (ROOT / name).exists()] == []
    assert {"mesh", "services", "gateway", "protos"} <= set(copied)
    assert not any(line.startswith("USER root") for line in lines)
    assert any(line.startswith("USER 10001") for line in lines)
