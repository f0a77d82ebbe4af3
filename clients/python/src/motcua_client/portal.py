"""Reading shared data: one record, lists, look-ups, the change feed, exports."""

import base64
import hashlib
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urljoin, urlsplit

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from motcua_client.answers import Change, Changes, Export, File, Found, Item, Limits, Record, Subscription
from motcua_client.keys import ClientKey
from motcua_client.login import Login, Purpose
from motcua_client.refusals import Refused, Resync

_ROOT = "/api/sharing/v1"


class Portal:
    """One client of the portal at `issuer`. Used by one thread at a time; `http` is your own, for a proxy or other authorities.

    Raises ValueError for an address that is neither https nor this machine's own.

    With `patience_s` a request that came too often (429) or met a busy portal (503) is sent once more after the time that
    the portal names, if that is no longer.
    """

    def __init__(
        self, issuer: str, client_id: str, key: ClientKey, *, patience_s: float = 0, http: httpx.Client | None = None
    ) -> None:
        place = urlsplit(issuer)
        if place.scheme != "https" and place.hostname not in {"localhost", "127.0.0.1", "::1"}:
            raise ValueError("the issuer must be an https address")
        self._issuer, self._client_id, self._key = issuer.rstrip("/"), client_id, key
        self._http = http or httpx.Client(timeout=30)
        self._logins: dict[tuple[Purpose | None, str], Login] = {}
        self._patience_s = patience_s

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Give back the connections."""
        self._http.close()

    def case(self, case_ref: str, *, under: Purpose, acting_user: str | None = None) -> "Case":
        """Questions for one case of your agency, under an agreement and one of its purposes; the log names the case."""
        return Case(self, under, {"Case-Ref": case_ref} | ({"Acting-User": acting_user} if acting_user else {}))

    def me(self, *, under: Purpose, dataset: str) -> dict[str, Any]:
        """What the portal knows of this client: its agreements, fields, quotas."""
        told: dict[str, Any] = self.send("GET", "/me", under=under, scope=f"{dataset}.read").json()
        return told

    def signing_keys(self) -> dict[str, Ed25519PublicKey]:
        """The keys of response signatures by their id, for `verify_response`."""
        response = self._http.get(f"{self._issuer}/oauth/jwks")
        if response.is_error:
            raise Refused.told_by(response)
        return {
            each["kid"]: Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(each["x"] + "=="))
            for each in response.json()["keys"]
            if each.get("crv") == "Ed25519"
        }

    def send(self, method: str, path: str, *, under: Purpose, scope: str, **sent: Any) -> httpx.Response:
        """One proven request below the root of shared data. Raises `Refused`, `Resync`, `AuthorizationRefused`."""
        address = urljoin(self._issuer, path if path.startswith(_ROOT) else _ROOT + path)
        response = self._http.request(method, address, auth=self._login(under, scope), **sent)
        if response.status_code in {429, 503} and self._may_wait(response):
            response = self._http.request(method, address, auth=self._login(under, scope), **sent)
        if response.is_error:
            refused = Refused.told_by(response)
            raise Resync.told_by(response) if refused.slug == "resync" else refused
        return response

    @contextmanager
    def streamed(self, path: str, *, under: Purpose, scope: str) -> Iterator[Iterator[bytes]]:
        """The pieces of a long answer. Raises like `send`."""
        with self._http.stream("GET", urljoin(self._issuer, path), auth=self._login(under, scope)) as response:
            if response.is_error:
                response.read()
                raise Refused.told_by(response)
            yield response.iter_bytes()

    def _may_wait(self, response: httpx.Response) -> bool:
        wait = response.headers.get("Retry-After", "")
        if not wait.isdecimal() or int(wait) > self._patience_s:
            return False
        time.sleep(int(wait))
        return True

    def _login(self, under: Purpose, scope: str) -> Login:
        if (under, scope) not in self._logins:
            self._logins[under, scope] = Login(self._issuer, self._client_id, self._key, scope, under)
        return self._logins[under, scope]


class Case:
    """Questions for one case."""

    def __init__(self, portal: Portal, under: Purpose, headers: Mapping[str, str]) -> None:
        self._portal, self._under, self._headers = portal, under, dict(headers)

    def get(
        self, dataset: str, key: str, *, fields: Sequence[str] = (), known: Record | None = None, signed: bool = False
    ) -> Record:
        """One record; `known`, when it has not changed since. With `signed`, check by `verify_response` what `ask` returns."""
        headers = {"If-None-Match": known.etag} if known else {}
        response = self.ask(dataset, key, fields=fields, headers=headers, signed=signed)
        if response.status_code == 304 and known:
            return known
        entry, etag = response.headers.get("Log-Entry", ""), response.headers.get("ETag", "")
        return Record(key, response.json(), etag, entry, Limits.told_by(response))

    def ask(
        self,
        dataset: str,
        key: str,
        *,
        fields: Sequence[str] = (),
        headers: Mapping[str, str] | None = None,
        signed: bool = False,
    ) -> httpx.Response:
        """The answer about one record as it came, for keeping it with its signature."""
        params = {"fields": ",".join(fields)} if fields else {}
        wish = {"Want-Signature": "ed25519"} if signed else {}
        return self._send("GET", f"/{dataset}/{quote(key, safe='')}", dataset, params=params, headers={**(headers or {}), **wish})

    def list(self, dataset: str, *, limit: int = 100, fields: Sequence[str] = (), **filters: str) -> Iterator[Item]:
        """All records that the agreement and the `filters` let through, in the order of their keys."""
        params: dict[str, Any] = {"limit": limit, **filters, **({"fields": ",".join(fields)} if fields else {})}
        while True:
            page = self._send("GET", f"/{dataset}", dataset, params=params).json()
            yield from (Item.told(each) for each in page["items"])
            if not page.get("next"):
                return
            params["cursor"] = page["next"]

    def lookup(self, dataset: str, keys: Sequence[str], *, fields: Sequence[str] = ()) -> Found:
        """Up to 100 records by their keys, which travel in the body and never in an address."""
        body = {"keys": [*keys], **({"fields": [*fields]} if fields else {})}
        response = self._send("POST", f"/{dataset}/lookup", dataset, json=body)
        told = response.json()
        return Found(
            tuple(Item.told(each) for each in told["items"]), tuple(told["missing"]), response.headers.get("Log-Entry", "")
        )

    def changes(self, dataset: str, after: str | None = None, *, limit: int = 1000, wait_s: int = 0) -> Changes:
        """What changed since the cursor `after`; waits up to `wait_s` (at most 20) for news. Raises `Resync`."""
        params: dict[str, Any] = {"limit": limit} | ({"after": after} if after else {})
        headers = {"Prefer": f"wait={wait_s}"} if wait_s else {}
        told = self._send("GET", f"/{dataset}/changes", dataset, params=params, headers=headers).json()
        items = tuple(Change(each["key"], each["op"], each["version"], each.get("record")) for each in told["items"])
        return Changes(items, told["next"], told["up_to_date"], told["lag_s"])

    def export(self, dataset: str, *, kind: str = "ndjson", filters: Mapping[str, Sequence[str]] | None = None) -> Export:
        """Ask for all records as a file; made in the background, see `exported`."""
        body = {"dataset": dataset, "format": kind, **({"filter": dict(filters)} if filters else {})}
        headers = {"Idempotency-Key": uuid.uuid4().hex}
        return Export.told(self._send("POST", "/exports", dataset, json=body, headers=headers).json())

    def exported(self, dataset: str, export: Export) -> Export:
        """How far an export is."""
        return Export.told(self._send("GET", f"/exports/{export.id}", dataset).json())

    def download(self, dataset: str, file: File, path: str | Path) -> None:
        """Fetch one file of an export and check its SHA-256. Raises ValueError when it is not what the portal announced."""
        digest = hashlib.sha256()
        with self._portal.streamed(file.url, under=self._under, scope=f"{dataset}.read") as pieces, Path(path).open("wb") as out:
            for piece in pieces:
                digest.update(piece)
                out.write(piece)
        if digest.hexdigest() != file.sha256:
            Path(path).unlink()
            raise ValueError("the file is not the one that the portal announced")

    def subscribe(self, dataset: str, url: str) -> Subscription:
        """Be told at `url` which records change. Keep `secret`: it is shown this once, and `read_webhook` needs it."""
        body = {"dataset": dataset, "url": url, "case_ref": self._headers["Case-Ref"]}
        told = self._send("POST", "/subscriptions", dataset, json=body).json()
        return Subscription(told["id"], told["dataset"], told["url"], told["status"], told["secret"])

    def unsubscribe(self, subscription: Subscription) -> None:
        """End a subscription."""
        self._send("DELETE", f"/subscriptions/{subscription.id}", subscription.dataset)

    def replay(self, subscription: Subscription, since: datetime) -> int:
        """Have events sent again since a moment, also after a suspension; how many."""
        body = {"since": since.isoformat()}
        told = self._send("POST", f"/subscriptions/{subscription.id}/replay", subscription.dataset, json=body).json()
        return int(told["replayed"])

    def check(self, method: str, path: str, dataset: str, body: Any = None) -> dict[str, Any]:
        """What a request would be allowed, and why not; reads nothing."""
        asked = {"method": method, "path": path, **({"body": body} if body is not None else {})}
        told: dict[str, Any] = self._send("POST", "/me/check", dataset, json=asked).json()
        return told

    def _send(self, method: str, path: str, dataset: str, **sent: Any) -> httpx.Response:
        sent["headers"] = {**self._headers, **sent.get("headers", {})}
        return self._portal.send(method, path, under=self._under, scope=f"{dataset}.read", **sent)
