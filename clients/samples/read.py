"""Reads licences from the portal: what may be read, a list, one record, and a field that is not granted.

Needs `motcua-client`, the private key in khoa.json and what the registration answered in ung-dung.json.
"""

import json
from pathlib import Path

from motcua_client import ClientKey, Portal, Purpose, Refused

client = json.loads(Path("ung-dung.json").read_text())
under = Purpose(client["agreement"], client["purposes"][0])

with Portal(client["issuer"], client["client_id"], ClientKey.load("khoa.json")) as portal:
    case = portal.case("HS-2026-001", under=under)  # the number of the case at your agency: the log names it

    told = case.check("GET", "/api/sharing/v1/licences", "licences")
    print("allowed:", told["allowed"], told["clause"])

    numbers = [item.key for item in case.list("licences", limit=50, fields=["number"])]
    print("licences:", len(numbers))

    licence = case.get("licences", numbers[0], fields=["number", "status", "valid_to"])
    print("read:", dict(licence.fields), "log entry:", licence.log_entry)

    try:
        case.get("licences", numbers[0], fields=["signer"])
    except Refused as refused:
        print("refused:", refused.slug, "|", refused.title)
