"""The site's chart: ways to RS485, the site file as values, rules of the network."""

import json
import subprocess
import sys

import pytest
import yaml
from rendered import CLOUD, HELMS, NEEDS_HELM, ROOT, SITE, helm, pods, render

from cem.site_file import shape, yaml_text

pytestmark = NEEDS_HELM

MINIMAL = ("-f", str(SITE / "ci/minimal.yaml"))


def reader_of(objects):
    return dict(pods(objects))["demo-meter-reader"]


def policy(objects, name):
    [found] = [
        o
        for o in objects
        if o["kind"] == "NetworkPolicy" and o["metadata"]["name"] == f"demo-{name}"
    ]
    return found["spec"]


def notes_of(*arguments, chart=SITE):
    done = helm(
        HELMS[1],
        *("install", "demo", str(chart), "--dry-run=client", "--namespace", "here"),
        *arguments,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split("NOTES:")[1]


def site_file_of(objects):
    [found] = [
        o for o in objects if o["kind"] == "ConfigMap" and o["metadata"]["name"] == "demo-site-file"
    ]
    return found["data"]["site.yaml"]


def test_by_default_the_meter_reader_touches_no_device():
    reader = reader_of(render(SITE, *MINIMAL))
    assert "supplementalGroups" not in reader["securityContext"]
    assert not any("hostPath" in volume for volume in reader["volumes"])


def test_a_device_plugin_gives_the_port_to_the_meter_reader_alone_and_no_rights():
    found = dict(pods(render(SITE, "-f", str(SITE / "ci/serial.yaml"))))
    [container] = found["demo-meter-reader"]["containers"]
    assert container["resources"]["limits"]["example.com/rs485"] == "2"
    assert container["resources"]["limits"]["memory"]
    assert found["demo-meter-reader"]["securityContext"]["supplementalGroups"] == [20]
    others = [pod for name, pod in found.items() if name != "demo-meter-reader"]
    assert "example.com/rs485" not in json.dumps(others)


def test_a_privileged_meter_reader_is_no_root_and_sees_the_named_ports_only():
    found = dict(pods(render(SITE, "-f", str(SITE / "ci/trial.yaml"))))
    reader = found["demo-meter-reader"]
    [container] = reader["containers"]
    assert container["securityContext"] == {"privileged": True, "readOnlyRootFilesystem": True}
    assert reader["securityContext"]["runAsUser"] == 10001
    paths = [volume["hostPath"] for volume in reader["volumes"] if "hostPath" in volume]
    assert {path["type"] for path in paths} == {"CharDevice"}
    ports = {m["mountPath"] for m in container["volumeMounts"] if m["name"].startswith("serial")}
    assert ports == {path["path"] for path in paths}
    privileged = {n for n, pod in found.items() if "'privileged': True" in str(pod)}
    assert privileged == {"demo-meter-reader"}


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ('{"mode": "privileged"}', "devices is required"),
        ('{"devices": ["/dev/ttyUSB0"]}', "needs meterReader.serial.mode privileged"),
        ('{"mode": "usb"}', "serial"),
        ('{"mode": "device-plugin", "resource": "no-slash"}', "resource"),
        ('{"mode": "privileged", "devices": ["/etc/passwd"]}', "devices"),
    ],
)
def test_a_way_to_rs485_that_cannot_work_is_refused_with_the_reason(values, says):
    arguments = ("--set", "site.id=ok", "--set-json", f"meterReader.serial={values}")
    done = helm(HELMS[1], "template", "demo", str(SITE), *arguments)
    assert done.returncode != 0
    assert says in done.stderr


def test_the_notes_name_each_pod_that_needs_the_level_privileged_and_what_is_not_kept():
    assert "eebus-gateway: the host's network" in notes_of(*MINIMAL)
    trial = notes_of("-f", str(SITE / "ci/trial.yaml"))
    assert "meter-reader: the serial ports /dev/serial/by-id" in trial
    assert "NOTHING IS KEPT" in trial
    plugin = notes_of("-f", str(SITE / "ci/serial.yaml"))
    assert "privileged" not in plugin
    assert "2 of example.com/rs485" in plugin


@pytest.mark.parametrize("binary", HELMS, ids=["helm3", "helm4"])
def test_the_site_file_as_values_is_one_that_the_cem_takes(binary):
    objects = render(SITE, "-f", str(SITE / "ci/serial.yaml"), binary=binary)
    file = shape.read(yaml_text.parse(site_file_of(objects)))
    assert file.grid_connection.fuse_a.l3 == 35
    assert file.pv_systems["south"].peak_w == 12_500_000
    cem = dict(pods(objects))["demo-cem"]
    env = {one["name"]: one.get("value") for one in cem["containers"][0]["env"]}
    [mount] = [m for m in cem["containers"][0]["volumeMounts"] if m["name"] == "site-file"]
    assert env["VOLTHUS_SITE_FILE"] == f"{mount['mountPath']}/site.yaml"
    assert "subPath" not in mount  # a file mounted by itself never changes


def test_a_change_of_the_site_file_restarts_nothing():
    file = ("-f", str(SITE / "ci/serial.yaml"))
    before = render(SITE, *file)
    after = render(SITE, *file, "--set", "siteFile.grid_connection.fuse_a=32")
    assert site_file_of(before) != site_file_of(after)
    assert dict(pods(before)) == dict(pods(after))


def test_a_site_file_is_put_in_as_it_is_with_its_nulls_and_comments(tmp_path):
    text = "# as agreed with the electrician\nversion: 1\ngrid_connection: {margin_a: null}\n"
    path = tmp_path / "site.yaml"
    path.write_text(text)
    objects = render(SITE, *MINIMAL, "--set-file", f"siteFile={path}")
    assert site_file_of(objects).strip() == text.strip()


@pytest.mark.parametrize("binary", HELMS, ids=["helm3", "helm4"])
@pytest.mark.parametrize(
    ("values", "says"),
    [
        ("siteFile.grid_connection.fuze_a=35", "fuze_a"),
        ("siteFile.chargers.short.max_a=16", "chargers"),
        ("siteFile.tariff.token=secret", "would stand in a ConfigMap"),
        ("siteFile.version=1,cem.siteFileConfigMap=site", "two files for one site"),
    ],
)
def test_a_site_file_that_is_wrong_is_refused_before_anything_is_sent(values, says, binary):
    done = helm(binary, "template", "demo", str(SITE), *MINIMAL, "--set", values)
    assert done.returncode != 0
    assert says in done.stderr


def test_the_schema_of_the_chart_has_the_site_file_as_the_cem_has_it():
    command = [sys.executable, ROOT / "scripts/describe_site_file.py", "--check"]
    assert subprocess.run(command, check=False).returncode == 0


def test_every_rule_of_the_network_that_opens_something_says_to_whom_or_where():
    for values in sorted(SITE.glob("ci/*.yaml")):
        for found in render(SITE, "-f", str(values)):
            if found["kind"] != "NetworkPolicy":
                continue
            for rule in (*found["spec"].get("egress", ()), *found["spec"].get("ingress", ())):
                assert rule, "an empty rule opens everything"
                assert rule.get("to", ["any"]), "an empty list of places means every place"
                assert rule.get("ports") or rule.get("to")


def test_without_networks_of_devices_no_way_out_is_opened_for_them():
    objects = render(SITE, "-f", str(SITE / "ci/serial.yaml"))
    assert "demo-devices" not in {o["metadata"]["name"] for o in objects}


def test_the_network_lets_pods_reach_a_bus_of_your_own_a_hub_and_a_collector():
    own = render(SITE, *MINIMAL, "--set", "nats.external.url=nats://bus.messaging:4333")
    assert {"protocol": "TCP", "port": 4333} in [
        port for rule in policy(own, "default-deny")["egress"] for port in rule["ports"]
    ]
    linked = policy(
        render(SITE, "-f", str(SITE / "ci/enrolled.yaml"), "--set", "nats.leaf.url=tls://hub:443"),
        "bus",
    )
    assert [port["port"] for port in linked["egress"][0]["ports"]] == [443, 443]
    traced = policy(render(SITE, "-f", str(SITE / "ci/serial.yaml")), "default-deny")
    assert 4318 in [port["port"] for rule in traced["egress"] for port in rule["ports"]]
    cloud = render(CLOUD, "--set", "nats.external.url=nats://bus:4222,traces.url=https://c.example")
    assert {443, 4222} <= {
        port["port"] for rule in policy(cloud, "default")["egress"] for port in rule["ports"]
    }


def test_values_of_the_traces_reach_every_program():
    objects = render(SITE, "-f", str(SITE / "ci/serial.yaml"))
    for name, pod in pods(objects):
        if name == "demo-nats":
            continue
        env = {one["name"]: one.get("value") for one in pod["containers"][0]["env"]}
        assert env["VOLTHUS_TRACES_URL"] == "http://collector.observability:4318", name
        assert env["VOLTHUS_TRACES_SHARE"] == "0.05", name


def test_the_site_file_of_the_values_parses_as_yaml_of_its_own():
    assert yaml.safe_load(site_file_of(render(SITE, "-f", str(SITE / "ci/serial.yaml"))))


def env_of(objects, program):
    [container] = dict(pods(objects))[f"demo-{program}"]["containers"]
    return {one["name"]: one.get("value") for one in container["env"]}


REMOTE = [
    ("fuse", "cem", "VOLTHUS_REMOTE_FUSE"),
    ("pairing", "eebus-gateway", "VOLTHUS_REMOTE_PAIRING"),
    ("meter", "meter-reader", "VOLTHUS_REMOTE_METER"),
]


@pytest.mark.parametrize(("what", "program", "name"), REMOTE)
def test_what_the_cloud_may_do_alone_is_allowed_by_name_to_its_owner_alone(what, program, name):
    objects = render(SITE, *MINIMAL, "--set", f"remote.{what}=true")
    assert env_of(objects, program)[name] == "1"
    others = {other: env_of(objects, other) for _, other, _ in REMOTE if other != program}
    assert not any("REMOTE" in one for env in others.values() for one in env)


@pytest.mark.parametrize("without", ["remote.fuse=false", "remote=null"])
def test_the_cloud_may_do_nothing_alone_unless_it_is_said(without):
    objects = render(SITE, *MINIMAL, "--set", without)
    assert not any("REMOTE" in one for _, owner, _ in REMOTE for one in env_of(objects, owner))


@pytest.mark.parametrize("wrong", ["remote.fuse=1", "remote.fuses=true"])
def test_a_permission_that_is_none_is_refused(wrong):
    assert helm(HELMS[1], "template", "demo", str(SITE), *MINIMAL, "--set", wrong).returncode != 0


DIES = "THIS PASSWORD DIES WITH ITS POD"


@pytest.mark.parametrize(
    ("chosen", "is_said"),
    [
        ("postgres.enabled=false", False),  # kept on the claim of the one pod
        ("persistence.enabled=false", True),
        ("database.secret=base", True),
        ("database.secret=base,web.usersSecret=users", False),
    ],
)
def test_the_notes_say_when_the_first_password_goes_with_its_pod(chosen, is_said):
    assert (DIES in notes_of("--set", chosen, chart=CLOUD)) is is_said


@pytest.mark.parametrize("chart", [SITE, CLOUD], ids=["site", "cloud"])
def test_who_asks_for_alerts_where_nothing_takes_them_is_told(chart):
    values = ("-f", str(chart / "ci/minimal.yaml"))
    asked = notes_of(*values, "--set", "prometheusRule.enabled=true", chart=chart)
    assert "NO ALERT RULE IS LOADED" in asked
    assert "NO ALERT RULE" not in notes_of(*values, chart=chart)
