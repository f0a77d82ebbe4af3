"""The descriptions of our two interfaces for machines: OpenAPI 3.1, made from the routes themselves.

The plain description lacks what an integrator must know: how to sign in, how refusals look, which headers come back.
"""

from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import orjson
import yaml
from fastapi import APIRouter, Depends, FastAPI, Query, Request, Response
from fastapi.openapi.utils import get_openapi

from app.api import bounded, check, contract, described, exports, filing, log, sharing, signature, subscriptions
from app.api.deps import KEY_NEEDED, At, Session
from app.api.filed import ProblemDocument
from app.api.machine import Keys, MachineRoute, Reader, let_in
from app.core.entry import anyone
from app.documents import explain
from app.sharing import queries
from app.sharing.rules import IDENTIFIER

Name = Literal["filing", "sharing", "signature", "log"]
NAMES: tuple[Name, ...] = ("filing", "sharing", "signature", "log")
contracts = APIRouter(prefix=f"{contract.PREFIX}/openapi", route_class=MachineRoute, tags=["sharing"])
ROUTERS = {
    "filing": [filing.router],
    "sharing": [sharing.records, sharing.router, check.router, subscriptions.router, exports.router, contracts],
    "signature": [signature.router],
    "log": [log.router],
}
TITLES = {
    "filing": (
        "Nộp hồ sơ bằng máy / Filing by machine",
        "A company's own system files, follows and pays as its people do on the portal.",
    ),
    "sharing": ("Dữ liệu dùng chung / Shared data", "Another agency reads the ministry's records under a signed agreement."),
    "signature": (
        "Kiểm tra chữ ký số / Checking signatures",
        "Anyone has the signatures of a PDF checked: no token, nothing stored, a few files a minute.",
    ),
    "log": (
        "Bằng chứng của nhật ký / Proofs of the logs",
        "Anyone sees that the logs only grow: checkpoints, tiles and proofs, hashes alone.",
    ),
}
REFUSALS = {
    "400": "The request says too little or cannot be understood.",
    "401": "The token or the proof is not good here; the challenge says why and the answer brings a nonce.",
    "403": "Not within the rights of this client.",
    "404": "Missing, or not yours to see: the two are never told apart.",
    "409": "Not possible in the present state, changed meanwhile, or the key came with another body.",
    "413": "Larger than allowed.",
    "415": "The body does not say that it is JSON.",
    "422": "Some items must be corrected; all are listed.",
    "429": "Too many requests; Retry-After says when to come back.",
    "503": "A system we depend on did not answer; try again.",
}
OF_A_READ = ("400", "401", "403", "404", "422", "429", "503")
OF_A_PROOF = ("404", "422", "503")
OF_A_CHECK = ("413", "415", "422", "429", "503")
OF_AN_ACT = ("400", "401", "403", "404", "409", "413", "415", "422", "429", "503")

router = APIRouter(dependencies=[Depends(anyone)], include_in_schema=False)


class _Plain(yaml.SafeDumper):
    """YAML without anchors: each part is said where it is read."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  # the library calls it so
        """Never an alias."""
        return True


def write(folder: Path) -> list[Path]:
    """Write both descriptions into `folder`; they are committed, and a test compares them with the routes."""
    folder.mkdir(exist_ok=True)
    return [_written(folder / f"{name}.yaml", name) for name in NAMES]


def _written(path: Path, name: Name) -> Path:
    path.write_text(text(name))
    return path


@cache
def text(name: Name) -> str:
    """One description as YAML, always in the same order."""
    return yaml.dump(document(name), Dumper=_Plain, allow_unicode=True, sort_keys=False, width=120)


@router.get("/api/filing/openapi.yaml")
async def filing_yaml() -> Response:
    """The description of filing by machine."""
    return Response(text("filing"), media_type="application/yaml")


@router.get("/api/signature/openapi.yaml")
async def signature_yaml() -> Response:
    """The description of the public check of signatures."""
    return Response(text("signature"), media_type="application/yaml")


@router.get("/log/openapi.yaml")
async def log_yaml() -> Response:
    """The description of the proofs of the logs."""
    return Response(text("log"), media_type="application/yaml")


@router.get("/api/signature/signature-report.schema.json")
async def report_schema() -> Response:
    """The form of a report, which the description points to."""
    return Response(orjson.dumps(explain.report_schema()), media_type="application/schema+json")


@router.get("/api/sharing/openapi.yaml")
async def sharing_yaml() -> Response:
    """The description of the shared data."""
    return Response(text("sharing"), media_type="application/yaml")


@contracts.get("", operation_id="read_contract", summary="Mô tả đúng một thỏa thuận / The description of exactly one agreement")
async def contract_json(
    request: Request,
    session: Session,
    ring: Keys,
    caller: Reader,
    at: At,
    agreement: Annotated[str, Query(max_length=64, pattern=f"^{IDENTIFIER.pattern}$")],
) -> dict[str, Any]:
    """OpenAPI 3.1 of the paths, fields and limits of one agreement of the client's own party that is in force."""
    admitted = await let_in(request, ring, caller, at)
    found = await queries.agreed(session, admitted.client_id, agreement)
    return contract.of_agreement(_whole(), found, ring.issuer)


@cache
def _whole() -> dict[str, Any]:
    """The description of all shared data, made once."""
    return document("sharing")


def document(name: Name) -> dict[str, Any]:
    """One description as plain values."""
    app = FastAPI()
    for part in ROUTERS[name]:
        app.include_router(part)
    title, summary = TITLES[name]
    made = get_openapi(title=title, version="1.0.0", description=summary, routes=app.routes, openapi_version="3.1.0")
    if name == "signature":
        _describe_check(made)
    elif name == "log":
        _describe_log(made)
    else:
        _describe_security(made)
        for operations in made["paths"].values():
            for method, operation in operations.items():
                _complete(operation, method)
    if name == "sharing":
        described.describe(made)
    bounded.bound(made, counted=name != "log")
    for operations in made["paths"].values():
        for operation in operations.values():
            operation["responses"] = dict(sorted(operation["responses"].items()))
    return made


def _describe_refusals(made: dict[str, Any]) -> dict[str, Any]:
    """The shape of a refusal; the answer is what all operations share."""
    parts: dict[str, Any] = made.setdefault("components", {})
    problem = ProblemDocument.model_json_schema(ref_template="#/components/schemas/{model}")
    parts.setdefault("schemas", {}).update({**problem.pop("$defs", {}), "Problem": problem})
    for gone in ("HTTPValidationError", "ValidationError"):
        parts["schemas"].pop(gone, None)
    return parts


def _describe_check(made: dict[str, Any]) -> None:
    """Open to everybody: no token, no nonce, no key."""
    parts = _describe_refusals(made)
    parts["schemas"]["Binding"] = signature.BINDING
    parts["responses"] = {f"Refused{status}": _plain_refusal(status) for status in OF_A_CHECK}
    made["security"] = []
    for operation in made["paths"]["/api/signature/check"].values():
        operation["responses"].update({status: {"$ref": f"#/components/responses/Refused{status}"} for status in OF_A_CHECK})


def _describe_log(made: dict[str, Any]) -> None:
    """Open to everybody, and cacheable."""
    parts = _describe_refusals(made)
    parts["responses"] = {f"Refused{status}": _plain_refusal(status) for status in OF_A_PROOF}
    made["security"] = []
    refused = {status: {"$ref": f"#/components/responses/Refused{status}"} for status in OF_A_PROOF}
    for operations in made["paths"].values():
        operations["get"]["responses"].update(refused)


def _plain_refusal(status: str) -> dict[str, Any]:
    headers = {"Retry-After": _header("Seconds to wait.")} if status in {"429", "503"} else {}
    return {**_refusal(status), "description": OF_CHECKS[status], "headers": headers}


OF_CHECKS = REFUSALS | {
    "415": "Neither application/pdf nor multipart/form-data.",
    "422": "No PDF, an empty file, or a tax code that cannot be.",
    "503": "Every place is taken; try again in a few seconds.",
}


def _describe_security(made: dict[str, Any]) -> None:
    """Say what FastAPI does not know: the DPoP-bound token, and the shape of a refusal."""
    parts = _describe_refusals(made)
    flow = {"tokenUrl": "/oauth/token", "scopes": {}}
    parts["securitySchemes"] = {
        "dpop": {
            "type": "http",
            "scheme": "DPoP",
            "description": "RFC 9449: `Authorization: DPoP <token>` and a `DPoP` proof signed for each call, with our nonce. "
            "The token is a JWT by RFC8725 and RFC 9068.",
        },
        "oauth": {
            "type": "oauth2",
            "flows": {"clientCredentials": flow},
            "description": "private_key_jwt (RFC 7523), DPoP-bound tokens of 300 s, JWTs by RFC8725 and RFC 9068.",
        },
    }
    parts["responses"] = {f"Refused{status}": _refusal(status) for status in REFUSALS}
    made["security"] = [{"dpop": []}]


def _refusal(status: str) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    headers = {"DPoP-Nonce": _header("The nonce for the next proof.")}
    if status in {"401", "403"}:
        headers["WWW-Authenticate"] = _header("What was wrong, and where tokens come from.")
    if status == "429":
        headers["Retry-After"] = _header("Seconds to wait.")
    return {"description": REFUSALS[status], "content": content, "headers": headers}


def _header(description: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string"}}


def _complete(operation: dict[str, Any], method: str) -> None:
    """Add the refusals, the nonce, and the key that every POST needs."""
    statuses = OF_A_READ if method == "get" else OF_AN_ACT
    operation["responses"].update({status: {"$ref": f"#/components/responses/Refused{status}"} for status in statuses})
    for status, response in operation["responses"].items():
        if status.startswith("2"):
            response.setdefault("headers", {})["DPoP-Nonce"] = _header("The nonce for the next proof.")
    for parameter in operation.get("parameters", ()):
        if parameter["name"].lower() == "idempotency-key":
            parameter["required"] = True
            parameter["schema"] = {"type": "string", "minLength": 8, "maxLength": 100, "pattern": "^[ -~]+$"}
            parameter["description"] = KEY_NEEDED.en
