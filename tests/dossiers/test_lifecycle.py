"""The table of the lifecycle: complete, closed, and mapped to the national codes."""

from itertools import product

import pytest

from app.core.errors import WrongState
from app.core.permissions import Permission
from app.dossiers.lifecycle import (
    ACT_NAME,
    ENDS,
    NATIONAL_CODE,
    NATIONAL_NAME,
    OPEN,
    RULES,
    STATE_NAME,
    WAITING_FOR_BUSINESS,
    Act,
    State,
    Tick,
    next_state,
)

TABLE = {(rule.source, rule.act): rule for rule in RULES}
REFUSED = [pair for pair in product(State, Act) if pair not in TABLE]


def test_no_pair_of_state_and_act_has_two_rules():
    assert len(TABLE) == len(RULES)


@pytest.mark.parametrize("state,act", REFUSED, ids=str)
def test_an_act_that_is_not_in_the_table_is_refused(state: State, act: Act):
    with pytest.raises(WrongState):
        next_state(state, act)


def test_every_state_can_be_reached_and_can_reach_an_end():
    forward = {State.DRAFT}
    while new := {rule.target for rule in RULES if rule.source in forward} - forward:
        forward |= new
    assert forward == set(State)
    backward = set(ENDS)
    while new := {rule.source for rule in RULES if rule.target in backward} - backward:
        backward |= new
    assert backward == set(State)


def test_no_end_leads_anywhere_else():
    assert all(rule.target is rule.source for rule in RULES if rule.source in ENDS)


def test_every_state_has_a_national_code_but_the_draft_and_all_ten_are_used():
    assert {state for state, code in NATIONAL_CODE.items() if code is None} == {State.DRAFT}
    assert {code for code in NATIONAL_CODE.values() if code} == set(range(1, 11)) == set(NATIONAL_NAME)
    assert set(NATIONAL_CODE) == set(STATE_NAME) == set(State)
    assert set(ACT_NAME) == set(Act)


def test_no_business_withdraws_after_the_decision():
    withdrawals = {rule.source for rule in RULES if rule.act is Act.WITHDRAW}
    assert withdrawals == OPEN - {State.DECIDED}


def test_only_the_portal_settles_lapses_and_publishes():
    for rule in RULES:
        if rule.act in (Act.SETTLE, Act.LAPSE, Act.PUBLISH, Act.SIGN, Act.DEMAND_FEE, Act.ADVANCE):
            assert rule.permissions == {Permission.SYSTEM_ACT}


def test_every_wait_for_the_business_can_end_without_it():
    for state in WAITING_FOR_BUSINESS:
        assert (state, Act.LAPSE) in TABLE


def test_the_clock_runs_only_from_receipt_and_stops_at_every_end_after_it():
    waits = {State.AWAITING_SUPPLEMENT, State.AWAITING_CORRECTION, State.AWAITING_PAYMENT}
    started = {State.RECEIVED, State.IN_REVIEW, State.DECIDED} | waits
    for rule in RULES:
        if rule.source in started and rule.target not in started:
            assert rule.tick is Tick.STOP, rule
        if rule.source not in started and rule.target in started:
            assert rule.tick is Tick.START, rule
