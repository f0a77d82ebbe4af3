"""The life of a dossier is one table: what is not in it cannot happen, and every life has an end."""

import pytest

from app.core.errors import WrongState
from app.dossiers.lifecycle import ENDS, NATIONAL_CODE, RULES, STATE_NAME, Act, State, next_state

ALLOWED = {(rule.source, rule.act) for rule in RULES}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("act", Act)
def test_an_act_that_is_not_in_the_table_is_refused(state, act):
    if (state, act) in ALLOWED:
        assert next_state(state, act) in State
        return
    with pytest.raises(WrongState):
        next_state(state, act)


@pytest.mark.parametrize("state", State)
def test_every_state_can_reach_an_end(state):
    reached, before = {state}, set()
    while reached != before:
        before = set(reached)
        reached |= {next_state(*pair) for pair in ALLOWED if pair[0] in before}

    assert reached & set(ENDS)


@pytest.mark.parametrize("state", State)
def test_every_state_has_a_name_and_a_national_code(state):
    assert STATE_NAME[state].vi
    assert STATE_NAME[state].en
    assert (NATIONAL_CODE[state] in range(1, 11)) or state is State.DRAFT


def test_an_end_is_never_left():
    assert not [rule for rule in RULES if rule.source in ENDS and rule.target is not rule.source]
