"""What the catalogue says to machines, as JSON."""

from datetime import date
from typing import Self

from app.api.filed import Said, Words
from app.catalogue.procedure import Paper, Procedure
from app.catalogue.queries import Card


class ProcedureLine(Said):
    """A procedure in the list."""

    slug: str
    version: int
    title: Words
    summary: Words
    sector: Words
    time_limit: Words
    fee: Words

    @classmethod
    def of(cls, card: Card) -> Self:
        """A line of the catalogue."""
        words = {name: Words.of(getattr(card, name)) for name in ("title", "summary", "sector", "time_limit", "fee")}
        return cls(slug=card.slug, version=card.version, **words)


class ProcedureLines(Said):
    """The catalogue."""

    items: list[ProcedureLine]


class AskedPaper(Said):
    """A paper the procedure may ask for. `places`: the formats of each of its files; `signed`: the filer must sign."""

    id: str
    name: Words
    help: Words | None
    places: list[list[str]]
    max_mb: int
    signed: bool
    per: str | None


class FeeLine(Said):
    """A fee and when it falls due."""

    id: str
    title: Words
    when: str


class ProcedureRead(ProcedureLine):
    """One procedure: what it asks for. Its form is a JSON Schema of its own.

    `fees_confirmed` is false while the ministry confirms whether and how much is charged: nothing is charged until then.
    """

    valid_from: date
    audience: list[Words]
    papers: list[AskedPaper]
    fees: list[FeeLine]
    fees_confirmed: bool
    form: str

    @classmethod
    def of_procedure(cls, procedure: Procedure, root: str) -> Self:
        """The procedure as an integrator needs it."""
        return cls(
            slug=procedure.slug,
            version=procedure.version,
            title=Words.of(procedure.title),
            summary=Words.of(procedure.summary),
            sector=Words.of(procedure.sector),
            time_limit=Words.of(procedure.time_limit_text),
            fee=Words.of(procedure.fee_text),
            valid_from=procedure.valid_from,
            audience=[Words.of(text) for text in procedure.audience],
            papers=[_asked(paper) for paper in procedure.papers],
            fees=[FeeLine(id=fee.id, title=Words.of(fee.title), when=fee.when) for fee in procedure.fees],
            fees_confirmed=procedure.fees_confirmed,
            form=f"{root}/procedures/{procedure.slug}/form",
        )


def _asked(paper: Paper) -> AskedPaper:
    return AskedPaper(
        id=paper.id,
        name=Words.of(paper.name),
        help=Words.of(paper.help) if paper.help else None,
        places=[list(place) for place in paper.formats],
        max_mb=paper.max_mb,
        signed=paper.signed is not None,
        per=paper.per,
    )
