"""When a service counted, and trust stores that travel as files."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from joserfc import jws
from joserfc.jwk import OKPKey

from signing import Policy, check, sign_paper
from signing.evidence import Evidence, Source
from signing.trust import Authority, ServiceStatus, Standing, TrustSnapshot
from signing.trustfile import public_lists, read_trust, written
from tests.pki import NOW

DAY = timedelta(days=1)
GRANTED, SUSPENDED, WITHDRAWN = ServiceStatus
STANDINGS = (
    Standing(GRANTED, NOW - 900 * DAY),
    Standing(SUSPENDED, NOW - 20 * DAY),
    Standing(GRANTED, NOW - 10 * DAY),
    Standing(WITHDRAWN, NOW + 5 * DAY),
)


@pytest.mark.parametrize(
    "days,status",
    [
        (-901, None),
        (-900, GRANTED),
        (-21, GRANTED),
        (-20, SUSPENDED),
        (-11, SUSPENDED),
        (-10, GRANTED),
        (4, GRANTED),
        (5, WITHDRAWN),
        (5000, WITHDRAWN),
    ],
)
def test_a_status_holds_from_its_moment_until_the_next(days, status):
    service = Authority(b"", "x", history=STANDINGS)

    assert service.status_at(NOW + days * DAY) is status
    assert service.recognised_at(NOW + days * DAY) is (status is GRANTED)


def test_a_service_without_history_is_bounded_by_its_two_dates_alone():
    service = Authority(b"", "x", valid_from=NOW, valid_to=NOW + DAY)

    assert [service.recognised_at(NOW + n * DAY) for n in (-1, 0, 1, 2)] == [False, True, True, False]


def standing_in(trust: TrustSnapshot, history: tuple[Standing, ...]) -> TrustSnapshot:
    """The same store, its public authority with this history."""
    changed = tuple(replace(a, history=history) if a.service == "pubca" else a for a in trust.intermediates)
    return replace(trust, intermediates=changed)


@pytest.mark.parametrize(
    "history,verdict",
    [
        ((), "VALID"),
        (STANDINGS[:3], "VALID"),
        (STANDINGS[:2], "INDETERMINATE"),
        ((*STANDINGS[:1], Standing(WITHDRAWN, NOW - DAY)), "INDETERMINATE"),
        ((*STANDINGS[:1], Standing(WITHDRAWN, NOW + DAY)), "VALID"),
        ((Standing(GRANTED, NOW + DAY),), "INDETERMINATE"),
    ],
    ids=["none", "granted-again", "suspended", "withdrawn", "withdrawn-later", "not-yet"],
)
async def test_a_signature_is_judged_by_the_status_its_issuer_had_then(pki, paper, policy: Policy, history, verdict):
    signed = await sign_paper(paper, pki.signer("biz"))

    assert check(signed, replace(policy, trust=standing_in(pki.trust, history))).verdict == verdict


def test_certificates_of_one_service_are_shown_together(pki):
    second = replace(pki.trust.intermediates[1], service="pubca")
    trust = replace(pki.trust, intermediates=(*pki.trust.intermediates, second))

    assert [len(each) for name, each in trust.services.items() if name == "pubca"] == [2]


def test_a_store_kept_before_histories_existed_reads_and_signs_as_before(pki):
    old = pki.trust.to_json()
    assert all("history" not in authority for authority in old["anchors"] + old["intermediates"])
    assert TrustSnapshot.from_json(old).digest == pki.trust.digest
    later = standing_in(pki.trust, STANDINGS)
    assert TrustSnapshot.from_json(later.to_json()) == later
    assert later.digest != pki.trust.digest


KEY = OKPKey.generate_key("Ed25519")


def exported(trust: TrustSnapshot, key: OKPKey = KEY, evidence: Evidence | None = None) -> dict[str, object]:
    signature = jws.serialize_compact({"alg": "Ed25519"}, trust.digest, key, ["Ed25519"])
    return written(trust, note="thử", adopted_at=NOW.isoformat(), key=KEY, signature=signature, evidence=evidence)


def unsealed(file: dict[str, object]) -> dict[str, object]:
    """As files were written before the seal."""
    return {name: value for name, value in file.items() if name != "seal"}


def test_a_file_from_before_the_seal_reads_on(pki):
    assert read_trust(json.dumps(unsealed(exported(pki.trust))).encode(), key=KEY.thumbprint()) == pki.trust


def test_a_role_that_does_not_exist_is_refused_by_its_name(pki):
    store = pki.trust.to_json()
    store["anchors"][0]["roles"] = ["boss"]
    with pytest.raises(ValueError, match=r"no role 'boss' \(there are filer, foreign, official, tsa\)"):
        read_trust(json.dumps(store).encode())


def test_only_public_lists_of_known_authorities_go_into_a_file(pki):
    heard = pki.evidence().with_items([pki.ocsp_for("biz")])
    stray = replace(heard.items[0], url="http://elsewhere.example/x.crl", der=heard.items[0].der + b"")
    kept = public_lists(Evidence((*heard.items, stray)), pki.trust)
    assert {item.source for item in kept.items} == {Source.CRL}
    assert stray not in kept.items


def test_an_exported_store_reads_back_and_so_does_its_bare_form(pki):
    trust = standing_in(pki.trust, STANDINGS)

    assert read_trust(json.dumps(exported(trust)).encode(), key=KEY.thumbprint()) == trust
    assert read_trust(json.dumps(trust.to_json()).encode()) == trust


@pytest.mark.parametrize(
    "change",
    [
        lambda file, pki: file | {"snapshot": pki.trust_with(epoch=9).to_json()},
        lambda file, pki: file | {"signature": exported(pki.trust, OKPKey.generate_key("Ed25519"))["signature"]},
        lambda file, pki: file | {"signature": "x"},
        lambda file, pki: file | {"note": "another reason"},
        lambda file, pki: file | {"evidence": pki.evidence().to_json()},
        lambda file, pki: unsealed(file) | {"evidence": pki.evidence().to_json()},
        lambda file, pki: {name: value for name, value in file.items() if name != "key"},
        lambda file, pki: file | {"snapshot": {"epoch": "one"}},
        lambda file, pki: {"anything": 1},
        lambda file, pki: [],
    ],
    ids=[
        "other-content",
        "other-key",
        "no-signature",
        "other-note",
        "added-lists",
        "unsealed-lists",
        "no-key",
        "odd-shape",
        "other-json",
        "no-object",
    ],
)
def test_a_store_that_is_not_what_was_signed_is_refused(pki, change):
    with pytest.raises(ValueError, match="trust store"):
        read_trust(json.dumps(change(exported(pki.trust), pki)).encode())


def test_only_the_named_key_counts_when_one_is_named(pki):
    with pytest.raises(ValueError, match="another key"):
        read_trust(json.dumps(exported(pki.trust)).encode(), key="elsewhere")
    with pytest.raises(ValueError, match="not signed"):
        read_trust(json.dumps(pki.trust.to_json()).encode(), key=KEY.thumbprint())
