"""Published trusted lists: what an honest one says, and everything that must stay out."""

from datetime import timedelta

import pytest
from asn1crypto import pem
from signxml import methods
from signxml.xades import XAdESSigner

from signing.model import Role
from signing.trust import ServiceStatus, Standing
from signing.trustlist import MOST_BYTES, ListRefused, read_trust_list, refuse_overdue, sequence_number
from tests.pki import NOW, Pki

BASE = "http://uri.etsi.org/TrstSvc"
GRANTED = f"{BASE}/TrustedList/Svcstatus/granted"
WITHDRAWN = f"{BASE}/TrustedList/Svcstatus/withdrawn"
CA, TSA = f"{BASE}/Svctype/CA/QC", f"{BASE}/Svctype/TSA/QTST"
DAY = timedelta(days=1)
START = (NOW - 800 * DAY).replace(microsecond=0)


def at(days: int) -> str:
    return (START + days * DAY).strftime("%Y-%m-%dT%H:%M:%SZ")


def a_standing(kind: str, name: str, certificates: list[bytes], status: str, since: str, tag: str) -> str:
    digital = "".join(f"<DigitalId><X509Certificate>{_base64(der)}</X509Certificate></DigitalId>" for der in certificates)
    return (
        f"<{tag}><ServiceTypeIdentifier>{kind}</ServiceTypeIdentifier>"
        f'<ServiceName><Name xml:lang="en">{name}</Name></ServiceName>'
        f"<ServiceDigitalIdentity>{digital}</ServiceDigitalIdentity>"
        f"<ServiceStatus>{status}</ServiceStatus><StatusStartingTime>{since}</StatusStartingTime></{tag}>"
    )


def a_service(kind: str, name: str, certificates: list[bytes], *standings: tuple[str, int]) -> str:
    """`standings`: newest first, as lists tell them."""
    (status, since), *earlier = standings
    now = a_standing(kind, name, certificates, status, at(since), "ServiceInformation")
    before = "".join(a_standing(kind, name, certificates, s, at(d), "ServiceHistoryInstance") for s, d in earlier)
    return f"<TSPService>{now}{f'<ServiceHistory>{before}</ServiceHistory>' if before else ''}</TSPService>"


def a_list(*services: str) -> str:
    names = '<Name xml:lang="en">MIC</Name>'
    return (
        '<TrustServiceStatusList xmlns="http://uri.etsi.org/02231/v2#" '
        'TSLTag="http://uri.etsi.org/19612/TSLTag" Id="list"><SchemeInformation>'
        f"<TSLVersionIdentifier>5</TSLVersionIdentifier><TSLSequenceNumber>7</TSLSequenceNumber>"
        f"<SchemeOperatorName>{names}</SchemeOperatorName><ListIssueDateTime>{at(0)}</ListIssueDateTime></SchemeInformation>"
        "<TrustServiceProviderList><TrustServiceProvider><TSPInformation>"
        f"<TSPName>{names}</TSPName></TSPInformation><TSPServices>{''.join(services)}</TSPServices>"
        "</TrustServiceProvider></TrustServiceProviderList></TrustServiceStatusList>"
    )


def _base64(der: bytes) -> str:
    return "".join(pem.armor("X", der).decode().splitlines()[1:-1])


def signed(pki: Pki, xml: str, label: str = "seal") -> bytes:
    """Signed by the operator, as ETSI asks: enveloped XAdES over the whole list."""
    from lxml import etree

    signer = XAdESSigner(method=methods.enveloped, signature_algorithm="rsa-sha256", digest_algorithm="sha256")
    certificate = pem.armor("CERTIFICATE", pki.cert(label).dump()).decode()
    root = signer.sign(etree.fromstring(xml), key=pki.key_pem(label), cert=certificate)
    return etree.tostring(root)


@pytest.fixture(scope="module")
def services(pki: Pki) -> str:
    two = [pki.cert(label).dump() for label in ("pubca", "gcaca")]
    return a_list(
        a_service(CA, "Dịch vụ A", two, (GRANTED, 700), (WITHDRAWN, 600), (GRANTED, 100)),
        a_service(CA, "Dịch vụ B", [pki.cert("natroot").dump()], (WITHDRAWN, 500), (GRANTED, 0)),
        a_service(TSA, "Dấu thời gian", [pki.cert("tsaca").dump()], (GRANTED, 50)),
        a_service(f"{BASE}/Svctype/unspecified", "Khác", [pki.cert("tsa").dump()], (GRANTED, 0)),
    )


def read(xml: bytes, pki: Pki, *, operators: tuple[str, ...] = ("seal",), when=NOW):
    return read_trust_list(xml, [pki.cert(label).dump() for label in operators], role=Role.FILER, at=when)


def test_a_list_tells_services_their_certificates_roles_and_histories(pki, services):
    found = read(signed(pki, services), pki)

    granted, withdrawn = ServiceStatus.GRANTED, ServiceStatus.WITHDRAWN
    assert {(a.service, a.sha256, *a.roles) for a in found} == {
        ("Dịch vụ A", pki.cert("pubca").sha256.hex(), Role.FILER),
        ("Dịch vụ A", pki.cert("gcaca").sha256.hex(), Role.FILER),
        ("Dịch vụ B", pki.cert("natroot").sha256.hex(), Role.FILER),
        ("Dấu thời gian", pki.cert("tsaca").sha256.hex(), Role.TSA),
    }
    histories = {a.service: [(s.status, (s.since - START).days) for s in a.history] for a in found}
    assert histories == {
        "Dịch vụ A": [(granted, 100), (withdrawn, 600), (granted, 700)],
        "Dịch vụ B": [(granted, 0), (withdrawn, 500)],
        "Dấu thời gian": [(granted, 50)],
    }
    assert isinstance(found[0].history[0], Standing)


BOMB = '<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><a>&c;</a>'
OUTSIDE = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'


@pytest.mark.parametrize(
    "content,reason",
    [
        (BOMB.encode(), "dangerous-xml"),
        (OUTSIDE.encode(), "dangerous-xml"),
        (b'<!DOCTYPE a SYSTEM "http://127.0.0.1/x.dtd"><a/>', "dangerous-xml"),
        (f'<?xml version="1.0" encoding="UTF-16"?>{BOMB}'.encode("utf-16"), "dangerous-xml"),
        (b'<?xml version="1.0" encoding="UTF-7"?><a/>', "dangerous-xml"),
        (b"<a>" * 100 + b"</a>" * 100, "dangerous-xml"),
        (b"<a><b></a>", "not-xml"),
        (b"", "not-xml"),
        (b"%PDF-1.7", "not-xml"),
        (b"<a>" + b" " * MOST_BYTES + b"</a>", "too-large"),
        (b"<a/>", "signature"),
    ],
    ids=["bomb", "outside", "remote-dtd", "utf-16", "utf-7", "deep", "broken", "empty", "pdf", "large", "other-xml"],
)
def test_what_could_hurt_a_parser_never_reaches_one(pki, content, reason):
    with pytest.raises(ListRefused) as refused:
        read(content, pki)
    assert refused.value.reason == reason


def test_a_list_that_nobody_signed_is_refused(pki, services):
    with pytest.raises(ListRefused) as refused:
        read(services.encode(), pki)
    assert refused.value.reason == "signature"


def test_a_list_signed_by_somebody_else_is_refused(pki, services):
    with pytest.raises(ListRefused) as refused:
        read(signed(pki, services, "biz"), pki)
    assert refused.value.reason == "signature"


@pytest.mark.parametrize(
    "change",
    [
        lambda xml: xml.replace(b"Svcstatus/withdrawn", b"Svcstatus/granted"),
        lambda xml: xml.replace(b"</TSPServices>", b"<TSPService/></TSPServices>"),
    ],
    ids=["status", "service"],
)
def test_a_list_changed_after_it_was_signed_is_refused(pki, services, change):
    with pytest.raises(ListRefused) as refused:
        read(change(signed(pki, services)), pki)
    assert refused.value.reason == "signature"


def test_a_signed_list_wrapped_in_another_gives_only_what_was_signed(pki, services):
    """Signature wrapping: the forged list outside, the signed one within."""
    inner = signed(pki, a_list(a_service(CA, "Thật", [pki.cert("natroot").dump()], (GRANTED, 0)))).decode()
    forged = services.replace("</SchemeInformation>", f"<SchemeExtensions>{inner}</SchemeExtensions></SchemeInformation>", 1)
    try:
        found = read(forged.encode(), pki)
    except ListRefused:
        return
    assert [a.service for a in found] == ["Thật"]


def test_an_operator_whose_certificate_has_ended_signs_nothing(pki, services):
    with pytest.raises(ListRefused) as refused:
        read(signed(pki, services), pki, when=NOW + 2000 * DAY)
    assert refused.value.reason == "signature"


def test_any_of_several_operators_will_do_and_none_will_not(pki, services):
    assert read(signed(pki, services), pki, operators=("official", "seal"))
    with pytest.raises(ListRefused):
        read(signed(pki, services), pki, operators=())


def test_a_list_without_a_service_of_a_known_kind_is_refused(pki):
    other = a_list(a_service(f"{BASE}/Svctype/unspecified", "Khác", [pki.cert("tsa").dump()], (GRANTED, 0)))
    with pytest.raises(ListRefused) as refused:
        read(signed(pki, other), pki)
    assert refused.value.reason == "empty"


NUMBER = "<TSLSequenceNumber>7</TSLSequenceNumber>"


def test_a_list_says_once_which_issue_it_is(pki, services):
    assert sequence_number(signed(pki, services)) == 7
    for wrong in ("", NUMBER * 2, NUMBER.replace("7", "-7"), NUMBER.replace("7", "")):
        with pytest.raises(ListRefused, match="unnumbered"):
            sequence_number(services.replace(NUMBER, wrong).encode())


def test_a_list_past_the_day_of_its_next_issue_is_not_read(services):
    """Whoever was withdrawn since would come back with it."""
    due = "<NextUpdate><dateTime>{}</dateTime></NextUpdate>"

    def with_due(*said: str) -> bytes:
        return services.replace(
            "</SchemeInformation>", "".join(due.format(one) for one in said) + "</SchemeInformation>"
        ).encode()

    for fine in (
        services.encode(),
        with_due(at(900)),
        services.replace("</SchemeInformation>", "<NextUpdate/></SchemeInformation>").encode(),
    ):
        refuse_overdue(fine, NOW)
    for overdue in (with_due(at(799)), with_due(at(900), at(799)), with_due("soon")):
        with pytest.raises(ListRefused, match="overdue"):
            refuse_overdue(overdue, NOW)
