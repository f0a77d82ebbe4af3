"""Exports through the client library: asked for, made by the worker, fetched, checked, gone."""

import asyncio
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from app.core import clock
from app.core.db import transaction
from app.jobs import exports as jobs
from app.registers.rules import Dataset
from app.sharing import exports_making as making
from app.sharing.rules import Grant
from motcua_client import Export, File, Purpose, Refused, Resync, SignatureInvalid, read_manifest
from tests.machines import FIELDS, agree, terms

UNDER = Purpose("TT-03", "kiem-tra-thue")


@pytest.fixture(scope="module")
async def tools(standing_portal, standing_agency) -> Any:
    async with transaction(standing_portal.sessions) as session:
        await agree(session, terms("TT-03", grants=(Grant(Dataset.LICENCES, FIELDS, actions=("read", "export")),)))
    return SimpleNamespace(settings=standing_portal.settings, sessions=standing_portal.sessions, blobs=standing_portal.blobs)


async def made(run: Any, tools: Any, **wish: Any) -> Export:
    asked = await run(lambda portal: portal.case("HS-1", under=UNDER).export("licences", **wish))
    assert asked.status == "queued"
    await jobs.make_exports(tools, clock.now())
    found: Export = await run(lambda portal: portal.case("HS-1", under=UNDER).exported("licences", asked))
    return found


@pytest.mark.parametrize("kind", ["ndjson", "csv"])
async def test_an_export_is_asked_for_fetched_and_checked(run, tools, tmp_path, kind):
    export = await made(run, tools, kind=kind, filters={"status": ["valid"]})
    assert (export.status, export.files[0].rows) == ("ready", 1)
    path = tmp_path / "tep"
    await run(lambda portal: portal.case("HS-1", under=UNDER).download("licences", export.files[0], path))
    assert path.stat().st_size == export.files[0].bytes
    assert "07/2026/GCN-UBCT" in path.read_text()
    assert export.feed_cursor
    assert export.expires_at


async def test_a_file_that_is_not_the_announced_one_is_not_kept(run, tools, tmp_path):
    export = await made(run, tools)
    forged = File(export.files[0].url, "0" * 64, 1, 1)
    with pytest.raises(ValueError, match="not the one"):
        await run(lambda portal: portal.case("HS-1", under=UNDER).download("licences", forged, tmp_path / "tep"))
    assert not (tmp_path / "tep").exists()


async def test_the_manifest_is_under_a_published_key(run, tools):
    export = await made(run, tools)
    keys = await run(lambda portal: portal.signing_keys())
    said = read_manifest(export.manifest_jws or "", keys)
    assert said["files"][0]["sha256"] == export.files[0].sha256
    head, body, signature = (export.manifest_jws or "").split(".")
    for broken in ("", "a.b.c", f"{head}.{body}.{'A' * 86}", f"{head}.{body[:-2]}AA.{signature}", f"e30.{body}.{signature}"):
        with pytest.raises(SignatureInvalid):
            read_manifest(broken, keys)


async def test_a_removed_export_is_gone_and_no_reason_to_begin_the_feed_anew(run, tools, tmp_path):
    export = await made(run, tools)
    await asyncio.wait_for(jobs.remove_exports(tools, clock.now() + making.KEPT + timedelta(seconds=1)), 10)
    with pytest.raises(Refused) as refused:
        await run(lambda portal: portal.case("HS-1", under=UNDER).exported("licences", export))
    assert (refused.value.status, refused.value.slug) == (410, "export-gone")
    assert not isinstance(refused.value, Resync)
