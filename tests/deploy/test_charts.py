"""What the charts render, asserted on the objects. Needs helm in .tools (`make helm`)."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from enrolment_hub import certificate as self_signed_files
from rendered import (
    ALL_VALUES,
    CLOUD,
    HELMS,
    NEEDS_HELM,
    ROOT,
    SITE,
    helm,
    meets_restricted,
    pods,
    render,
)

from bus_trust import Hub, HubKeys
from volthus_kit.testing import nats_server_binary

pytestmark = NEEDS_HELM


def self_signed(folder: Path) -> None:
    self_signed_files(folder)
    (folder / "hub.pem").rename(folder / "tls.crt")
    (folder / "hub.key").rename(folder / "tls.key")


@pytest.mark.parametrize("binary", HELMS, ids=["helm3", "helm4"])
@pytest.mark.parametrize(("chart", "values"), ALL_VALUES, ids=lambda path: path.stem)
def test_only_the_gateway_and_a_serial_port_leave_the_level_restricted(chart, values, binary):
    expected = {
        "headless": set(),
        "serial": set(),  # a device plugin asks for no right
        "trial": {"demo-eebus-gateway", "demo-meter-reader"},
    }.get(values.stem, {"demo-eebus-gateway"})
    found = dict(pods(render(chart, "-f", str(values), binary=binary)))
    outside = {name for name, pod in found.items() if not meets_restricted(pod)}
    assert outside == (expected if chart == SITE else set())
    on_host = {name for name, pod in found.items() if pod.get("hostNetwork")}
    assert on_host == outside - {"demo-meter-reader"}


@pytest.mark.parametrize(("chart", "values"), ALL_VALUES, ids=lambda path: path.stem)
def test_every_pod_has_probes_requests_a_memory_limit_and_a_read_only_root(chart, values):
    for name, pod in pods(render(chart, "-f", str(values))):
        assert pod["automountServiceAccountToken"] is False, name
        for container in pod["containers"]:
            assert {"startupProbe", "livenessProbe", "readinessProbe"} <= set(container), name
            assert set(container["resources"]["requests"]) == {"cpu", "memory"}, name
            # No limit of CPU: throttling would delay the control loop. A slash: a device.
            limits = {one for one in container["resources"]["limits"] if "/" not in one}
            assert limits == {"memory"}, name
            assert container["securityContext"]["readOnlyRootFilesystem"] is True, name


@pytest.mark.parametrize(("chart", "values"), ALL_VALUES, ids=lambda path: path.stem)
def test_secrets_come_by_reference_only(chart, values):
    assert "Secret" not in {found["kind"] for found in render(chart, "-f", str(values))}


@pytest.mark.parametrize("release", ["on", "n", "y", "null", "1e3"])
def test_a_release_named_like_a_boolean_keeps_its_labels_as_text(release):
    objects = render(SITE, "-f", str(SITE / "ci/minimal.yaml"), release=release)
    for found in objects:
        labels = found["metadata"].get("labels", {})
        assert all(isinstance(value, str) for value in labels.values()), found["kind"]


def test_control_services_never_run_twice():
    for found in render(SITE, "-f", str(SITE / "ci/minimal.yaml")):
        if found["kind"] == "Deployment":
            assert found["spec"]["replicas"] == 1
            assert found["spec"]["strategy"] == {"type": "Recreate"}


def test_every_service_of_the_product_is_in_a_chart():
    rendered = {
        name.removeprefix("demo-")
        for chart in (SITE, CLOUD)
        for name, _ in pods(render(chart, "-f", str(chart / "ci/minimal.yaml")))
    }
    assert {folder.name for folder in (ROOT / "services").iterdir()} <= rendered


@pytest.mark.parametrize("chart", [SITE, CLOUD], ids=["site", "cloud"])
def test_the_page_is_reached_through_its_service_and_metrics_are_not(chart):
    objects = render(chart, "-f", str(chart / "ci/minimal.yaml"))
    service = next(
        o for o in objects if o["kind"] == "Service" and o["metadata"]["name"] == "demo-web"
    )
    [container] = dict(pods(objects))["demo-web"]["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    env = {entry["name"]: entry.get("value") for entry in container["env"]}
    assert [port["targetPort"] for port in service["spec"]["ports"]] == ["http"]
    assert str(ports["http"]) == env["VOLTHUS_WEB_PORT"]
    assert str(ports["health"]) == env["VOLTHUS_HEALTH_PORT"]
    assert ports["http"] != ports["health"]


@pytest.mark.parametrize("binary", HELMS, ids=["helm3", "helm4"])
def test_behind_an_ingress_everybody_keeps_an_address_of_their_own(binary):
    no_web, no_join = (f"--set={one}.ingress.enabled=false" for one in ("web", "enrolment"))
    for chart, values, names, arguments, is_behind in (
        (CLOUD, "hub", ("demo-web", "demo-enrolment"), (), True),
        (CLOUD, "hub", ("demo-web", "demo-enrolment"), (no_web, no_join), False),
        (SITE, "linked", ("demo-web",), (), True),
        (SITE, "linked", ("demo-web",), (no_web,), False),
    ):
        file = str(chart / f"ci/{values}.yaml")
        found = dict(pods(render(chart, "-f", file, *arguments, binary=binary)))
        for name in names:
            env = {one["name"]: one.get("value") for one in found[name]["containers"][0]["env"]}
            assert (env.get("VOLTHUS_TRUST_PROXY") == "1") is is_behind
            assert ("10.0.0.0/8" in env.get("FORWARDED_ALLOW_IPS", "")) is is_behind


def test_a_site_without_an_id_is_refused():
    done = helm(HELMS[1], "template", "demo", str(SITE))
    assert done.returncode != 0
    assert "id" in done.stderr


@pytest.mark.parametrize(
    "wrong", ["site.id=Upper.Case", "siet.id=x", "eebusGateway.shipPort=0", "nats.leaf.enable=true"]
)
def test_a_value_that_cannot_be_is_refused_before_anything_is_sent(wrong):
    done = helm(HELMS[1], "template", "demo", str(SITE), "--set", f"site.id=ok,{wrong}")
    assert done.returncode != 0
    assert wrong.split("=")[0].split(".")[-1] in done.stderr or "siet" in done.stderr


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ("nats.leaf.tlsSecret=tls,hub.credentialsSecret=c", "operatorSecret"),
        ("nats.leaf.tlsSecret=tls,nats.leaf.operatorSecret=o", "credentialsSecret"),
        ("web.replicas=2", "share one database"),
        ("postgres.enabled=true", "passwordSecret"),
        ("enrolment.enabled=true", "keysSecret"),
        ("enrolment.enabled=true,enrolment.keysSecret=k", "credentialsSecret"),
    ],
)
def test_what_would_not_be_safe_or_not_work_is_refused_with_the_reason(values, says):
    done = helm(HELMS[1], "template", "demo", str(CLOUD), "--set", values)
    assert done.returncode != 0
    assert says in done.stderr


def test_replicas_of_the_front_door_share_a_database_and_keep_nothing_of_their_own():
    objects = render(CLOUD, "-f", str(CLOUD / "ci/hub.yaml"))
    [web] = [
        o for o in objects if o["kind"] == "Deployment" and o["metadata"]["name"] == "demo-web"
    ]
    assert web["spec"]["replicas"] == 3
    assert web["spec"]["strategy"]["type"] == "RollingUpdate"
    pod = web["spec"]["template"]["spec"]
    assert not any("persistentVolumeClaim" in volume for volume in pod["volumes"])
    env = {entry["name"]: entry for entry in pod["containers"][0]["env"]}
    assert env["VOLTHUS_DATABASE_URL"]["valueFrom"]["secretKeyRef"] == {
        "name": "database",
        "key": "url",
    }


def test_replicas_of_smart_charging_stand_apart_and_one_alone_keeps_its_caches():
    one, several = (
        next(
            o["spec"]
            for o in render(CLOUD, "-f", str(CLOUD / "ci/hub.yaml"), "--set", chosen)
            if o["kind"] == "Deployment" and o["metadata"]["name"] == "demo-smart-charging"
        )
        for chosen in ("smartCharging.replicas=1", "smartCharging.replicas=3")
    )
    assert (one["replicas"], one["strategy"]["type"]) == (1, "Recreate")
    assert any("persistentVolumeClaim" in v for v in one["template"]["spec"]["volumes"])
    assert (several["replicas"], several["strategy"]["type"]) == (3, "RollingUpdate")
    pod = several["template"]["spec"]
    assert not any("persistentVolumeClaim" in volume for volume in pod["volumes"])
    assert pod["topologySpreadConstraints"][0]["topologyKey"] == "kubernetes.io/hostname"


def test_a_hub_tells_no_site_what_the_others_listen_for():
    objects = render(CLOUD, "-f", str(CLOUD / "ci/hub.yaml"))
    [config] = [
        o for o in objects if o["kind"] == "ConfigMap" and o["metadata"]["name"] == "demo-nats"
    ]
    leafs = config["data"]["nats.conf"].partition("leafnodes {")[2]
    assert "isolate_leafnode_interest: true" in leafs
    assert 'compression: "off"' in leafs


def test_only_the_enrolment_sees_the_keys_of_the_hub():
    objects = render(CLOUD, "-f", str(CLOUD / "ci/hub.yaml"))
    holders = {
        name
        for name, pod in pods(objects)
        if any(v.get("secret", {}).get("secretName") == "hub-keys" for v in pod["volumes"])
    }
    assert holders == {"demo-enrolment"}


def test_the_hub_takes_its_rendered_configuration(tmp_path):
    objects = render(CLOUD, "-f", str(CLOUD / "ci/hub.yaml"))
    [config] = [
        o for o in objects if o["kind"] == "ConfigMap" and o["metadata"]["name"] == "demo-nats"
    ]
    [server] = [pod for name, pod in pods(objects) if name == "demo-nats"]
    places = {m["name"]: m["mountPath"] for m in server["containers"][0]["volumeMounts"]}
    for name in ("config", "operator", "leaf-tls"):
        (tmp_path / places[name].lstrip("/")).mkdir(parents=True)
    auth = Hub(HubKeys.made()).server_auth(datetime.now(UTC))
    (tmp_path / places["operator"].lstrip("/") / "auth.conf").write_text(auth)
    self_signed(tmp_path / places["leaf-tls"].lstrip("/"))
    # Absolute places of the pod, moved below a folder of ours; an include stays as it is.
    text = config["data"]["nats.conf"].replace('"/etc/', f'"{tmp_path}/etc/')
    path = tmp_path / places["config"].lstrip("/") / "nats.conf"
    path.write_text(text)
    done = subprocess.run(
        [nats_server_binary(), "-t", "-c", path],
        capture_output=True,
        text=True,
        check=False,
        env={"POD_NAME": "demo-nats-0"},
    )
    assert done.returncode == 0, done.stderr


def test_a_site_that_enrols_keeps_its_key_on_its_own_volume_and_needs_no_credentials():
    objects = render(SITE, "-f", str(SITE / "ci/enrolled.yaml"))
    pod = dict(pods(objects))["demo-nats"]
    assert not any("creds" in str(volume) for volume in pod["volumes"])
    assert "initContainers" not in pod  # a site that cannot join must not lose its bus
    [join] = [one for one in pod["containers"] if one["name"] == "link"]
    assert join["command"][:4] == ["volthus-enroll", "--folder", "/data/link", "--ca"]
    code = join["env"][0]["valueFrom"]["secretKeyRef"]
    assert code == {"name": "depot-2-code", "key": "code", "optional": True}
    [config] = [
        o for o in objects if o["kind"] == "ConfigMap" and o["metadata"]["name"] == "demo-nats"
    ]
    assert 'credentials: "/data/link/site.creds"' in config["data"]["nats.conf"]


@pytest.mark.parametrize("binary", HELMS, ids=["helm3", "helm4"])
@pytest.mark.parametrize(("chart", "values"), ALL_VALUES, ids=lambda path: path.stem)
def test_every_image_can_be_named_by_its_digest(chart, values, binary):
    digest = f"sha256:{'0123456789abcdef' * 4}"
    places = ["image", "nats.image"] + (["postgres.image"] if chart == CLOUD else [])
    pins = [word for place in places for word in ("--set", f"{place}.digest={digest}")]
    found = pods(render(chart, "-f", str(values), *pins, binary=binary))
    images = {
        container["image"]
        for _, pod in found
        for container in pod["containers"] + pod.get("initContainers", [])
    }
    assert images
    assert {image.partition("@")[2] for image in images} == {digest}


def test_half_a_digest_is_no_digest():
    done = helm(
        HELMS[1],
        *("template", "demo", str(SITE), "-f", str(SITE / "ci/minimal.yaml")),
        *("--set", "image.digest=sha256:01ab"),
    )
    assert done.returncode != 0
    assert "/image/digest" in done.stderr
