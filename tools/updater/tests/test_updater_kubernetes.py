"""The client against an API server that conflicts, refuses, hangs and renews its tokens."""

import asyncio
import ssl
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from kubernetes_stand_in import StandInCluster

from updater import kubernetes
from updater.core.job import Program
from updater.errors import ConflictError, ForbiddenError, NotThereError, UnreachableError
from updater.kubernetes import Cluster

OLD, NEW = "volthus@sha256:" + "0" * 64, "volthus@sha256:" + "1" * 64


@asynccontextmanager
async def client(stand_in, folder, ca=None, **deployments):
    token = folder / "token"
    token.write_text("first\n")
    names = deployments or {"cem": "demo-cem"}
    async with Cluster(stand_in.url, stand_in.namespace, token, ca, names) as cluster:
        yield cluster


@pytest.fixture
async def stand_in():
    async with StandInCluster().serving() as serving:
        serving.add("demo-cem", "cem", OLD)
        yield serving


async def is_ready(cluster, program="cem"):
    async with asyncio.timeout(5):
        while not (await cluster.programs())[program].is_ready:
            await asyncio.sleep(0.02)


async def test_an_image_is_read_and_changed_and_all_else_stays(stand_in, tmp_path):
    before = str(stand_in.deployments["demo-cem"]["spec"]["template"]["spec"]["volumes"])
    async with client(stand_in, tmp_path) as cluster:
        assert await cluster.programs() == {"cem": Program(OLD, is_ready=True)}
        await cluster.patch("cem", NEW, instead_of=OLD)
        await is_ready(cluster)
        assert await cluster.programs() == {"cem": Program(NEW, is_ready=True)}
    pod = stand_in.deployments["demo-cem"]["spec"]["template"]["spec"]
    assert str(pod["volumes"]) == before
    assert [one["image"] for one in pod["containers"]] == [NEW, "other@sha256:0"]
    assert {method for method, _, _ in stand_in.requests} == {"GET", "PATCH"}


async def test_until_the_controller_saw_the_change_nothing_is_ready(stand_in, tmp_path):
    stand_in.has_controller = False
    async with client(stand_in, tmp_path) as cluster:
        stand_in.deployments["demo-cem"]["metadata"]["generation"] += 1
        assert not (await cluster.programs())["cem"].is_ready


async def test_a_conflict_is_tried_again_on_what_is_there_now(stand_in, tmp_path):
    writes = iter([True, True, False])

    def another_writes(found):
        if next(writes):
            stand_in.touch(found)

    stand_in.before_patch = another_writes
    async with client(stand_in, tmp_path) as cluster:
        await cluster.patch("cem", NEW, instead_of=OLD)
    assert [status for method, _, status in stand_in.requests if method == "PATCH"] == [
        409,
        409,
        200,
    ]
    assert stand_in.image("demo-cem") == NEW


async def test_who_is_always_quicker_is_given_way(stand_in, tmp_path):
    stand_in.before_patch = stand_in.touch
    async with client(stand_in, tmp_path) as cluster:
        with pytest.raises(UnreachableError, match="5 times"):
            await cluster.patch("cem", NEW, instead_of=OLD)


async def test_an_image_that_another_set_is_not_overwritten(stand_in, tmp_path):
    stand_in.set_image("demo-cem", "theirs@sha256:2")
    async with client(stand_in, tmp_path) as cluster:
        with pytest.raises(ConflictError, match="theirs"):
            await cluster.patch("cem", NEW, instead_of=OLD)
    assert stand_in.image("demo-cem") == "theirs@sha256:2"


async def test_what_the_role_does_not_grant_is_the_installers_to_mend(stand_in, tmp_path):
    stand_in.forbidden = {"PATCH"}
    async with client(stand_in, tmp_path) as cluster:
        with pytest.raises(ForbiddenError):
            await cluster.patch("cem", NEW, instead_of=OLD)


async def test_a_deployment_or_container_of_another_name_is_named(stand_in, tmp_path):
    async with client(stand_in, tmp_path, cem="other-cem") as cluster:
        with pytest.raises(NotThereError, match="no Deployment"):
            await cluster.programs()
    async with client(stand_in, tmp_path, web="demo-cem") as cluster:
        with pytest.raises(NotThereError, match="no container"):
            await cluster.programs()


async def test_a_renewed_token_is_read_from_its_file(stand_in, tmp_path):
    async with client(stand_in, tmp_path) as cluster:
        await cluster.programs()
        stand_in.tokens = {"second"}
        with pytest.raises(ForbiddenError):
            await cluster.programs()
        (tmp_path / "token").write_text("second")
        assert (await cluster.programs())["cem"].image == OLD


async def test_a_token_that_ends_between_two_looks_costs_one_more_question(stand_in, tmp_path):
    stand_in.fail_next = [401]
    async with client(stand_in, tmp_path) as cluster:
        assert (await cluster.programs())["cem"].image == OLD


async def test_an_overloaded_server_is_asked_again_later(stand_in, tmp_path):
    stand_in.fail_next = [503]
    async with client(stand_in, tmp_path) as cluster:
        with pytest.raises(UnreachableError, match="503"):
            await cluster.programs()
        await cluster.programs()


async def test_a_server_that_hangs_is_given_up(stand_in, tmp_path, monkeypatch):
    monkeypatch.setattr(kubernetes, "TIMEOUT_S", 0.2)
    stand_in.is_hanging = True
    async with client(stand_in, tmp_path) as cluster:
        with pytest.raises(UnreachableError):
            await cluster.programs()


async def test_no_token_and_no_server_are_errors_to_try_again(stand_in, tmp_path):
    async with client(stand_in, tmp_path) as cluster:
        (tmp_path / "token").unlink()
        with pytest.raises(UnreachableError, match="FileNotFound"):
            await cluster.programs()
    (tmp_path / "token").write_text("first")
    async with Cluster("http://127.0.0.1:9", "n", tmp_path / "token", None, {"a": "b"}) as nobody:
        with pytest.raises(UnreachableError):
            await nobody.programs()


def vouched_for(folder):
    """Return a server's context and the file of the root that vouches for it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stand-in")])
    now = datetime.now(UTC)
    own = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(own, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (folder / "ca.crt").write_bytes(pem)
    (folder / "both.pem").write_bytes(pem + private)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "both.pem")
    return context, folder / "ca.crt"


async def test_only_a_server_that_the_clusters_roots_vouch_for_is_asked(tmp_path):
    context, ca = vouched_for(tmp_path)
    async with StandInCluster().serving(context) as stand_in:
        stand_in.add("demo-cem", "cem", OLD)
        async with client(stand_in, tmp_path, ca) as cluster:
            assert (await cluster.programs())["cem"].image == OLD
        async with client(stand_in, tmp_path) as stranger:
            with pytest.raises(UnreachableError, match="ConnectError"):
                await stranger.programs()
    assert len(stand_in.requests) == 1
