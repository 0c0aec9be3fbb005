"""A Kubernetes cluster of somebody's own, spoken to by helm and kubectl as its operator would."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHARTS = ROOT / "deploy/helm"
READY_S = int(os.environ.get("CLUSTER_READY_S", "240"))
SITE = os.environ.get("CLUSTER_SITE", "volthus-trial")
REPOSITORY, _, TAG = os.environ.get("CLUSTER_IMAGE", "volthus:0.1.0").rpartition(":")
IMAGE = (f"image.repository={REPOSITORY}", f"image.tag={TAG}")
NEEDS_CLUSTER = pytest.mark.skipif(
    not os.environ.get("CLUSTER_KUBECONFIG"),
    reason="NO CLUSTER: name one in CLUSTER_KUBECONFIG; namespaces are made there and deleted",
)


class RefusedByClusterError(AssertionError):
    """A command did not end with 0; the text is what it said."""


def run(*command: str, timeout_s: float = READY_S + 30) -> str:
    """Return what a command says. Raises RefusedByClusterError with its errors."""
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=timeout_s, check=False
    )
    if done.returncode != 0:
        raise RefusedByClusterError(f"{' '.join(command)}: {done.stderr}")
    return done.stdout


@dataclass(frozen=True, slots=True)
class Release:
    """One release of a chart in a namespace of the same name."""

    chart: str
    name: str
    settings: tuple[str, ...] = ()
    binary: str = os.environ.get("CLUSTER_HELM", ".tools/helm4")

    def kubectl(self, *words: str) -> str:
        """Return what kubectl says about the release's namespace."""
        return run("kubectl", "--namespace", self.name, *words)

    def helm(self, *words: str) -> str:
        """Run helm on the release's namespace; it waits until all is ready."""
        waiting = ("--wait", "--timeout", f"{READY_S}s")
        return run(self.binary, "--namespace", self.name, *words, *waiting)

    def upgrade(self, *more: str) -> None:
        """Install the release, or change it by settings such as `logLevel=DEBUG`."""
        chosen = [word for one in (*self.settings, *more) for word in ("--set", one)]
        self.helm("upgrade", "--install", self.name, str(CHARTS / self.chart), *chosen)

    def pods(self) -> Iterator[dict]:
        """Yield the pods of the release that are not on their way out."""
        for pod in json.loads(self.kubectl("get", "pods", "-o", "json"))["items"]:
            if "deletionTimestamp" not in pod["metadata"]:
                yield pod

    def wait(self) -> None:
        """Wait until every workload has all its pods ready. Raises RefusedByClusterError."""
        for one in self.kubectl("get", "deployments,statefulsets", "-o", "name").split():
            self.kubectl("rollout", "status", one, f"--timeout={READY_S}s")


@contextmanager
def installed(release: Release, *labels: str) -> Iterator[Release]:
    """Install a release into a namespace that is made for it, and deleted afterwards."""
    os.environ["KUBECONFIG"] = os.environ["CLUSTER_KUBECONFIG"]
    run("kubectl", "create", "namespace", release.name)  # one that is there already is not ours
    try:
        for label in labels:
            run("kubectl", "label", "namespace", release.name, label)
        release.upgrade()
        yield release
    finally:
        run("kubectl", "delete", "namespace", release.name, "--wait")
