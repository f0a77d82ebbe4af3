"""Checking files from a command line: what `motcua signature check` does once it knows whom to trust.

Each file is judged in a worker that may be killed, so a hostile one costs its seconds and not the run.
"""

import asyncio
import json
import os
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from signing.binding import Binding, split_tax_code
from signing.evidence import NO_EVIDENCE, Evidence
from signing.model import Report, Verdict
from signing.policy import Policy
from signing.pool import Pool
from signing.report import as_text, binding_of
from signing.trust import TrustSnapshot
from signing.trustfile import read_trust, thumbprint

HANOI = timezone(timedelta(hours=7))


class Unusable(ValueError):
    """An argument that cannot be used: said in both languages, ended with exit code 2."""

    def __init__(self, vi: str, en: str) -> None:
        super().__init__(f"{vi}\n{en}")


NO_STORE = Unusable(
    "Chưa có kho chứng thư tin cậy của cổng (không có cơ sở dữ liệu, hoặc kho còn trống). "
    "Hãy dùng --trust TỆP, hoặc --integrity-only để chỉ kiểm tra tính toàn vẹn.",
    "There is no trust store of the portal (no database, or the store is empty). "
    "Use --trust FILE, or --integrity-only to check integrity alone.",
)


def file(name: str) -> Path:
    """A file that is there and may be read. Raises Unusable."""
    path = Path(name)
    if path.is_dir():
        raise Unusable(f"{name} là thư mục, không phải tệp.", f"{name} is a folder: there is no file to check.")
    if not path.is_file():
        raise Unusable(f"Không có tệp {name}.", f"there is no file {name}")
    if not os.access(path, os.R_OK):
        raise Unusable(f"Không được quyền đọc tệp {name}.", f"The file {name} may not be read.")
    return path


def tax_code(text: str) -> str:
    """Ten digits, or ten and three, with the right check digit. Raises Unusable."""
    parts = split_tax_code(text)
    if parts is None:
        raise Unusable(
            f"Mã số thuế {text!r} sai: cần 10 chữ số, hoặc 10 và 3 (0100109106-001), đúng số kiểm tra.",
            f"The tax code {text!r} is wrong: ten digits, or ten and three (0100109106-001), with the right check digit.",
        )
    return "-".join(part for part in parts if part)


def moment(text: str) -> datetime:
    """ISO 8601; without a zone it is Hà Nội time. Raises Unusable."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Unusable(
            f"Không hiểu thời điểm {text!r}: viết như 2026-11-23T09:00:00+07:00.",
            f"The time {text!r} is not understood: write it like 2026-11-23T09:00:00+07:00.",
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=HANOI)


def trust(path: Path, key: str | None = None) -> tuple[TrustSnapshot, Evidence]:
    """A trust store from a file: as the portal exports it, or a bare snapshot. Raises Unusable.

    `{"trust": either of the two, "evidence": …}` brings revocation data along, which a check without network needs; the
    portal's export may hold its own. `key` (a thumbprint): only what that key signed is taken.
    """
    try:
        told = json.loads(path.read_bytes())
        evidence = Evidence.from_json(told["evidence"]) if "evidence" in told else NO_EVIDENCE
        return read_trust(json.dumps(told.get("trust", told)).encode(), key=key), evidence
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Unusable(
            f"Không dùng được kho chứng thư tin cậy {path} ({error}): cần tệp do Cổng xuất ra, hoặc JSON của TrustSnapshot.",
            f"The trust store {path} cannot be read ({error}): it must be the portal's export, or the JSON of a TrustSnapshot.",
        ) from None


def trust_key(given: str) -> str:
    """The thumbprint of the key that must have signed the trust store: as it stands, or of the key in a file. Raises Unusable."""
    if re.fullmatch(r"[A-Za-z0-9_-]{43}", given):
        return given
    try:
        return thumbprint(file(given).read_text())
    except ValueError as error:
        if isinstance(error, Unusable):
            raise
        raise Unusable(
            f"{given} không phải khóa công khai: cần dấu vân tay RFC 7638, hoặc tệp JWK hay PEM của khóa Ed25519.",
            f"{given} is no public key: give its RFC 7638 thumbprint, or a file with the Ed25519 key as JWK or PEM.",
        ) from None


def chosen_policy(
    at: datetime, *, integrity_only: bool, trust_file: str | None, key: str | None, portal: Callable[[datetime], Policy]
) -> Policy:
    """Whom to trust: nobody in the integrity-only mode, the given store, or the portal's own. Raises Unusable."""
    if integrity_only and trust_file is not None:
        raise Unusable(
            "Chỉ dùng một trong hai: --integrity-only hoặc --trust.", "Use either --integrity-only or --trust, not both."
        )
    if key is not None and trust_file is None:
        raise Unusable("--trust-key chỉ đi cùng --trust.", "--trust-key is for --trust.")
    if integrity_only:
        return Policy(at=at, integrity_only=True)
    if trust_file is None:
        return portal(at)
    store, evidence = trust(file(trust_file), None if key is None else trust_key(key))
    return Policy(at=at, trust=store, evidence=evidence)


def check_files(files: Sequence[Path], policy: Policy) -> list[Report]:
    """The reports in the order of the files. Raises OSError when a file has gone meanwhile."""
    paths = [each.resolve() for each in files]  # /dev/stdin is another file in a worker

    async def run() -> list[Report]:
        async with Pool(size=min(len(paths), os.cpu_count() or 1)) as pool:
            return list(await asyncio.gather(*(pool.check(each, policy) for each in paths)))

    return asyncio.run(run())


def as_json(files: Sequence[Path], reports: Sequence[Report], code: str | None) -> dict[str, Any]:
    """`{"reports": […]}`: each report with its `file`, and with `binding` when a tax code was asked about."""
    told = [{"file": str(path), **report.to_json()} for path, report in zip(files, reports, strict=True)]
    if code is not None:
        told = [one | {"binding": binding_of(report, code)} for one, report in zip(told, reports, strict=True)]
    return {"reports": told}


def as_lines(files: Sequence[Path], reports: Sequence[Report], code: str | None) -> str:
    """The same for people."""
    lines = []
    for path, report in zip(files, reports, strict=True):
        lines += [f"{path}:", as_text(report)]
        if code is not None:
            lines.append(f"  {code}: {binding_of(report, code)['result']}")
    return "\n".join(lines)


def all_good(reports: Sequence[Report], code: str | None) -> bool:
    """Every file VALID and, when a tax code was asked about, signed by it."""
    own = code is None or all(binding_of(report, code)["result"] == Binding.BOUND for report in reports)
    return own and all(report.verdict is Verdict.VALID for report in reports)
