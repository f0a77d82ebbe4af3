"""What administrators do to the trust store, on a copy, and what they are told before it counts."""

from dataclasses import replace
from datetime import timedelta

import pytest
from asn1crypto import pem

from app.core.errors import Conflict, Incomplete, NotFound
from app.trust import changes
from app.trust.changes import Change, Kind, counted, differences
from signing import Role
from signing.trust import ServiceStatus, Standing
from tests.pki import NOW, Pki, build

DAY = timedelta(days=1)
GRANTED, SUSPENDED, WITHDRAWN = ServiceStatus


@pytest.fixture(scope="module")
def pki(tmp_path_factory) -> Pki:
    return build(tmp_path_factory.mktemp("pki"))


def added(pki: Pki, content: bytes, role: Role | None = Role.FILER, **told: str) -> Change:
    trust = pki.trust_with(without=("pubca", "tsaca", "gcaroot", "gcaca"))
    given = {"service": "Dịch vụ mới", "crl": "", "ocsp": ""} | told
    return changes.add(trust, content, role=role, since=NOW, **given)


def test_an_authority_is_entered_with_its_role_and_addresses(pki):
    before = pki.trust_with(without=("pubca", "tsaca", "gcaroot", "gcaca"))
    change = added(
        pki, pki.cert("gcaroot").dump(), Role.OFFICIAL, crl="http://a.vn/1.crl\nhttps://b.vn/2.crl", ocsp="http://o.vn"
    )
    after = Change.from_json(change.to_json()).applied(before)

    authority = after.anchors[-1]
    assert (authority.crl, authority.ocsp, authority.roles) == (
        ("http://a.vn/1.crl", "https://b.vn/2.crl"),
        "http://o.vn",
        {Role.OFFICIAL},
    )
    assert authority.status_at(NOW) is GRANTED
    assert authority.status_at(NOW - DAY) is None
    (line,) = differences(before, after)
    assert line.kind is Kind.ADDS
    assert "“Dịch vụ mới” (Cơ quan nhà nước (công vụ))" in line.text.vi
    assert counted((line,)).en == "Adds 1, ends 0, changes 0."


def test_what_a_known_root_issued_counts_through_it(pki):
    change = added(pki, pem.armor("CERTIFICATE", pki.cert("pubca").dump()), None)

    after = change.applied(pki.trust_with(without=("pubca", "tsaca", "gcaroot", "gcaca")))
    assert after.intermediates[-1].der == pki.cert("pubca").dump()
    assert not after.intermediates[-1].roles


def test_a_service_lends_its_history_to_its_next_certificate(pki):
    trust = pki.trust_with(without=("gcaca",))
    change = changes.add(trust, pki.cert("gcaca").dump(), service="tsaca", role=Role.TSA, crl="", ocsp="", since=NOW)

    first, second = (change.applied(trust).services)["tsaca"]
    assert {first.crl, second.crl} == {first.crl}
    assert first.history == second.history


REFUSALS = {
    "no certificate": (lambda pki: b"hello", Role.FILER, {}, "not-a-certificate"),
    "empty": (lambda pki: b"", Role.FILER, {}, "not-a-certificate"),
    "a private key": (lambda pki: pki.key_pem("biz"), Role.FILER, {}, "private-key"),
    "two": (lambda pki: pem.armor("CERTIFICATE", pki.cert("pubca").dump()) * 2, Role.FILER, {}, "several-certificates"),
    "a short key": (lambda pki: pki.cert("bizweak").dump(), Role.FILER, {}, "weak-key"),
    "known": (lambda pki: pki.cert("natroot").dump(), Role.FILER, {}, "known-certificate"),
    "not an authority": (lambda pki: pki.cert("biz").dump(), Role.FILER, {}, "no-authority"),
    "unknown issuer": (lambda pki: pki.cert("gcaca").dump(), None, {}, "no-issuer"),
    "borrowed name": (lambda pki: pki.cert("evilbiz").dump(), Role.FILER, {}, "no-authority"),
    "no name": (lambda pki: pki.cert("gcaca").dump(), Role.FILER, {"service": ""}, "no-name"),
    "a file": (lambda pki: pki.cert("gcaca").dump(), Role.FILER, {"crl": "file:///etc/passwd"}, "bad-address"),
    "no host": (lambda pki: pki.cert("gcaca").dump(), Role.FILER, {"ocsp": "http://"}, "bad-address"),
    "a user": (lambda pki: pki.cert("gcaca").dump(), Role.FILER, {"crl": "http://a@b.vn/"}, "bad-address"),
    "a bad port": (lambda pki: pki.cert("gcaca").dump(), Role.FILER, {"crl": "http://b.vn:99999/"}, "bad-address"),
}


@pytest.mark.parametrize("content,role,told,slug", REFUSALS.values(), ids=REFUSALS)
def test_what_cannot_be_trusted_is_refused_in_words(pki, content, role, told, slug):
    with pytest.raises(Incomplete) as refused:
        added(pki, content(pki), role, **told)
    assert refused.value.slug == slug


def test_a_status_counts_from_its_day_on_and_replaces_what_was_said_for_later(pki):
    trust = pki.trust
    trust = changes.restate(trust, "pubca", WITHDRAWN, NOW + 30 * DAY).applied(trust)
    after = changes.restate(trust, "pubca", SUSPENDED, NOW + 10 * DAY).applied(trust)

    (authority,) = after.services["pubca"]
    assert [standing.status for standing in authority.history] == [GRANTED, SUSPENDED]
    assert authority.recognised_at(NOW + 9 * DAY)
    assert not authority.recognised_at(NOW + 40 * DAY)
    assert [period[0] for period in changes.periods(authority)] == [GRANTED, SUSPENDED]
    told = differences(trust, after)
    assert {line.kind for line in told} == {Kind.ENDS, Kind.CHANGES}
    assert any("tạm đình chỉ" in line.text.vi for line in told)


def test_addresses_change_for_every_certificate_of_a_service(pki):
    after = changes.readdress(pki.trust, "pubca", "http://new.vn/x.crl", "").applied(pki.trust)

    assert {(a.crl, a.ocsp) for a in after.services["pubca"]} == {(("http://new.vn/x.crl",), None)}
    assert "http://new.vn/x.crl" in differences(pki.trust, after)[0].text.vi
    with pytest.raises(NotFound):
        changes.readdress(pki.trust, "nobody", "", "")


def test_a_change_upon_another_epoch_is_refused(pki):
    change = changes.readdress(pki.trust, "pubca", "", "")

    with pytest.raises(Conflict):
        change.applied(replace(pki.trust, epoch=2))


def test_a_change_that_changes_nothing_is_refused(pki):
    (authority,) = pki.trust.services["pubca"]
    with pytest.raises(Incomplete) as refused:
        changes.readdress(pki.trust, "pubca", "\n".join(authority.crl), authority.ocsp or "").applied(pki.trust)
    assert refused.value.slug == "nothing-changes"


def test_a_published_list_adds_what_is_new_and_ends_what_it_ended(pki):
    before = pki.trust_with(without=("gcaroot", "gcaca", "tsaca"))
    new = [replace(a, history=(Standing(GRANTED, NOW),), roles=frozenset({Role.FILER})) for a in pki.trust.authorities[1:2]]
    ended = replace(pki.trust.intermediates[0], history=(Standing(GRANTED, NOW - DAY), Standing(WITHDRAWN, NOW)))
    after = changes.merge(before, (*new, ended), "danh sách").applied(before)

    told = differences(before, after)
    assert counted(told).vi == "Thêm 1, chấm dứt 1, đổi 1."
    assert not after.services["pubca"][0].recognised_at(NOW)
    assert after.services["pubca"][0].crl == before.services["pubca"][0].crl, "a list says nothing of addresses"


def test_what_was_taken_out_altogether_is_told_with_what_it_means(pki):
    (line,) = differences(pki.trust, pki.trust_with(without=("gcaca",)))
    assert line.kind is Kind.ENDS
    assert "không còn kiểm tra lại được" in line.text.vi
