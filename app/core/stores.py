"""Where the sealed files lie: a folder of this machine, or a bucket behind the S3 protocol.

A store knows nothing of what is inside. `keep` returns when the object is safe: synced under its name, or acknowledged.
"""

import asyncio
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, Protocol

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from app.core.errors import Unreachable

READ_AHEAD = 8 << 20  # one request brings this much: a slow reader must not hold a connection open
PROBE_SECONDS = 5


class Reader(Protocol):
    """What an object is read with."""

    def read(self, size: int, /) -> bytes:
        """The next bytes, as many as asked for unless the object ends."""
        ...


class Store(Protocol):
    """Objects under names such as `f3/9c/0190…`."""

    def half(self, name: str) -> Path:
        """A new local name to write the object to before it is kept."""
        ...

    async def keep(self, half: BinaryIO, name: str) -> None:
        """Make the written file the object `name`, whole or not at all."""
        ...

    @contextmanager
    def opened(self, name: str) -> Iterator[Reader]:
        """Read an object. Raises `FileNotFoundError`."""
        ...

    async def erase(self, name: str) -> None:
        """Remove an object, quietly when it is not there."""
        ...

    async def writable(self) -> bool:
        """Whether an object could be kept now."""
        ...


class Folder:
    """A folder of this machine. Object libraries do not promise `fsync`, so this is our own writing."""

    def __init__(self, root: Path) -> None:
        self.root = root
        private_folder(root)

    def half(self, name: str) -> Path:
        """Beside its later name: a rename does not cross file systems."""
        target = self.root / name
        private_folder(target.parent)
        return target.with_name(f"{target.name}.{secrets.token_hex(4)}.half")

    async def keep(self, half: BinaryIO, name: str) -> None:
        """Synced, renamed, folders synced."""
        await asyncio.to_thread(_settle, half, self.root / name)

    @contextmanager
    def opened(self, name: str) -> Iterator[Reader]:
        """The file itself."""
        with (self.root / name).open("rb") as file:
            yield file

    async def erase(self, name: str) -> None:
        """Unlinked."""
        await asyncio.to_thread((self.root / name).unlink, missing_ok=True)

    async def writable(self) -> bool:
        """Whether a file can be made and written here."""
        probe = self.root / f".probe.{secrets.token_hex(4)}"
        try:
            await asyncio.to_thread(probe.write_bytes, b"probe")
        except OSError:
            return False
        finally:
            probe.unlink(missing_ok=True)
        return True


class Bucket:
    """A bucket with the S3 protocol; region, endpoint and credentials come from the usual AWS_* variables.

    An object is written to `spool` first: what is too large or breaks off never reaches the bucket, not even in part.
    """

    def __init__(self, url: str, spool: Path) -> None:
        self.spool = spool
        private_folder(spool)
        self._store = S3Store.from_url(
            url,
            client_options={
                "connect_timeout": timedelta(seconds=5),
                "timeout": timedelta(seconds=60),
                "allow_http": os.environ.get("AWS_ALLOW_HTTP") == "true",  # options given here hide the variable
            },
            retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=20)},
        )

    def half(self, name: str) -> Path:
        """In the spool, under a name nobody else has."""
        return self.spool / f"{name.rpartition('/')[2]}.{secrets.token_hex(4)}.half"

    async def keep(self, half: BinaryIO, name: str) -> None:
        """Sent, in parts when large, and acknowledged."""
        half.flush()
        with _answered():
            await obstore.put_async(self._store, name, Path(half.name))

    @contextmanager
    def opened(self, name: str) -> Iterator[Reader]:
        """Read by ranges."""
        with _answered(FileNotFoundError):
            reader = obstore.open_reader(self._store, name, buffer_size=READ_AHEAD)
        yield _Ranges(reader)

    async def erase(self, name: str) -> None:
        """Deleted, which in the S3 protocol is quiet about what is not there."""
        with _answered():
            await obstore.delete_async(self._store, name)

    async def writable(self) -> bool:
        """Whether the bucket takes an object now; always the same one."""
        try:
            await asyncio.wait_for(obstore.put_async(self._store, ".probe", b"probe"), PROBE_SECONDS)
        except (BaseError, OSError, TimeoutError):
            return False
        return True


class _Ranges:
    """The bucket's reader, whose bytes are a type of its own."""

    def __init__(self, reader: "obstore.ReadableFile") -> None:
        self._reader = reader

    def read(self, size: int, /) -> bytes:
        got = bytearray()  # the library's reader stops short where what it brought ahead ends
        with _answered():
            while len(got) < size and (part := self._reader.read(size - len(got))):
                got += part
        return bytes(got)


def private_folder(path: Path) -> None:
    """Make a folder that only the portal's user enters."""
    path.mkdir(parents=True, exist_ok=True, mode=0o700)


def private_file(path: Path) -> BinaryIO:
    """Open a new file that only the portal's user reads."""
    return open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600))


def _settle(half: BinaryIO, target: Path) -> None:
    """Make the content durable, give the finished file its name, make the name durable."""
    half.flush()
    os.fsync(half.fileno())
    Path(half.name).rename(target)
    for folder in (target.parent, target.parent.parent, target.parent.parent.parent):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def _answered(*but: type[Exception]) -> Iterator[None]:
    """Whatever a bucket does not do as it should makes it unreachable, `but` for what is an answer too."""
    try:
        yield
    except but:
        raise
    except (BaseError, OSError) as error:
        raise Unreachable from error
