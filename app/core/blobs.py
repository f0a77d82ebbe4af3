"""Files at rest: one encrypted object per document id, safe in its store before anything about it is acknowledged.

An object is a header, one AES-256-GCM data key wrapped by the key-encryption key, then chunks of 1 MiB, each sealed under the
data key with its counter and a last-chunk flag in the nonce, so that swapped, dropped or reordered chunks do not open.
Everything is bound to `key` and `dossier_id`: an object moved to another name or dossier does not open either.
Where the objects lie is the business of `stores`; what is sealed here is the same in a folder and in a bucket.
"""

import asyncio
import base64
import hashlib
import secrets
import struct
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.core.errors import Incomplete, NotFound, Problem
from app.core.settings import Settings
from app.core.stores import Bucket, Folder, Store, private_file, private_folder
from app.core.text import Text

CHUNK = 1 << 20
_TAG = 16
_MAGIC = b"MCB1"
# magic, key id (8 bytes of the key's SHA-256), nonce of the wrapping, wrapped data key
_HEADER = struct.Struct("!4s8s12s48s")

TOO_LARGE = Text("Tệp lớn hơn mức cho phép.", "The file is larger than allowed.")


class Damaged(RuntimeError):
    """A stored object does not open: altered, cut short, swapped, or its key is gone."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What was stored: SHA-256 (hex) and size in bytes of the plain file."""

    sha256: str
    size: int


class Blobs:
    """Encrypted objects in the folder `root`, or in `store` instead. `older` keys still open what they sealed."""

    def __init__(self, root: Path, key: bytes, older: tuple[bytes, ...] = (), *, store: Store | None = None) -> None:
        self.root = root
        self._store = store or Folder(root)
        self._current = _key_id(key)
        self._keys = {_key_id(one): AESGCM(one) for one in (key, *older)}

    async def put(self, key: UUID, dossier_id: UUID, source: AsyncIterator[bytes], *, max_bytes: int) -> Stored:
        """Store what `source` yields. On return it is safe: synced with its name in a folder, acknowledged by a bucket.

        Raises `Incomplete` as soon as more than `max_bytes` have come; nothing stays behind then. `Unreachable` when a bucket is.
        """
        half = await asyncio.to_thread(self._store.half, _name(key))
        try:
            with private_file(half) as out:
                stored = await _seal(source, out.write, self._envelope(key, dossier_id), max_bytes=max_bytes)
                await self._store.keep(out, _name(key))
        finally:
            half.unlink(missing_ok=True)
        return stored

    async def put_bytes(self, key: UUID, dossier_id: UUID, content: bytes) -> Stored:
        """Store a file that is already whole, such as one the portal made itself."""
        return await self.put(key, dossier_id, _once(content), max_bytes=len(content))

    async def get(self, key: UUID, dossier_id: UUID) -> bytes:
        """The whole plain file. Raises `NotFound`, `Damaged` or `Unreachable`."""
        return await asyncio.to_thread(lambda: b"".join(self._chunks(key, dossier_id)))

    async def stream(self, key: UUID, dossier_id: UUID) -> AsyncIterator[bytes]:
        """The plain file in chunks of at most 1 MiB, each authentic on its own."""
        chunks = self._chunks(key, dossier_id)
        while (chunk := await asyncio.to_thread(next, chunks, None)) is not None:
            yield chunk

    @asynccontextmanager
    async def plain(self, key: UUID, dossier_id: UUID) -> AsyncIterator[Path]:
        """The plain file under a private temporary name, for a reader in another process; gone afterwards."""
        async with self.scratch(self._chunks(key, dossier_id)) as path:
            yield path

    @asynccontextmanager
    async def scratch(self, chunks: Iterable[bytes]) -> AsyncIterator[Path]:
        """The same for content at hand."""
        folder = self.root.parent / "tmp"
        private_folder(folder)
        path = folder / secrets.token_hex(16)
        try:
            await asyncio.to_thread(_write_all, path, chunks)
            yield path
        finally:
            path.unlink(missing_ok=True)

    async def erase(self, key: UUID) -> None:
        """Remove the object with its wrapped key. Quiet when it is not there."""
        await self._store.erase(_name(key))

    async def writable(self) -> bool:
        """Whether an object could be stored now."""
        return await self._store.writable()

    def _envelope(self, key: UUID, dossier_id: UUID) -> "_Envelope":
        data_key, nonce, bound = secrets.token_bytes(32), secrets.token_bytes(12), key.bytes + dossier_id.bytes
        wrapped = self._keys[self._current].encrypt(nonce, data_key, bound)
        return _Envelope(AESGCM(data_key), bound, _HEADER.pack(_MAGIC, self._current, nonce, wrapped))

    def _open(self, header: bytes, bound: bytes) -> AESGCM:
        try:
            magic, key_id, nonce, wrapped = _HEADER.unpack(header)
            if magic != _MAGIC:
                raise Damaged("not an object of ours")
            return AESGCM(self._keys[key_id].decrypt(nonce, wrapped, bound))
        except (struct.error, KeyError, InvalidTag) as error:
            raise Damaged(f"the envelope does not open: {type(error).__name__}") from error

    def _chunks(self, key: UUID, dossier_id: UUID) -> Iterator[bytes]:
        bound = key.bytes + dossier_id.bytes
        try:
            with self._store.opened(_name(key)) as file:
                cipher = self._open(file.read(_HEADER.size), bound)
                yield from _unsealed(cipher, bound, file.read)
        except FileNotFoundError as error:
            raise NotFound from error


def blobs_of(settings: Settings) -> Blobs:
    """The store of files of these settings."""
    if not settings.blob_key:
        raise RuntimeError("no key for stored files: set MOTCUA_BLOB_KEY (32 bytes in base64)")
    bucket = Bucket(settings.blob_store, settings.var / "tmp") if settings.blob_store else None
    return Blobs(settings.var / "blobs", base64.b64decode(settings.blob_key.get_secret_value()), store=bucket)


@dataclass(frozen=True, slots=True)
class _Envelope:
    cipher: AESGCM
    bound: bytes
    header: bytes


def _name(key: UUID) -> str:
    # The last digits are random in a v7 id; the first are the clock and would fill one folder at a time.
    return f"{key.hex[-2:]}/{key.hex[-4:-2]}/{key}"


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"mot-cua blob key\0" + key).digest()[:8]


def _nonce(counter: int, *, last: bool) -> bytes:
    """Unique per chunk because every object has a data key of its own."""
    return struct.pack("!QI", counter, int(last))


async def _seal(source: AsyncIterator[bytes], write: Callable[[bytes], int], envelope: _Envelope, *, max_bytes: int) -> Stored:
    digest, size, counter, held = hashlib.sha256(), 0, 0, bytearray()
    write(envelope.header)
    async for part in source:
        size += len(part)
        if size > max_bytes:
            raise Incomplete([Problem("", "too-large", TOO_LARGE)], TOO_LARGE, slug="too-large")
        digest.update(part)
        held += part
        while len(held) > CHUNK:  # one byte more than a chunk: this chunk is not the last
            await asyncio.to_thread(write, _sealed(envelope, counter, bytes(held[:CHUNK]), last=False))
            del held[:CHUNK]
            counter += 1
    await asyncio.to_thread(write, _sealed(envelope, counter, bytes(held), last=True))
    return Stored(digest.hexdigest(), size)


def _sealed(envelope: _Envelope, counter: int, chunk: bytes, *, last: bool) -> bytes:
    return envelope.cipher.encrypt(_nonce(counter, last=last), chunk, envelope.bound)


def _unsealed(cipher: AESGCM, bound: bytes, read: Callable[[int], bytes]) -> Iterator[bytes]:
    counter, sealed = 0, read(CHUNK + _TAG)
    while True:
        following = read(CHUNK + _TAG)
        try:
            yield cipher.decrypt(_nonce(counter, last=not following), sealed, bound)
        except InvalidTag as error:
            raise Damaged(f"chunk {counter} does not open") from error
        if not following:
            return
        counter, sealed = counter + 1, following


def _write_all(path: Path, chunks: Iterable[bytes]) -> None:
    with private_file(path) as out:
        for chunk in chunks:
            out.write(chunk)


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content
