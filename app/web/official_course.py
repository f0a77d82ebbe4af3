"""What officials do beside the plain steps: give opinions, inspect a site, decide which version a filed dossier goes by."""

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.dossiers.actions import inspect, minutes, opinions, version
from app.dossiers.actions.inspect import Visit
from app.dossiers.lifecycle import Act
from app.web.deps import Posted, csrf
from app.web.official import AtDesk, enter

router = APIRouter(prefix="/can-bo", dependencies=[Depends(enter), Depends(csrf)])


@router.post("/ho-so/{dossier_id}/cho-y-kien")  # noqa: FAST003  (the desk takes it)
async def do_give_opinion(desk: AtDesk) -> Response:
    """The unit that was asked answers."""
    given = {"opinion": desk.form.get("opinion"), "text": desk.form.get("text")}
    return await desk.do(Act.GIVE_OPINION, opinions.give, "task_id", **given)


@router.post("/ho-so/{dossier_id}/bo-qua-y-kien")  # noqa: FAST003  (the desk takes it)
async def do_go_without(desk: AtDesk) -> Response:
    """Go on without an opinion that is overdue."""
    return await desk.do(Act.GO_WITHOUT_OPINION, opinions.go_without, "task_id", reason=desk.form.get("reason"))


@router.post("/ho-so/{dossier_id}/kiem-tra-thuc-te")  # noqa: FAST003  (the desk takes it)
async def do_inspect(desk: AtDesk) -> Response:
    """Minutes of the visit; what is to be put right stops the clock."""
    act = Act.ORDER_CORRECTION if desk.form.get("outcome") == "correct" else Act.INSPECT
    return await desk.do(act, inspect.inspect, "task_id", visit=_visit(desk.form))


def _visit(form: Posted) -> Visit:
    days = form.get("days")
    return Visit(
        outcome=form.get("outcome"),
        site=form.get("site").strip(),
        findings=form.get("findings"),
        hosts=tuple(name.strip() for name in form.get("hosts").splitlines() if name.strip()),
        conclusion=form.get("conclusion"),
        correct=form.get("correct"),
        days=int(days) if days.isascii() and days.isdigit() and len(days) < 4 else 0,
    )


@router.post("/ho-so/{dossier_id}/phien-ban")  # noqa: FAST003  (the desk takes it)
async def do_choose_version(desk: AtDesk) -> Response:
    """The desk decides whether what has been filed goes by the newer version."""
    return await desk.do(Act.MOVE_VERSION, version.choose, moves=desk.form.get("choice") == "move")


@router.post("/ho-so/{dossier_id}/bien-ban-khong-ky")  # noqa: FAST003  (the desk takes it)
async def do_note_unsigned(desk: AtDesk) -> Response:
    """Note that the business did not sign the minutes, and why."""
    return await desk.do(Act.REFUSE_MINUTES, minutes.refuse, "issued_id", reason=desk.form.get("reason"))
