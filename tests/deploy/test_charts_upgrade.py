"""What a server would refuse or a node would stumble over: names, lists, claims, drains."""

from collections import Counter

import pytest
from rendered import ALL_VALUES, CLOUD, HELMS, NEEDS_HELM, ROOT, SITE, pods, render

pytestmark = NEEDS_HELM


def by_name(objects):
    return {(o["kind"], o["metadata"]["name"]): o for o in objects}


@pytest.mark.parametrize(("chart", "values"), ALL_VALUES, ids=lambda path: path.stem)
def test_no_list_that_a_server_merges_by_name_names_anything_twice(chart, values):
    objects = render(chart, "-f", str(values))
    names = Counter((o["kind"], o["metadata"]["name"]) for o in objects)
    assert set(names.values()) == {1}
    for name, pod in pods(objects):
        for container in pod["containers"]:
            env = [one["name"] for one in container.get("env", ())]
            assert len(env) == len(set(env)), name
            ports = [one["name"] for one in container.get("ports", ())]
            assert len(ports) == len(set(ports)), name
            numbers = [one["containerPort"] for one in container.get("ports", ())]
            assert len(numbers) == len(set(numbers)), name
            places = [one["mountPath"] for one in container["volumeMounts"]]
            assert len(places) == len(set(places)), name
        volumes = [one["name"] for one in pod["volumes"]]
        assert len(volumes) == len(set(volumes)), name


@pytest.mark.parametrize(("chart", "values"), ALL_VALUES, ids=lambda path: path.stem)
def test_every_port_that_is_asked_for_by_name_is_there(chart, values):
    objects = render(chart, "-f", str(values))
    for found in objects:
        if found["kind"] != "Service":
            continue
        served = [
            {port["name"] for container in pod["containers"] for port in container.get("ports", ())}
            for name, pod in pods(objects)
            if found["metadata"]["name"].startswith(name)
        ]
        assert served, found["metadata"]["name"]
        wanted = {port["targetPort"] for port in found["spec"]["ports"]}
        assert all(wanted <= ports | {"cluster"} for ports in served)
    for name, pod in pods(objects):
        for container in pod["containers"]:
            ports = {port["name"] for port in container.get("ports", ())}
            for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
                if asked := container[probe].get("httpGet"):
                    assert asked["port"] in ports, name
                    assert container[probe]["timeoutSeconds"] >= 3, name


@pytest.mark.parametrize(("chart", "values"), ALL_VALUES, ids=lambda path: path.stem)
def test_whatever_is_mounted_or_claimed_is_there(chart, values):
    objects = render(chart, "-f", str(values))
    claims = {o["metadata"]["name"] for o in objects if o["kind"] == "PersistentVolumeClaim"}
    maps = {o["metadata"]["name"] for o in objects if o["kind"] == "ConfigMap"}
    named = {"site"}  # of the one who installs: ci/headless.yaml
    for found in objects:
        if found["kind"] not in {"Deployment", "StatefulSet"}:
            continue
        pod = found["spec"]["template"]["spec"]
        templates = {
            one["metadata"]["name"] for one in found["spec"].get("volumeClaimTemplates", ())
        }
        volumes = {one["name"] for one in pod["volumes"]} | templates
        for container in pod["containers"]:
            assert {m["name"] for m in container["volumeMounts"]} <= volumes
        for volume in pod["volumes"]:
            if claim := volume.get("persistentVolumeClaim"):
                assert claim["claimName"] in claims
            if held := volume.get("configMap"):
                assert held["name"] in maps | named


@pytest.mark.parametrize("chart", [SITE, CLOUD], ids=["site", "cloud"])
@pytest.mark.parametrize("binary", HELMS, ids=["helm3", "helm4"])
def test_an_upgrade_changes_nothing_that_a_server_will_not_let_change(chart, binary, tmp_path):
    base = ("-f", str(chart / "ci/minimal.yaml"))
    newer = ("--set", "image.tag=9.9.9,logLevel=DEBUG,nats.image.tag=2.99.0-alpine")
    before = by_name(render(chart, *base, binary=binary))
    after = by_name(render(chart, *base, *newer, binary=binary))
    assert before.keys() == after.keys()
    for key, then in before.items():
        now = after[key]
        if key[0] == "StatefulSet":
            for field in ("selector", "serviceName", "podManagementPolicy", "volumeClaimTemplates"):
                assert then["spec"].get(field) == now["spec"].get(field)
            for claim in now["spec"]["volumeClaimTemplates"]:
                assert set(claim["metadata"]) == {
                    "name"
                }  # labels of a chart's version would change
        if key[0] == "Deployment":
            assert then["spec"]["selector"] == now["spec"]["selector"]
        if key[0] == "PersistentVolumeClaim":
            assert then["spec"] == now["spec"]


@pytest.mark.parametrize(("chart", "values"), ALL_VALUES, ids=lambda path: path.stem)
def test_no_disruption_budget_blocks_the_drain_of_a_node(chart, values):
    objects = render(chart, "-f", str(values))
    budgets = [o["spec"] for o in objects if o["kind"] == "PodDisruptionBudget"]
    assert budgets
    assert all(budget["maxUnavailable"] >= 1 for budget in budgets)
    assert all("minAvailable" not in budget for budget in budgets)


def test_every_pod_goes_where_the_values_say_and_its_image_is_let_through():
    objects = render(
        SITE, "-f", str(SITE / "ci/headless.yaml"), "--set", "nats.external.url=,web.enabled=true"
    )
    found = dict(pods(objects))
    assert "demo-nats" in found
    for name, pod in found.items():
        assert pod["nodeSelector"] == {"kubernetes.io/arch": "arm64"}, name
        assert pod["tolerations"] == [{"key": "edge", "operator": "Exists"}], name
        assert pod["imagePullSecrets"] == [{"name": "pull"}], name


def test_replicas_spread_over_nodes_and_still_run_on_one():
    found = dict(pods(render(CLOUD, "-f", str(CLOUD / "ci/hub.yaml"))))
    for name in ("demo-nats", "demo-web"):
        [spread] = found[name]["topologySpreadConstraints"]
        assert spread["whenUnsatisfiable"] == "ScheduleAnyway"
        assert spread["labelSelector"]["matchLabels"]["app.kubernetes.io/instance"] == "demo"


def test_a_setting_by_hand_goes_before_the_charts_own():
    [container] = dict(pods(render(SITE, "-f", str(SITE / "ci/trial.yaml"))))["demo-meter-reader"][
        "containers"
    ]
    levels = [one["value"] for one in container["env"] if one["name"] == "VOLTHUS_LOG_LEVEL"]
    assert levels == ["DEBUG"]


@pytest.mark.parametrize("chart", [SITE, CLOUD], ids=["site", "cloud"])
def test_without_persistence_nothing_waits_for_a_claim(chart):
    arguments = ("-f", str(chart / "ci/minimal.yaml"), "--set", "persistence.enabled=false")
    objects = render(chart, *arguments)
    assert "PersistentVolumeClaim" not in {o["kind"] for o in objects}
    assert not any("volumeClaimTemplates" in o.get("spec", {}) for o in objects)


@pytest.mark.parametrize(("chart", "values"), ALL_VALUES, ids=lambda path: path.stem)
def test_pods_run_as_the_user_of_the_image_and_may_write_where_it_writes(chart, values):
    dockerfile = (ROOT / "deploy/Dockerfile").read_text()
    assert "USER 10001:10001" in dockerfile
    for name, pod in pods(render(chart, "-f", str(values))):
        security = pod["securityContext"]
        users = (security["runAsUser"], security["runAsGroup"], security["fsGroup"])
        assert users == (10001, 10001, 10001), name
        for container in pod["containers"]:
            places = {m["name"] for m in container["volumeMounts"]}
            assert "tmp" in places or container["name"] == "nats", name
