"""The printed result of a signature check, as a PDF a clerk can file: PDF/A-3a and PDF/UA-1, the report attached as JSON.

No number, no seal, nothing is stored: a print of what the portal knows. CPU work of some 50 ms: call it in a thread.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast

import typst

from app.issued.render import fonts_folder

TEMPLATE = Path(__file__).parent / "templates" / "signature-report.typ"


def signature_report(values: Mapping[str, Any]) -> bytes:
    """The report; the same values give the same bytes."""
    compiler = typst.Compiler(
        str(TEMPLATE),
        root=str(TEMPLATE.parent),
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(values, ensure_ascii=False, sort_keys=True)},
    )
    return cast("bytes", compiler.compile(format="pdf", pdf_standards=["a-3a", "ua-1"]))


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(fonts_folder())])
