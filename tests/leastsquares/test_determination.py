"""What a residual tells of some unknowns, where all others answer as they like."""

import pytest
import torch

from pinnsolve.leastsquares.determination import determination

ROWS, WEIGHTS = 60, 20
NOISE = torch.zeros(ROWS, dtype=torch.bool)  # no row of data: all is the network's own


def draws(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


A = draws(ROWS, WEIGHTS)


def found(B, r, is_data=NOISE, rounding=0.0):
    return determination(A, B, r, is_data, rounding)


def test_standard_errors_are_those_of_linear_regression():
    # of all columns together, whose inverse normal matrix has the constants' block at its end
    B, r = draws(ROWS, 2, seed=1), torch.full((ROWS,), 1e-3, dtype=torch.float64)
    J = torch.cat([A, B], 1)
    variance = float(r @ r) / (ROWS - WEIGHTS - 2)
    expected = (variance * torch.linalg.inv(J.mT @ J).diagonal()[-2:]).sqrt()
    known = found(B, r)
    assert known.is_determined.tolist() == [True, True]
    torch.testing.assert_close(known.standard_errors, expected)


def test_noise_where_a_constant_is_not_felt_does_not_count():
    B = torch.zeros(ROWS, 1, dtype=torch.float64)
    B[:10] = 1
    flat = torch.zeros(ROWS, 1, dtype=torch.float64)  # the others change nothing
    r = torch.zeros(ROWS, dtype=torch.float64)
    r[10:] = 1e-3
    assert determination(flat, B, r, NOISE).standard_errors.tolist() == [0.0]


def test_what_the_network_makes_up_for_is_not_determined():
    known = found(A[:, :1] + 1e-6 * draws(ROWS, 1, seed=2), 1e-6 * draws(ROWS, seed=3))
    assert known.is_determined.tolist() == [False]
    assert len(known.combinations) == 0


@pytest.mark.parametrize(("is_data", "is_determined"), [(False, False), (True, True)])
def test_a_residual_hides_a_constant_if_it_is_the_networks_own_but_not_if_it_is_noise(
    is_data, is_determined
):
    # a change by its own size is half the residual, but every tenth of that would be seen in noise
    r, B = draws(ROWS, seed=4), draws(ROWS, 1, seed=5)
    B *= torch.linalg.vector_norm(r) / torch.linalg.vector_norm(B)
    assert found(B, r, NOISE | is_data).is_determined.tolist() == [is_determined]


def test_of_two_that_act_alike_a_combination_is_known_and_beside_it_a_third():
    together, alone = draws(ROWS, 1, seed=6), draws(ROWS, 1, seed=7)
    B = torch.cat([3 * together, alone, -4 * together], 1)
    known = found(B, 1e-8 * draws(ROWS, seed=8))
    assert known.is_determined.tolist() == [False, True, False]
    # relative changes are known as far as they change the residual: along the gradient
    expected = torch.tensor([[-0.6, 0.0, 0.8]], dtype=torch.float64)
    torch.testing.assert_close(known.combinations, expected)


def test_rounding_hides_what_lies_below_it():
    B = A[:, :1] + 1e-10 * draws(ROWS, 1, seed=9)
    r = torch.zeros(ROWS, dtype=torch.float64)
    assert found(B, r).is_determined.tolist() == [True]
    assert found(B, r, rounding=1e-9).is_determined.tolist() == [False]


def test_the_step_leads_to_the_least_residual():
    B, change = draws(ROWS, 2, seed=10), torch.tensor([0.2, -0.1], dtype=torch.float64)
    # the part of the residual that the weights could remove does not move the constants
    r = -B @ change + A @ draws(WEIGHTS, seed=11)
    torch.testing.assert_close(found(B, r).step, change)


def test_as_many_unknowns_as_rows_tell_nothing():
    assert determination(A[:22], draws(22, 2), draws(22), NOISE[:22]) is None
