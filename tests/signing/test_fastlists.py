"""Revocation lists read fast say what the engine's own reading says."""

import random
from datetime import timedelta

from asn1crypto import core, crl, x509
from pyhanko_certvalidator.revinfo import validate_crl

from signing import chain, fastlists, remembered
from signing.evidence import Evidence
from tests.pki import NOW, Pki
from tests.signing.alike import rounds

ISSUER, OTHER = x509.Name.build({"common_name": "A"}), x509.Name.build({"common_name": "B"})


def certificate(like: bytes, serial: int) -> x509.Certificate:
    made = x509.Certificate.load(like)
    made["tbs_certificate"]["serial_number"] = serial
    return x509.Certificate.load(made.dump(force=True))


def listed(like: bytes, serials: list[int], dice: random.Random) -> crl.CertificateList:
    """As read from bytes, which is how the engine gets them."""
    made = crl.CertificateList.load(like)
    made["tbs_cert_list"]["revoked_certificates"] = [_entry(serial, dice) for serial in serials]
    return crl.CertificateList.load(made.dump(force=True))


def _entry(serial: int, dice: random.Random) -> crl.RevokedCertificate:
    extensions = []
    if dice.random() < 0.4:
        extensions.append(
            {
                "extn_id": "crl_reason",
                "critical": False,
                "extn_value": crl.CRLReason("key_compromise"),
            }
        )
    if dice.random() < 0.2:
        names = x509.GeneralNames([x509.GeneralName(name="directory_name", value=dice.choice((ISSUER, OTHER)))])
        extensions.append({"extn_id": "certificate_issuer", "critical": True, "extn_value": names})
    entry = {"user_certificate": serial, "revocation_date": x509.Time(name="utc_time", value=core.UTCTime(NOW))}
    return crl.RevokedCertificate(entry | ({"crl_entry_extensions": extensions} if extensions else {}))


def found(find, cert, of_list):
    try:
        date, reason = find(cert, ISSUER, of_list, ISSUER)
    except Exception as error:  # noqa: BLE001  # the error is what is compared
        return type(error), str(error)
    return date, reason and reason.native


def test_entries_are_found_alike(pki: Pki):
    """A sample; `make audit` compares 20,000."""
    dice, hits = random.Random(9), 0
    like, list_like = pki.cert("biz").dump(), pki.crl("pubca").der
    for _ in range(rounds(400)):
        serials = [
            dice.choice((dice.randrange(300), dice.getrandbits(dice.choice((20, 80, 159))))) for _ in range(dice.randrange(6))
        ]
        cert = certificate(like, dice.choice((*serials, dice.getrandbits(80), dice.randrange(300))))
        of_list = listed(list_like, serials, dice)
        slow = found(fastlists.original_find, cert, of_list)
        assert found(fastlists.find_cert_in_list, cert, of_list) == slow
        hits += slow != (None, None)
    assert hits > rounds(400) // 10, "the sample must hold certificates that are listed"


def test_chains_are_judged_alike(monkeypatch, pki: Pki):
    """With every kind of evidence missing now and then. A sample; `make audit` judges 20,000."""
    dice, items, codes = random.Random(13), pki.evidence().items, set()
    for _ in range(rounds(40)):
        leaf = pki.cert(dice.choice(("biz", "bizrev", "bizheld", "person", "seal", "tsa")))
        evidence = Evidence(tuple(dice.sample(items, dice.randrange(len(items) - 3, len(items) + 1))))
        moment = chain.Moment(NOW + timedelta(days=dice.choice((0, 0, 0, 1, 400, -400))))
        fast = chain.judge(leaf, moment, pki.trust, evidence)
        with monkeypatch.context() as engine:
            engine.setattr(validate_crl, "_handle_single_crl", fastlists.original_handle)
            engine.setattr(validate_crl, "find_cert_in_list", fastlists.original_find)
            remembered._grounds.clear()  # or the second would only remember the first
            slow = chain.judge(leaf, moment, pki.trust, evidence)
        assert (fast.code, fast.roles, fast.revocation) == (slow.code, slow.roles, slow.revocation)
        codes.add(fast.code)
    assert len(codes) > 1, "the sample must hold chains that are judged differently"
