"""The manifests are what Kubernetes takes, and what they say of the daemon is so."""

from __future__ import annotations

import re
import runpy
import shutil
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from pipeline.settings import PREFIX, Settings, load

ROOT = Path(__file__).resolve().parents[2]
KUBERNETES = ROOT / "deploy" / "kubernetes"
OVERLAYS = ("cpu", "gpu", "postgres")
SCHEMAS = ("1.30", "1.34")  # of Kubernetes releases
CUSTOM = {"ServiceMonitor", "PrometheusRule"}  # no Python package carries their schemas

Manifest = dict[str, Any]


@pytest.fixture(scope="module", params=OVERLAYS)
def manifests(request: pytest.FixtureRequest) -> list[Manifest]:
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is absent: install the package kubernetes-client")
    rendered = subprocess.run(
        ["kubectl", "kustomize", KUBERNETES / "overlays" / request.param],
        capture_output=True,
        text=True,
        check=False,
    )
    if "invalid Kustomization" in rendered.stderr or "unknown field" in rendered.stderr:
        pytest.skip("kubectl is too old: its kustomize does not know patches (before 1.21)")
    assert rendered.returncode == 0, rendered.stderr
    assert rendered.stderr == ""
    return list(yaml.safe_load_all(rendered.stdout))


def one(manifests: list[Manifest], kind: str, name: str = "allsun") -> Manifest:
    (found,) = [
        manifest
        for manifest in manifests
        if manifest["kind"] == kind
        and re.match(rf"{name}(-\w{{10}})?$", manifest["metadata"]["name"])
    ]
    return found


def pod(manifests: list[Manifest]) -> Manifest:
    return one(manifests, "Deployment")["spec"]["template"]["spec"]


def containers(manifests: list[Manifest]) -> list[Manifest]:
    return [*pod(manifests).get("initContainers", []), *pod(manifests)["containers"]]


@pytest.mark.parametrize("release", SCHEMAS)
def test_every_manifest_keeps_to_the_published_schema(
    manifests: list[Manifest], release: str
) -> None:
    for manifest in manifests:
        if manifest["kind"] not in CUSTOM:
            kubernetes_validate.validate(manifest, release, strict=True)
    spoiled = one(manifests, "Deployment") | {"spec": {"replica": 1}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(spoiled, release, strict=True)


def test_resources_of_the_operator_have_its_form(manifests: list[Manifest]) -> None:
    monitor, rule = one(manifests, "ServiceMonitor"), one(manifests, "PrometheusRule")
    for manifest in (monitor, rule):
        assert manifest["apiVersion"] == "monitoring.coreos.com/v1"
    assert set(monitor["spec"]) == {"selector", "jobLabel", "endpoints"}
    assert set(rule["spec"]) == {"groups"}
    for group in rule["spec"]["groups"]:
        assert set(group) <= {"name", "interval", "rules"}
        for each in group["rules"]:
            assert len({"alert", "record"} & set(each)) == 1
            assert set(each) <= {
                "alert",
                "record",
                "expr",
                "for",
                "keep_firing_for",
                "labels",
                "annotations",
            }


def test_one_daemon_at_a_time(manifests: list[Manifest]) -> None:
    deployment = one(manifests, "Deployment")["spec"]
    assert deployment["replicas"] == 1
    assert deployment["strategy"] == {"type": "Recreate"}
    grace = Settings().service.grace.total_seconds()
    assert pod(manifests)["terminationGracePeriodSeconds"] > grace


def test_it_may_do_little(manifests: list[Manifest]) -> None:
    assert pod(manifests)["securityContext"]["runAsNonRoot"]
    assert not pod(manifests)["automountServiceAccountToken"]
    writable = {"data", "scratch"}
    for container in containers(manifests):
        context = container["securityContext"]
        assert context["readOnlyRootFilesystem"]
        assert not context["allowPrivilegeEscalation"]
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert {"cpu", "memory"} <= set(container["resources"]["requests"])
        assert "memory" in container["resources"]["limits"]
        mounts = {mount["name"] for mount in container["volumeMounts"] if not mount.get("readOnly")}
        assert mounts == writable


def test_its_settings_are_settings(
    manifests: list[Manifest], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = one(manifests, "ConfigMap")
    file = tmp_path / "allsun.toml"
    file.write_text(config["data"]["allsun.toml"])
    for container in containers(manifests):
        with monkeypatch.context() as environment:
            for variable in container["env"]:
                if variable["name"] != f"{PREFIX}CONFIG":
                    environment.setenv(variable["name"], variable.get("value", "sqlite://"))
            settings = load(file)
        mounted = {mount["mountPath"] for mount in container["volumeMounts"]}
        assert str(settings.data) in mounted
    assert settings.service.host == "0.0.0.0"  # noqa: S104  the network policy guards it
    (daemon,) = pod(manifests)["containers"]
    assert [port["containerPort"] for port in daemon["ports"]] == [settings.service.port]
    limit = daemon["resources"]["limits"]["memory"]
    assert settings.enhance.memory + 2 <= float(limit.removesuffix("Gi"))


def test_what_names_something_names_what_is_there(manifests: list[Manifest]) -> None:
    labels = one(manifests, "Deployment")["spec"]["template"]["metadata"]["labels"].items()
    for manifest in manifests:
        spec = manifest.get("spec", {})
        selector = spec.get("podSelector", spec.get("selector", {}))
        selector = selector.get("matchLabels", selector)
        if manifest["kind"] in ("Deployment", "Service", "NetworkPolicy"):
            assert selector.items() <= labels, manifest["kind"]
    for volume in pod(manifests)["volumes"]:
        for kind, key, source in (
            ("PersistentVolumeClaim", "claimName", volume.get("persistentVolumeClaim")),
            ("ConfigMap", "name", volume.get("configMap")),
        ):
            if source:
                assert one(manifests, kind)["metadata"]["name"] == source[key]
    monitor = one(manifests, "ServiceMonitor")["spec"]
    metrics = one(manifests, "Service", "allsun-metrics")
    assert monitor["selector"]["matchLabels"].items() <= metrics["metadata"]["labels"].items()
    ports = {port["name"] for port in metrics["spec"]["ports"]}
    assert {endpoint["port"] for endpoint in monitor["endpoints"]} <= ports
    assert metrics["metadata"]["labels"][monitor["jobLabel"]] == "allsun"


def test_the_gpu_and_the_database_come_with_their_overlays(
    manifests: list[Manifest], request: pytest.FixtureRequest
) -> None:
    overlay = request.node.callspec.params["manifests"]
    (daemon,) = pod(manifests)["containers"]
    variables = {variable["name"]: variable for variable in daemon["env"]}
    assert ("nvidia.com/gpu" in daemon["resources"]["limits"]) == (overlay == "gpu")
    assert ("tensorrt" in variables["ALLSUN_ENHANCE__PROVIDERS"]["value"]) == (overlay == "gpu")
    assert ("ALLSUN_ARCHIVES__LEDGER" in variables) == (overlay == "postgres")
    doors = [
        port["port"]
        for rule in one(manifests, "NetworkPolicy")["spec"]["egress"]
        for port in rule["ports"]
    ]
    assert (5432 in doors) == (overlay == "postgres")
    # A password is only ever in a Secret.
    assert all("value" not in v for name, v in variables.items() if name.endswith("LEDGER"))


def test_the_rules_link_to_runbooks_where_an_operator_serves_them() -> None:
    made = runpy.run_path(str(ROOT / "ops" / "kubernetes_rules.py"))
    rules = (ROOT / "ops" / "prometheus" / "allsun.rules.yml").read_text()
    linked = yaml.safe_load(made["resource"](rules, "https://wiki.example/allsun/"))
    alerts = [r for g in linked["spec"]["groups"] for r in g["rules"] if "alert" in r]
    assert [alert["annotations"]["runbook_url"] for alert in alerts] == [
        f"https://wiki.example/allsun/{alert['alert']}.md" for alert in alerts
    ]


def test_the_rules_are_those_of_prometheus() -> None:
    made = runpy.run_path(str(ROOT / "ops" / "kubernetes_rules.py"))
    rules = made["RULES"].read_text()
    written = made["RESOURCE"].read_text()
    assert written == made["resource"](rules), "run `.venv/bin/python ops/kubernetes_rules.py`"
    assert yaml.safe_load(written)["spec"] == yaml.safe_load(rules)
