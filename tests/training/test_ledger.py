"""What an evolution loses, and when a fit afresh pays."""

import numpy as np
import pytest
import torch

from pinnsolve.objectives.velocity import Solved
from pinnsolve.training.ledger import Ledger

ONE, LEAST = np.ones(1), np.zeros(1)


def left(residual, largest=1.0, iterations=40, unsolved=0.0):
    """Return rates that leave something of the equations, of size one."""
    return Solved(torch.zeros(1), residual**2 * ONE, ONE, largest, iterations, unsolved)


def after_fit(error, lost):
    """Return an account after a fit, with what has been lost before."""
    ledger = Ledger(1)
    ledger.fitted(lost * ONE)
    ledger.fitted(error * ONE)
    ledger.solved(left(0.1))
    ledger.measured(left(0.1), left(0.1), LEAST)
    return ledger


def test_losses_of_fits_and_steps_add_up():
    ledger = after_fit(0.02, lost=0.1)
    ledger.stepped(0.5, 0.003 * ONE)
    assert ledger.lost[0] == pytest.approx(0.1 + 0.02 + 0.5 * 0.1 + 0.003)


@pytest.mark.parametrize(
    ("found", "error", "pays"),
    [
        (left(0.15), 0.01, False),  # the residual has not doubled
        (left(0.3), 0.01, True),
        (left(0.3), 0.3, False),  # a fit costs 0.3, and saves 0.2 by the time that is left
        (left(0.1, largest=20.0), 0.01, True),  # harder to solve, and a fit costs little
        (left(0.1, largest=20.0), 0.2, False),
        (left(0.1, largest=5.0), 0.01, False),
        (left(0.1, iterations=130), 0.01, True),
        (left(0.1, iterations=110), 0.01, False),
    ],
)
def test_a_fit_pays_where_it_saves_more_than_it_costs(found, error, pays):
    ledger = after_fit(error, lost=0.5)
    ledger.solved(found)
    ledger.measured(found, found, LEAST)
    assert ledger.pays(1.0) == pays


def test_what_iterations_leave_is_told():
    ledger = after_fit(0.0, lost=0.0)
    assert ledger.warnings(100, 10) == ()
    ledger.solved(left(0.1, unsolved=3e-3))
    ledger.solved(left(0.1))
    assert ledger.warnings(100, 10) == (
        "conjugate gradients have left up to 0.003 of a linear system: raise "
        "evolution.regularization or evolution.preconditioner_rank.",
    )


def test_an_account_is_taken_up_again():
    ledger, again = after_fit(0.02, lost=0.1), Ledger(1)
    again.restore(ledger.state())
    assert again.state().keys() == ledger.state().keys()
    for name, value in ledger.state().items():
        np.testing.assert_array_equal(again.state()[name], value)
