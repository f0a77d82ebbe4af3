"""What to ask, of whom, and what the answers are."""

from dataclasses import replace
from datetime import timedelta

import pytest

from signing import Evidence, Source, is_fresh, needs_of, revocation_needs, sign_paper
from signing.revocation import read_item
from tests.pki import NOW


async def test_every_certificate_below_the_anchor_is_asked_about_once(pki, paper):
    signed = await sign_paper(paper, pki.signer("biz"), tsa=pki.tsa())

    needs = revocation_needs(signed, pki.trust)
    assert [(need.source, need.url.split("/vn/")[1]) for need in needs] == [
        (Source.OCSP, "ocsp/pubca"),
        (Source.CRL, "crls/pubca/latest.crl"),
        (Source.CRL, "crls/natroot/latest.crl"),
        (Source.CRL, "crls/tsaca/latest.crl"),
    ]
    assert len({need.key for need in needs}) == len(needs)


def test_addresses_come_from_the_trust_store_and_never_from_a_certificate(pki):
    silent = replace(
        pki.trust,
        anchors=tuple(replace(a, crl=(), ocsp=None) for a in pki.trust.anchors),
        intermediates=tuple(replace(a, crl=(), ocsp=None) for a in pki.trust.intermediates),
    )

    assert pki.cert("biz").crl_distribution_points  # the certificate does name one
    assert needs_of([pki.cert("biz")], silent) == []


def test_an_unknown_issuer_is_not_asked(pki):
    assert needs_of([pki.cert("evilbiz")], pki.trust) == []


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7 broken", b"PK\x03\x04"])
def test_an_unreadable_file_needs_nothing(pki, content):
    assert revocation_needs(content, pki.trust) == []


def test_an_answer_keeps_its_bytes_and_dates(pki):
    item = pki.crl("pubca")

    assert (item.this_update, item.next_update) == (NOW, NOW + timedelta(days=1))
    assert read_item(Source.CRL, item.url, item.der) == item
    assert Evidence.from_json(Evidence((item,)).to_json()) == Evidence((item,))


def test_the_same_answer_is_kept_once(pki):
    item, other = pki.crl("pubca"), pki.crl("gcaca")

    assert Evidence((item,)).with_items([item, other]).items == (item, other)


@pytest.mark.parametrize("source", list(Source))
@pytest.mark.parametrize("der", [b"", b"hello", b"\x30\x03\x0a\x01\x06"])
def test_what_is_no_answer_is_refused(source, der):
    with pytest.raises(ValueError, match=r".*"):
        read_item(source, "x", der)


def test_an_answer_is_fresh_until_the_next_one_is_due(pki):
    item = pki.crl("pubca")

    assert is_fresh(item, NOW + timedelta(hours=23))
    assert not is_fresh(item, NOW + timedelta(hours=25))
    assert is_fresh(replace(item, next_update=None), NOW + timedelta(minutes=29))
    assert not is_fresh(replace(item, next_update=None), NOW + timedelta(minutes=31))


def test_a_trust_snapshot_survives_its_journey_as_json(pki):
    assert type(pki.trust).from_json(pki.trust.to_json()) == pki.trust
    assert pki.trust_with(epoch=2).digest != pki.trust.digest
