"""The register book and the list of forms, looked at in a browser."""

from tests.journeys.conftest import Visit, faults


async def test_the_register_book_and_the_list_of_forms_have_no_fault(looked_at: Visit) -> None:
    await looked_at.sign_in("qt-2")
    wrong: list[str] = []
    for name, address in {"register-book": "/can-bo/so-theo-doi", "layouts": "/quan-tri/mau-van-ban"}.items():
        wrong += await faults(await looked_at.open(address), name)
    assert not wrong
