"""What the charts render, as objects. Needs helm in .tools (`make helm`)."""

import subprocess
from functools import cache
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
CHARTS = ROOT / "deploy" / "helm"
HELMS = [ROOT / ".tools" / "helm3", ROOT / ".tools" / "helm4"]
SITE = CHARTS / "volthus-site"
CLOUD = CHARTS / "volthus-cloud"
ALL_VALUES = [
    (chart, values) for chart in (SITE, CLOUD) for values in sorted(chart.glob("ci/*.yaml"))
]
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast where it is there
NEEDS_HELM = [
    pytest.mark.deploy,
    pytest.mark.skipif(
        not all(helm.exists() for helm in HELMS),
        reason="NO HELM: charts are NOT checked here; `make helm` fetches helm and checks them",
    ),
]


def helm(binary: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([binary, *arguments], capture_output=True, text=True, check=False)


@cache
def _text(binary: Path, release: str, chart: Path, arguments: tuple[str, ...]) -> str:
    done = helm(binary, "template", release, str(chart), *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def render(chart: Path, *arguments: str, release: str = "demo", binary: Path = HELMS[1]):
    text = _text(binary, release, chart, arguments)
    return [found for found in yaml.load_all(text, LOADER) if found]


def pods(objects):
    for found in objects:
        if found["kind"] in {"Deployment", "StatefulSet"}:
            yield found["metadata"]["name"], found["spec"]["template"]["spec"]


def meets_restricted(pod) -> bool:
    """Whether a pod meets the Pod Security level "restricted"."""
    volumes_are_fine = all(
        set(volume) & {"configMap", "secret", "emptyDir", "persistentVolumeClaim", "projected"}
        for volume in pod.get("volumes", [])
    )
    containers_are_fine = all(
        container["securityContext"].get("allowPrivilegeEscalation") is False
        and container["securityContext"]["capabilities"]["drop"] == ["ALL"]
        and not container["securityContext"].get("privileged")
        for container in pod["containers"]
    )
    return (
        volumes_are_fine
        and containers_are_fine
        and not pod.get("hostNetwork")
        and pod["securityContext"]["runAsNonRoot"] is True
        and pod["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault"
    )
