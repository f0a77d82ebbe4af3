"""The data dictionary: every field that is shared, what it means, how it must be treated. Written as a page of docs/. Pure."""

from collections.abc import Iterator

from app.registers.rules import SCHEMAS, Field, FieldClass, Schema

CLASSES = {
    FieldClass.PUBLIC: "công khai / public",
    FieldClass.INTERNAL: "nội bộ / internal",
    FieldClass.PERSONAL: "cá nhân / personal",
    FieldClass.SENSITIVE: "nhạy cảm / sensitive",
}
_HEAD = """\
# Data dictionary / Từ điển dữ liệu

Every field of the shared data, written from `app/registers/rules.py` by `motcua sharing dictionary`. Fields with one code
mean the same in every dataset. *Filter*: an agreement or a list may keep to records by this field. A personal or sensitive
field needs an article of its own in an agreement.
"""


def page() -> str:
    """The whole page as Markdown."""
    return "\n".join([_HEAD, *(line for schema in SCHEMAS.values() for line in _section(schema))])


def _section(schema: Schema) -> Iterator[str]:
    yield f"## {schema.dataset}: {schema.title.vi} / {schema.title.en}\n"
    yield f"Key: {schema.key_title.vi} / {schema.key_title.en}, `{schema.key_pattern.replace('|', '&#124;')}`\n"
    yield "| field | code | meaning | type | class | filter |\n|---|---|---|---|---|---|"
    for field in schema.fields:
        yield _row(schema, field)
    yield ""


def _row(schema: Schema, field: Field) -> str:
    cells = [f"`{field.name}`", f"`{schema.dictionary_code(field)}`", f"{field.title.vi} / {field.title.en}"]
    cells += [field.format or field.kind, CLASSES[field.classed], "yes" if field.filters else ""]
    return f"| {' | '.join(cells)} |"
