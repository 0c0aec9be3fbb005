"""What the updater may do at a site, asserted on the rendered objects. Needs helm (`make helm`)."""

import pytest
from rendered import HELMS, NEEDS_HELM, SITE, helm, meets_restricted, pods, render

from updater.settings import Settings

pytestmark = NEEDS_HELM

VALUES = SITE / "ci" / "updated.yaml"
OWN = {"demo-web", "demo-meter-reader", "demo-eebus-gateway", "demo-cem"}


def of_kind(kind, objects):
    return [found for found in objects if found["kind"] == kind]


def test_it_is_off_unless_somebody_switches_it_on():
    objects = render(SITE, "-f", str(SITE / "ci/minimal.yaml"))
    assert not {"Role", "RoleBinding", "ClusterRole", "ServiceAccount"} & {
        found["kind"] for found in objects
    }
    assert "demo-updater" not in dict(pods(objects))


@pytest.mark.parametrize("binary", HELMS, ids=["helm3", "helm4"])
def test_it_may_read_and_change_the_sites_own_deployments_by_name_and_nothing_else(binary):
    objects = render(SITE, "-f", str(VALUES), binary=binary)
    (role,) = of_kind("Role", objects)
    assert not of_kind("ClusterRole", objects) + of_kind("ClusterRoleBinding", objects)
    (rule,) = role["rules"]
    assert set(rule) == {"apiGroups", "resources", "resourceNames", "verbs"}
    assert (rule["apiGroups"], rule["resources"]) == (["apps"], ["deployments"])
    assert set(rule["verbs"]) == {"get", "patch"}
    assert set(rule["resourceNames"]) == OWN
    assert {found["metadata"]["name"] for found in of_kind("Deployment", objects)} >= OWN
    (binding,) = of_kind("RoleBinding", objects)
    assert binding["roleRef"]["kind"] == "Role"
    assert [one["name"] for one in binding["subjects"]] == ["demo-updater"]


def test_its_pod_alone_has_a_token_and_one_that_ends():
    found = dict(pods(render(SITE, "-f", str(VALUES))))
    holders = {name for name, pod in found.items() if pod.get("serviceAccountName")}
    assert holders == {"demo-updater"}
    pod = found["demo-updater"]
    assert pod["automountServiceAccountToken"] is False
    (account,) = [one["projected"] for one in pod["volumes"] if "projected" in one]
    assert account["sources"][0]["serviceAccountToken"]["expirationSeconds"] < 7200
    assert meets_restricted(pod)
    assert not any("secret" in volume for volume in pod["volumes"])
    # No volume of another program: identities are out of its reach.
    claims = {
        volume["persistentVolumeClaim"]["claimName"]
        for volume in pod["volumes"]
        if "persistentVolumeClaim" in volume
    }
    assert claims == {"demo-updater"}


def test_it_reads_the_settings_that_the_chart_gives_it(monkeypatch):
    (container,) = dict(pods(render(SITE, "-f", str(VALUES))))["demo-updater"]["containers"]
    for one in container["env"]:
        if "value" in one and "$(" not in one["value"]:
            monkeypatch.setenv(one["name"], one["value"])
    settings = Settings()
    assert list(settings.deployments) == ["web", "meter-reader", "eebus-gateway", "cem"]
    assert set(settings.deployments.values()) == OWN
    assert settings.updates_from_afar is False
    names = {name for name, pod in pods(render(SITE, "-f", str(VALUES))) for _ in pod["containers"]}
    assert set(settings.deployments.values()) <= names


def test_a_site_without_a_page_has_none_to_update():
    objects = render(SITE, "-f", str(VALUES), "--set", "web.enabled=false")
    (role,) = of_kind("Role", objects)
    assert set(role["rules"][0]["resourceNames"]) == OWN - {"demo-web"}


def test_it_reaches_the_api_server_and_the_bus_only():
    policies = of_kind("NetworkPolicy", render(SITE, "-f", str(VALUES)))
    own = [
        one
        for one in policies
        if one["spec"]["podSelector"].get("matchLabels", {}).get("app.kubernetes.io/name")
        == "updater"
    ]
    (policy,) = own
    (egress,) = policy["spec"]["egress"]
    assert [to["ipBlock"]["cidr"] for to in egress["to"]] == ["10.96.0.1/32"]
    assert egress["ports"] == [{"protocol": "TCP", "port": 6443}]


@pytest.mark.parametrize(
    "wrong", ["updater.releasesKey=short", "updater.releasesKey=", "updater.apiServer.ports={0}"]
)
def test_values_that_cannot_be_are_refused(wrong):
    done = helm(HELMS[1], "template", "demo", str(SITE), "-f", str(VALUES), "--set", wrong)
    assert done.returncode != 0
