"""Users of a first start: given by a file, or made with passwords nobody sees in a log."""

import json
import logging
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest
from postgres import postgres, postgres_url  # noqa: F401 - fixtures
from sqlmodel import Session, select

from volthus_kit.testing import FakeClock
from web.errors import InitialUsersError
from web.first_users import GENERATED_FILE, FirstUsers
from web.passwords import PasswordCheck
from web.store import UserRow, open_store


@pytest.fixture
def engine(tmp_path):
    engine = open_store(tmp_path)
    yield engine
    engine.dispose()


def users(engine) -> dict[str, str]:
    with Session(engine) as session:
        return {row.username: row.role for row in session.exec(select(UserRow))}


def test_without_a_file_passwords_are_made_and_only_their_path_is_logged(engine, tmp_path, caplog):
    with caplog.at_level(logging.DEBUG):
        FirstUsers(None, tmp_path).ensure(engine, FakeClock())
    path = tmp_path / GENERATED_FILE
    made = json.loads(path.read_text())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert users(engine) == {"service": "service", "standard": "standard"}
    for user in made:
        assert len(user["password"]) >= 16
        assert all(user["password"] not in str(record.__dict__) for record in caplog.records)
    assert any(str(path) == getattr(record, "path", "") for record in caplog.records)


def test_a_file_is_used_once(engine, tmp_path):
    path = tmp_path / "users.json"
    path.write_text('[{"username": "eva", "password": "a-long-one", "role": "operator"}]')
    FirstUsers(path, tmp_path).ensure(engine, FakeClock())
    assert users(engine) == {"eva": "operator"}
    path.write_text('[{"username": "mallory", "password": "a-long-one", "role": "operator"}]')
    FirstUsers(path, tmp_path).ensure(engine, FakeClock())
    assert users(engine) == {"eva": "operator"}
    assert not (tmp_path / GENERATED_FILE).exists()


@pytest.mark.parametrize(
    "content",
    [
        "no json",
        "[]",
        '[{"username": "a", "password": "short", "role": "service"}]',
        '[{"username": "a", "password": "long-enough", "role": "king"}]',
        '[{"username": "a", "password": "long-enough", "role": "service"},'
        ' {"username": "a", "password": "long-enough", "role": "service"}]',
    ],
)
def test_a_file_that_cannot_be_used_stops_the_start_and_shows_no_password(
    engine, tmp_path, content
):
    path = tmp_path / "users.json"
    path.write_text(content)
    with pytest.raises(InitialUsersError) as wrong:
        FirstUsers(path, tmp_path).ensure(engine, FakeClock())
    assert "long-enough" not in str(wrong.value)
    assert "short" not in str(wrong.value).replace("at least", "")
    assert users(engine) == {}


def test_a_file_that_is_not_there_is_named(engine, tmp_path):
    with pytest.raises(InitialUsersError, match=r"nowhere\.json"):
        FirstUsers(tmp_path / "nowhere.json", tmp_path).ensure(engine, FakeClock())


def test_the_database_is_for_its_owner_only(engine, tmp_path):
    assert stat.S_IMODE((tmp_path / "web.sqlite").stat().st_mode) == 0o600


def must_change(engine) -> dict[str, bool]:
    with Session(engine) as session:
        return {row.username: row.must_change for row in session.exec(select(UserRow))}


def test_passwords_that_were_made_are_to_be_changed_first(engine, tmp_path):
    FirstUsers(None, tmp_path).ensure(engine, FakeClock())
    assert must_change(engine) == {"service": True, "standard": True}


@pytest.mark.parametrize("default", [True, False])
def test_the_file_says_whose_password_is_to_be_changed_and_else_the_place_does(
    engine, tmp_path, default
):
    path = tmp_path / "users.json"
    user = {"password": "a-long-one", "role": "service"}
    told = [
        {"username": "yes", "must_change": True, **user},
        {"username": "no", "must_change": False, **user},
        {"username": "silent", **user},
    ]
    path.write_text(json.dumps(told))
    FirstUsers(path, tmp_path, is_cloud=default).ensure(engine, FakeClock())
    assert must_change(engine) == {"yes": True, "no": False, "silent": default}


def test_a_tenant_that_comes_later_gets_its_first_users_from_the_file(engine, tmp_path):
    path = tmp_path / "users.json"
    user = {"password": "a-long-one", "role": "operator"}
    path.write_text(json.dumps([{"username": "eva", **user}]))
    FirstUsers(path, tmp_path).ensure(engine, FakeClock())
    path.write_text(
        json.dumps(
            [
                {"username": "mallory", **user},
                {"username": "nils", "tenant": "north", **user},
            ]
        )
    )
    FirstUsers(path, tmp_path).ensure(engine, FakeClock())
    path.unlink()
    FirstUsers(path, tmp_path).ensure(engine, FakeClock())
    with Session(engine) as session:
        assert {row.username: row.tenant for row in session.exec(select(UserRow))} == {
            "eva": "",
            "nils": "north",
        }


def test_in_the_cloud_the_first_user_is_an_operator(tmp_path):
    engine = open_store(tmp_path)
    FirstUsers(None, tmp_path / "not-there-yet", is_cloud=True).ensure(engine, FakeClock())
    [made] = json.loads((tmp_path / "not-there-yet" / GENERATED_FILE).read_text())
    assert (made["username"], made["role"]) == ("operator", "operator")
    engine.dispose()


async def test_of_those_that_start_together_on_one_database_one_makes_the_users(
    postgres_url,  # noqa: F811
    tmp_path,
):
    folders = [tmp_path / name for name in "abc"]
    stores = [open_store(folder, postgres_url) for folder in folders]
    try:
        with ThreadPoolExecutor(len(stores)) as threads:
            starts = [
                threads.submit(FirstUsers(None, folder, is_cloud=True).ensure, store, FakeClock())
                for folder, store in zip(folders, stores, strict=True)
            ]
            for start in starts:
                start.result(timeout=30)  # and none of them failed
        [path] = [f / GENERATED_FILE for f in folders if (f / GENERATED_FILE).exists()]
        [made] = json.loads(path.read_text())
        with Session(stores[0]) as session:
            [row] = session.exec(select(UserRow))
        assert await PasswordCheck().is_right(made["password"], row.password_hash)
    finally:
        for store in stores:
            store.dispose()
