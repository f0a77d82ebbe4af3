"""What every read of shared data has in common: who asks for which case, the limits told, and a row for what was refused."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl
from uuid import UUID

from fastapi import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api import signed
from app.api.machine import Caller, read_caller, ring_of, sent, unauthorized
from app.audit.record import refused
from app.core import clock, logs
from app.core.actor import Actor, ActorKind
from app.core.db import transaction
from app.core.direct import Direct
from app.core.entry import admits
from app.core.errors import NotAllowed, Refusal
from app.core.text import Text
from app.registers.rules import Dataset
from app.sharing import grants, scopes
from app.sharing.keys import Ring
from app.sharing.proofs import ProofRefused
from app.sharing.questions import Limits, Question
from app.sharing.rules import CASE_REF
from app.sharing.tokens import TokenRefused

LONGEST_QUERY = 4096
Endpoint = Callable[[Request], Awaitable[ASGIApp]]


class CaseRefRequired(Refusal):
    """Every read is for a case of the consumer's, and says which."""

    slug = "case-ref-required"
    text = Text(
        "Thiếu hoặc sai tiêu đề Case-Ref: hãy ghi số vụ việc của cơ quan bạn (chữ, số và . / _ -, tối đa 64 ký tự).",
        "The header Case-Ref is missing or malformed: give your agency's case number (letters, digits and . / _ -, at most 64).",
    )


class UnknownParameter(Refusal):
    """A parameter that this address does not take; passed over, `feilds=number` would give more than was asked."""

    slug = "unknown-parameter"
    text = Text(
        "Có tham số mà địa chỉ này không nhận. Hãy xem mô tả OpenAPI và bỏ tham số đó.",
        "There is a parameter that this address does not take. See the OpenAPI description and leave it out.",
    )


class InvalidParameter(Refusal):
    """A parameter given twice, or one whose value cannot be."""

    slug = "invalid-parameter"


def invalid(name: str, vi: str, en: str) -> InvalidParameter:
    """Say what is wrong with the parameter `name`; its value is never repeated."""
    return InvalidParameter(Text(f"Tham số “{name}”: {vi}.", f"The parameter “{name}”: {en}."))


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its parameters, the keys of this process and its moment."""

    ring: Ring
    question: Question
    given: Mapping[str, str]
    at: datetime


def parameters(request: Request, *known: str) -> dict[str, str]:
    """The query string, each parameter once and every one of them known."""
    raw: bytes = request.scope["query_string"]
    if not raw:
        return {}
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, max_num_fields=32, errors="strict")
    except ValueError as error:
        raise UnknownParameter from error
    if len(raw) > LONGEST_QUERY or any(name not in known for name, _ in pairs):
        raise UnknownParameter
    given = dict(pairs)
    if len(given) != len(pairs):
        raise invalid(next(iter(given)), "chỉ được ghi một lần", "may be given only once")
    return given


async def asked(request: Request, dataset: Dataset, action: str, *known: str) -> Asked:
    """Who asks, what they may see of `dataset`, and for which case; with the parameters of the query, `known` and `fields`."""
    at = clock.now()
    ring = await ring_of(request, at)
    try:
        caller = read_caller(request, ring, scopes.sharing_resource(ring.issuer), at)
    except (TokenRefused, ProofRefused) as wrong:
        raise await unauthorized(request, wrong) from wrong
    try:
        given = parameters(request, "fields", *known)
        question = await _question(request, ring, caller, dataset, action, given)
    except NotAllowed as refusal:
        await remember(request, caller.claims["client_id"], dataset, action, refusal, at)
        raise
    if question.grant.signed_response or signed.is_wanted(request):
        signed.want(request, by_proof=question.proof is not None)
    return Asked(ring, question, given, at)


async def _question(
    request: Request, ring: Ring, caller: Caller, dataset: Dataset, action: str, given: Mapping[str, str]
) -> Question:
    detail = grants.detail_for(caller.claims, dataset, action)
    case_ref, acting_user = _one(request, b"case-ref"), _one(request, b"acting-user")
    if case_ref is None or not CASE_REF.fullmatch(case_ref) or (acting_user and not CASE_REF.fullmatch(acting_user)):
        raise CaseRefRequired
    grant = grants.known_grant(ring, detail, dataset)
    if grant is None:
        async with transaction(request.app.state.sessions) as session:
            grant = await grants.grant_of(session, detail, dataset)
        grants.keep_grant(ring, detail, dataset, grant)
    wanted = [name for name in given["fields"].split(",") if name] if "fields" in given else []
    return Question(
        dataset=dataset,
        claims=caller.claims,
        detail=detail,
        grant=grant,
        proof=caller.proof,
        bond=caller.bond,
        case_ref=case_ref,
        acting_user=acting_user or None,
        request_id=logs.request_id.get(),
        fields=grants.chosen_fields(dataset, grant, wanted),
    )


def _one(request: Request, name: bytes) -> str | None:
    """A header that may come once."""
    values = sent(request.scope, name)
    return values[0] if len(values) == 1 else None


async def remember(request: Request, client_id: str, dataset: Dataset, action: str, refusal: Refusal, at: datetime) -> None:
    """A refused data request leaves a row, though nothing was read."""
    actor = Actor(ActorKind.CLIENT, client_id=client_id)
    subject = {"subject_kind": "dataset", "subject_id": dataset.value}
    await refused(request.app.state.sessions, actor, f"sharing.{action}", refusal.slug, **subject, at=at)


def direct_of(request: Request) -> Direct:
    """The connections of this process for reads."""
    state = request.app.state
    if getattr(state, "direct", None) is None:
        state.direct = Direct(state.settings.database_url)
    found: Direct = state.direct
    return found


def told(limits: Limits, ring: Ring, event_id: UUID, at: datetime) -> dict[str, str]:
    """The headers of every answer to a read."""
    return {
        "log-entry": str(event_id),
        "ratelimit-policy": f'"hour";q={limits.rate};w=3600, "day";q={limits.quota_day};w=86400',
        "ratelimit": f'"hour";r={limits.left};t={limits.full_in}, "day";r={limits.left_today};t={limits.new_day_in}',
        "cache-control": "private, no-cache",
        "dpop-nonce": ring.nonces.current(at),
    }


class Delivered:
    """An answer ready to leave, without what the framework's own would look at again. Names of headers are in small letters."""

    def __init__(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.status, self.body = status, body
        self.headers = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send it."""
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body})


def delivered(body: bytes, headers: dict[str, str]) -> Delivered:
    """A JSON answer that says the SHA-256 of its body (RFC 9530)."""
    headers["content-digest"] = signed.digest_of(body)
    return Delivered(200, body, headers | {"content-type": "application/json", "content-length": str(len(body))})


def read_by_machines(endpoint: Endpoint) -> Endpoint:
    """Mark an endpoint that lets in nobody without a token for shared data (`asked`), and sign its answers where that is due."""

    @admits("client:sharing")
    async def read(request: Request) -> ASGIApp:
        answer = await endpoint(request)
        if signed.to_be_signed(request):
            _sign(request, answer)
        return answer

    return read


def _sign(request: Request, answer: ASGIApp) -> None:
    ring: Ring = request.app.state.ring
    if isinstance(answer, Delivered):
        headers = {name.decode(): value.decode("latin-1") for name, value in answer.headers}
        added = signed.signature_of(request, ring, answer.status, headers, answer.body, clock.now())
        headers |= added
        answer.headers = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    elif isinstance(answer, Response):
        added = signed.signature_of(request, ring, answer.status_code, answer.headers, bytes(answer.body), clock.now())
        answer.headers.update(added)
