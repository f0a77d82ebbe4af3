import os
import signal
import subprocess
import sys
import time

import psycopg
import pytest

from app.core import embedded


@pytest.fixture
def root(tmp_path):
    # pytest's folder is closed to other users, so as root this also tries the fallback place.
    yield tmp_path / "pg"
    embedded.stop(tmp_path / "pg")


def postmaster(root):
    return int((embedded._place(root).data / "postmaster.pid").read_text().splitlines()[0])


def test_rows_survive_the_death_of_the_server(root):
    app_url, owner_url = embedded.addresses(root)
    with psycopg.connect(owner_url) as connection:
        connection.execute("CREATE TABLE kept (n int)")
        connection.execute("INSERT INTO kept VALUES (1)")

    os.kill(postmaster(root), signal.SIGKILL)

    assert embedded.addresses(root) == (app_url, owner_url)
    with psycopg.connect(owner_url) as connection:
        assert connection.execute("SELECT n FROM kept").fetchall() == [(1,)]


def test_starters_that_come_at_once_get_one_server(root):
    code = f"from app.core import embedded; print(embedded.ensure({str(root)!r}))"
    started = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(3)]

    said = {process.communicate(timeout=60)[0] for process in started}

    assert said == {embedded.ensure(root) + "\n"}


def test_the_application_may_neither_own_nor_change_the_schema(root):
    app_url, _ = embedded.addresses(root)

    with psycopg.connect(app_url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("CREATE TABLE mine (n int)")


def test_a_start_that_was_cut_short_is_begun_again(root):
    half = embedded._place(root).base / "data.half"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18")

    assert embedded.ready(embedded._place(root).sock) is False
    with psycopg.connect(embedded.ensure(root)) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_server_that_is_told_to_stop_is_gone(root):
    embedded.ensure(root)

    embedded.stop(root)
    end = time.monotonic() + 20
    while embedded.ready(embedded._place(root).sock) and time.monotonic() < end:
        time.sleep(0.1)

    assert not embedded.ready(embedded._place(root).sock)
    embedded.stop(root)
