"""One table for both stores. The bucket is a server of the S3 protocol in memory: it proves what we say, never durability."""

import re
import secrets
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from uuid import UUID, uuid4

import httpx
import obstore
import pytest
from moto.server import ThreadedMotoServer

from app.core.blobs import CHUNK, Blobs, Damaged
from app.core.errors import Incomplete, NotFound, Unreachable
from app.core.stores import Bucket, Folder, Store


class Shelf(Protocol):
    """A store together with a way past the portal to what lies in it."""

    store: Store

    def names(self) -> list[str]: ...
    def read(self, key: UUID) -> bytes: ...
    def write(self, key: UUID, sealed: bytes) -> None: ...


@dataclass
class FolderShelf:
    store: Folder

    def names(self):
        return [str(path.relative_to(self.store.root)) for path in self.store.root.rglob("*") if path.is_file()]

    def _path(self, key):
        [path] = self.store.root.rglob(str(key))
        return path

    def read(self, key):
        assert self._path(key).stat().st_mode & 0o077 == 0
        return self._path(key).read_bytes()

    def write(self, key, sealed):
        self._path(key).write_bytes(sealed)


@dataclass
class BucketShelf:
    store: Bucket
    url: str

    def names(self):
        return re.findall("<Key>files/(.*?)</Key>", httpx.get(self.url).text)

    def _name(self, key):
        [name] = [name for name in self.names() if name.endswith(str(key))]
        return name

    def read(self, key):
        return bytes(obstore.get(self.store._store, self._name(key)).bytes())

    def write(self, key, sealed):
        obstore.put(self.store._store, self._name(key), sealed)


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def aws(s3: str, monkeypatch: pytest.MonkeyPatch) -> str:
    for name, value in {
        "AWS_ENDPOINT_URL": s3,
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "portal",
        "AWS_SECRET_ACCESS_KEY": "made up",
    }.items():
        monkeypatch.setenv(name, value)
    return s3


@pytest.fixture(params=["folder", "bucket"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Shelf:
    if request.param == "folder":
        return FolderShelf(Folder(tmp_path / "blobs"))
    name = f"motcua-{secrets.token_hex(4)}"
    url = f"{request.getfixturevalue('aws')}/{name}"
    httpx.put(url).raise_for_status()
    return BucketShelf(Bucket(f"s3://{name}/files", tmp_path / "tmp"), url)


@pytest.fixture
def blobs(shelf: Shelf, tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "blobs", secrets.token_bytes(32), store=shelf.store)


async def pieces(content: bytes, size: int = 70_000) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


@pytest.mark.parametrize("length", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 12 * CHUNK])
async def test_what_is_put_comes_back_whole(blobs, length):
    key, dossier, content = uuid4(), uuid4(), bytes(range(256)) * (length // 256) + b"x" * (length % 256)

    stored = await blobs.put(key, dossier, pieces(content), max_bytes=length)

    assert stored.size == length
    assert await blobs.get(key, dossier) == content
    assert b"".join([chunk async for chunk in blobs.stream(key, dossier)]) == content
    async with blobs.plain(key, dossier) as path:
        assert path.read_bytes() == content
    assert not path.exists()


async def test_nothing_readable_lies_in_the_store(blobs, shelf):
    await blobs.put_bytes(key := uuid4(), uuid4(), b"tax code 0100109106 " * 100)

    assert len(shelf.read(key)) > 1900
    assert b"0100109106" not in shelf.read(key)


async def test_a_file_over_its_limit_is_refused_and_leaves_nothing(blobs, shelf, tmp_path):
    with pytest.raises(Incomplete) as refusal:
        await blobs.put(uuid4(), uuid4(), pieces(b"x" * 1000, 100), max_bytes=999)

    assert refusal.value.slug == "too-large"
    assert not shelf.names()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


async def test_an_object_opens_only_under_its_own_name_and_dossier(blobs, shelf):
    one, other, dossier = uuid4(), uuid4(), uuid4()
    await blobs.put_bytes(one, dossier, b"one")
    await blobs.put_bytes(other, dossier, b"other")

    shelf.write(one, shelf.read(other))

    with pytest.raises(Damaged):
        await blobs.get(one, dossier)
    with pytest.raises(Damaged):
        await blobs.get(other, uuid4())


@pytest.mark.parametrize("spoil", ["flip", "cut a chunk", "cut a byte", "swap chunks", "cut the header"])
async def test_altered_bytes_do_not_open(blobs, shelf, spoil):
    key, dossier = uuid4(), uuid4()
    await blobs.put_bytes(key, dossier, bytes(3 * CHUNK))
    sealed, head, part = shelf.read(key), 72, CHUNK + 16

    first, second, rest = sealed[head : head + part], sealed[head + part : head + 2 * part], sealed[head + 2 * part :]
    shelf.write(
        key,
        {
            "flip": sealed[:100] + bytes([sealed[100] ^ 1]) + sealed[101:],
            "cut a chunk": sealed[: head + 2 * part],
            "cut a byte": sealed[:-1],
            "swap chunks": sealed[:head] + second + first + rest,
            "cut the header": sealed[:50],
        }[spoil],
    )

    with pytest.raises(Damaged):
        await blobs.get(key, dossier)


async def test_an_older_key_still_opens_what_it_sealed(shelf, tmp_path):
    key, dossier, old, new = uuid4(), uuid4(), bytes(32), bytes([1]) * 32
    await Blobs(tmp_path, old, store=shelf.store).put_bytes(key, dossier, b"kept")

    assert await Blobs(tmp_path, new, (old,), store=shelf.store).get(key, dossier) == b"kept"
    with pytest.raises(Damaged):
        await Blobs(tmp_path, new, store=shelf.store).get(key, dossier)


async def test_an_erased_object_is_missing(blobs, shelf):
    key, dossier = uuid4(), uuid4()
    await blobs.put_bytes(key, dossier, b"x")

    await blobs.erase(key)
    await blobs.erase(key)

    with pytest.raises(NotFound):
        await blobs.get(key, dossier)
    assert not shelf.names()


async def test_a_file_that_breaks_off_is_not_stored(blobs, shelf):
    async def broken():
        yield bytes(7 * CHUNK)
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await blobs.put(uuid4(), uuid4(), broken(), max_bytes=9 * CHUNK)

    assert not shelf.names()


async def test_a_store_that_works_is_writable(blobs):
    assert await blobs.writable()


async def test_a_bucket_that_is_not_there_is_neither_writable_nor_says_a_file_was_kept(aws, tmp_path):
    blobs = Blobs(tmp_path / "blobs", bytes(32), store=Bucket("s3://nowhere-at-all", tmp_path / "tmp"))

    assert not await blobs.writable()
    with pytest.raises(Unreachable):
        await blobs.put_bytes(uuid4(), uuid4(), b"x")


async def test_a_bucket_that_does_not_answer_is_unreachable_not_empty(aws, monkeypatch, tmp_path):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    blobs = Blobs(tmp_path / "blobs", bytes(32), store=Bucket("s3://motcua", tmp_path / "tmp"))

    with pytest.raises(Unreachable):
        await blobs.get(uuid4(), uuid4())
