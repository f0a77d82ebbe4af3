from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from app.core.blobs import CHUNK, Blobs, Damaged
from app.core.errors import Incomplete, NotFound


async def pieces(content: bytes, size: int = 70_000) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


@pytest.mark.parametrize("length", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
async def test_what_is_put_comes_back_whole(blobs, length):
    key, dossier, content = uuid4(), uuid4(), bytes(range(256)) * (length // 256) + b"x" * (length % 256)

    stored = await blobs.put(key, dossier, pieces(content), max_bytes=length)

    assert stored.size == length
    assert await blobs.get(key, dossier) == content
    assert b"".join([chunk async for chunk in blobs.stream(key, dossier)]) == content
    async with blobs.plain(key, dossier) as path:
        assert path.read_bytes() == content
    assert not path.exists()


async def test_nothing_readable_lies_on_the_disk(blobs):
    await blobs.put_bytes(key := uuid4(), uuid4(), b"tax code 0100109106 " * 100)

    assert b"0100109106" not in blobs._path(key).read_bytes()
    assert blobs._path(key).stat().st_mode & 0o077 == 0


async def test_a_file_over_its_limit_is_refused_and_leaves_nothing(blobs):
    with pytest.raises(Incomplete) as refusal:
        await blobs.put(uuid4(), uuid4(), pieces(b"x" * 1000, 100), max_bytes=999)

    assert refusal.value.slug == "too-large"
    assert not [path for path in blobs.root.rglob("*") if path.is_file()]


async def test_an_object_opens_only_under_its_own_name_and_dossier(blobs):
    one, other, dossier = uuid4(), uuid4(), uuid4()
    await blobs.put_bytes(one, dossier, b"one")
    await blobs.put_bytes(other, dossier, b"other")

    blobs._path(one).write_bytes(blobs._path(other).read_bytes())

    with pytest.raises(Damaged):
        await blobs.get(one, dossier)
    with pytest.raises(Damaged):
        await blobs.get(other, uuid4())


@pytest.mark.parametrize("spoil", ["flip", "cut a chunk", "cut a byte", "swap chunks", "cut the header"])
async def test_altered_bytes_do_not_open(blobs, spoil):
    key, dossier = uuid4(), uuid4()
    await blobs.put_bytes(key, dossier, bytes(3 * CHUNK))
    sealed, head, part = blobs._path(key).read_bytes(), 72, CHUNK + 16

    first, second, rest = sealed[head : head + part], sealed[head + part : head + 2 * part], sealed[head + 2 * part :]
    blobs._path(key).write_bytes(
        {
            "flip": sealed[:100] + bytes([sealed[100] ^ 1]) + sealed[101:],
            "cut a chunk": sealed[: head + 2 * part],
            "cut a byte": sealed[:-1],
            "swap chunks": sealed[:head] + second + first + rest,
            "cut the header": sealed[:50],
        }[spoil]
    )

    with pytest.raises(Damaged):
        await blobs.get(key, dossier)


async def test_an_older_key_still_opens_what_it_sealed(tmp_path):
    key, dossier, old, new = uuid4(), uuid4(), bytes(32), bytes([1]) * 32
    await Blobs(tmp_path / "b", old).put_bytes(key, dossier, b"kept")

    assert await Blobs(tmp_path / "b", new, (old,)).get(key, dossier) == b"kept"
    with pytest.raises(Damaged):
        await Blobs(tmp_path / "b", new).get(key, dossier)


async def test_an_erased_object_is_missing(blobs):
    key, dossier = uuid4(), uuid4()
    await blobs.put_bytes(key, dossier, b"x")

    await blobs.erase(key)
    await blobs.erase(key)

    with pytest.raises(NotFound):
        await blobs.get(key, dossier)
