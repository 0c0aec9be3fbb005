"""The cloud's chart on a real cluster: in, changed and back, by each helm. `make cluster-test`."""

import os
from collections.abc import Iterator

import pytest
from cluster_under_test import IMAGE, NEEDS_CLUSTER, READY_S, Release, installed

pytestmark = [NEEDS_CLUSTER, pytest.mark.timeout(READY_S * 5)]

NAME = os.environ.get("CLUSTER_CLOUD", "volthus-cloud-trial")
HELMS = (".tools/helm4", ".tools/helm3")


@pytest.fixture(params=HELMS)
def cloud(request) -> Iterator[Release]:
    small = ("nats.replicas=1", *filter(None, os.environ.get("CLUSTER_SET", "").split(",")))
    with installed(Release("volthus-cloud", NAME, (*IMAGE, *small), request.param)) as release:
        yield release


def shown(cloud: Release) -> dict[str, str]:
    return {
        pod["metadata"]["labels"]["app.kubernetes.io/name"]: one.get("value", "")
        for pod in cloud.pods()
        for one in pod["spec"]["containers"][0].get("env", [])
        if one["name"] == "VOLTHUS_LOG_LEVEL"
    }


def test_the_cloud_is_installed_changed_and_taken_back(cloud):
    cloud.upgrade("logLevel=DEBUG")
    assert shown(cloud) == {"web": "DEBUG", "smart-charging": "DEBUG"}
    cloud.helm("rollback", NAME, "1")
    assert shown(cloud) == {"web": "INFO", "smart-charging": "INFO"}
    assert all(
        status["restartCount"] == 0
        for pod in cloud.pods()
        for status in pod["status"]["containerStatuses"]
    )
