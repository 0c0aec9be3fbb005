"""The site's chart on a real cluster: in, changed, back, every pod killed. `make cluster-test`."""

import os
from collections.abc import Iterator

import pytest
from cluster_under_test import IMAGE, NEEDS_CLUSTER, READY_S, SITE, Release, installed

pytestmark = [NEEDS_CLUSTER, pytest.mark.timeout(READY_S * 8)]


@pytest.fixture(scope="module")
def site() -> Iterator[Release]:
    chosen = (
        f"site.id={SITE}",
        *IMAGE,
        f"eebusGateway.shipPort={os.environ.get('CLUSTER_SHIP_PORT', '24712')}",
        f"eebusGateway.healthPort={os.environ.get('CLUSTER_HEALTH_PORT', '28082')}",
        *filter(None, os.environ.get("CLUSTER_SET", "").split(",")),
    )
    label = "pod-security.kubernetes.io/enforce=privileged"
    with installed(Release("volthus-site", SITE, chosen), label) as release:
        yield release


def level(site: Release) -> str:
    shown = (
        '-o=jsonpath={.spec.template.spec.containers[0].env[?(@.name=="VOLTHUS_LOG_LEVEL")].value}'
    )
    return site.kubectl("get", "deployment", f"{SITE}-cem", shown)


def identity(site: Release) -> str:
    read = "import hashlib, pathlib; print(sorted(hashlib.sha256(p.read_bytes()).hexdigest()"
    read += " for p in pathlib.Path('/var/lib/volthus').rglob('*.pem')))"
    return site.kubectl("exec", f"deploy/{SITE}-eebus-gateway", "--", "python3", "-c", read)


def test_an_upgrade_and_the_way_back_leave_the_identity_as_it_is(site):
    before = identity(site)
    site.upgrade("logLevel=DEBUG")
    assert level(site) == "DEBUG"
    site.helm("rollback", SITE, "1")
    assert level(site) == "INFO"
    assert identity(site) == before != "[]\n"


def test_every_pod_that_is_killed_comes_back_ready(site):
    for pod in list(site.pods()):
        name = pod["metadata"]["name"]
        site.kubectl("delete", "pod", name, "--grace-period=0", "--force", "--wait")
        site.wait()


def test_every_program_runs_without_root_and_without_a_token(site):
    for pod in site.pods():
        assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
        assert pod["spec"]["automountServiceAccountToken"] is False
        assert all(status["restartCount"] == 0 for status in pod["status"]["containerStatuses"])
