"""The public proofs of a log, set against another implementation of the standard that sees the rows themselves."""

import base64
from datetime import timedelta

import pymerkle
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import text

from app.audit import seal
from app.audit.logs import canonical
from app.audit.merkle import tree_root, verify_consistency
from app.audit.models import AuditRow
from app.audit.record import record
from app.core import clock
from app.core.actor import SYSTEM
from app.core.db import transaction
from tests.machines import ISSUER, opened, standing_portal, the_app

__all__ = ["opened", "standing_portal", "the_app"]

SIZES = (1, 255, 256, 600)


@pytest.fixture(scope="module")
async def logged(standing_portal):
    """The portal over a log of 600 rows under four checkpoints, and the tree that pymerkle makes of the rows."""
    key, at, before = seal.checkpoint_key(standing_portal.settings), clock.now(), 0
    for size in SIZES:
        async with transaction(standing_portal.sessions) as session:
            for number in range(before, size):
                record(session, SYSTEM, "test.act", subject_kind="thing", subject_id=str(number), at=at)
        async with transaction(standing_portal.sessions) as session:
            await seal.seal(session, "audit", key, at=at)
        before = size
    async with transaction(standing_portal.sessions) as session:
        order = "SELECT r.* FROM audit_row r JOIN log_leaf l ON l.event_id = r.id ORDER BY leaf_index"
        found = await session.execute(text(order).columns(*AuditRow.__table__.columns))
        rows = [dict(row) for row in found.mappings()]
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for row in rows:
        tree.append_entry(canonical(row))
    return standing_portal.http, tree, [row["id"] for row in rows]


async def asked(http, path, **query):
    answer = await http.get(f"{ISSUER}/log{path}", params={"log": "audit", **query})
    assert answer.status_code == 200, answer.text
    return answer


def root_of(note):
    return base64.b64decode(note.split("\n")[2])


async def test_the_checkpoint_is_a_note_signed_with_the_published_key_over_the_root_another_implementation_finds(logged):
    http, tree, _ = logged
    note, key = (await asked(http, "/checkpoint")).text, (await asked(http, "/key")).json()

    signed, seal_line = note.split("\n\n")
    name, sealed = seal_line.strip().removeprefix("— ").split(" ")
    public = base64.b64decode(key["public_key"])
    Ed25519PublicKey.from_public_bytes(public).verify(base64.b64decode(sealed)[4:], f"{signed}\n".encode())
    assert root_of(note) == tree.get_root(600)
    assert (name, key["verifier_key"].split("+")[1]) == (key["origin"], base64.b64decode(sealed)[:4].hex())


@pytest.mark.parametrize("index", [0, 255, 256, 599])
@pytest.mark.parametrize("size", [None, 600, 256])
async def test_another_implementation_makes_and_accepts_the_same_inclusion_proof(logged, index, size):
    http, tree, ids = logged
    if size and index >= size:
        answer = await http.get(f"{ISSUER}/log/proof/{ids[index]}", params={"log": "audit", "size": size})
        assert answer.status_code == 404
        return

    found = (await asked(http, f"/proof/{ids[index]}", **({"size": size} if size else {}))).json()

    foreign = tree.prove_inclusion(index + 1, size or 600)
    pymerkle.verify_inclusion(bytes.fromhex(found["leaf_hash"]), root_of(found["checkpoint"]), foreign)
    assert foreign.path == [bytes.fromhex(one) for one in [found["leaf_hash"], *found["path"]]]
    assert found["leaf_index"] == index


@pytest.mark.parametrize("old, new", [(1, 2), (1, 600), (255, 256), (256, 600), (257, 599), (600, 600)])
async def test_another_implementation_makes_and_accepts_the_same_consistency_proof(logged, old, new):
    http, tree, _ = logged
    path = [bytes.fromhex(one) for one in (await asked(http, "/consistency", **{"from": old, "to": new})).json()["path"]]

    pymerkle.verify_consistency(tree.get_root(old), tree.get_root(new), tree.prove_consistency(old, new))
    assert verify_consistency(old, tree.get_root(old), new, tree.get_root(new), path)


async def test_whoever_fetches_all_leaves_computes_the_root_alone(logged):
    http, tree, _ = logged
    tiles = [await asked(http, f"/tile/0/{n}") for n in range(3)]
    above = await asked(http, "/tile/1/0")

    leaves = b"".join(answer.content for answer in tiles)
    assert len(leaves) == 600 * 32
    hashes = [leaves[start : start + 32] for start in range(0, len(leaves), 32)]
    assert tree_root(hashes) == tree.get_root(600)
    assert above.content == tree.get_root(256) + tree_root(hashes[256:512])
    assert "immutable" in tiles[0].headers["cache-control"]
    assert "immutable" not in tiles[2].headers["cache-control"]


@pytest.mark.parametrize(
    "path",
    [
        "/proof/0195f3e0-0000-7000-8000-000000000000",
        "/tile/0/3",
        "/tile/3/0",
        "/consistency?from=601&to=602",
        "/consistency?from=2&to=1",
        "/stamp",
    ],
)
async def test_what_is_not_there_is_a_plain_404(logged, path):
    http, *_ = logged
    answer = await http.get(f"{ISSUER}/log{path}{'&' if '?' in path else '?'}log=audit")

    assert (answer.status_code, answer.json()["slug"]) == (404, "not-found")


@pytest.mark.parametrize("path", ["/proof/x", "/tile/9/0", "/tile/0/-1", "/consistency?from=0&to=1", "/checkpoint?log=secret"])
async def test_what_cannot_be_meant_is_a_422(logged, path):
    http, *_ = logged
    assert (await http.get(f"{ISSUER}/log{path}")).status_code == 422


async def test_a_tree_sealed_without_nodes_by_older_code_is_mended(logged, standing_portal, owner):
    await owner.execute(text("DELETE FROM log_node"))
    await owner.commit()
    async with transaction(standing_portal.sessions) as session:
        await seal.seal(session, "audit", seal.checkpoint_key(standing_portal.settings), at=clock.now() + timedelta(seconds=1))

    http, tree, _ = logged
    assert (await asked(http, "/tile/1/0")).content[:32] == tree.get_root(256)
