"""Intervals from a residual of which only the data are random."""

from math import inf

import pytest
import torch

from pinnsolve.conditions.noise import Noise
from pinnsolve.leastsquares.inference import inference

N, E, P, K = 60, 40, 6, 2


def model(seed=0):
    """Return rows of equations and of data, by weights and by constants."""
    draw = torch.Generator().manual_seed(seed)

    def some(*shape):
        return torch.randn(*shape, generator=draw, dtype=torch.float64)

    return some(E, P), some(E, K), some(N, P), some(N, K), some(N)


def told(A_e, B_e, A_d, B_d, e, weight, noise=None):
    """Return what is told where the truth is zero and the errors of the data are `e`."""
    A, B = torch.cat([weight * A_e, A_d]), torch.cat([weight * B_e, B_d])
    M, t = torch.cat([A, B], 1), torch.cat([torch.zeros(E), -e])
    c = torch.linalg.lstsq(M, -t[:, None]).solution[:, 0]
    return inference(A, B, M @ c + t, [noise or Noise(N)]), c[-K:]


def test_without_equations_it_is_the_textbooks_regression():
    A_e, B_e, A_d, B_d, e = model()
    found, _ = told(A_e, B_e, A_d, B_d, e, 0.0)
    X = torch.cat([A_d, B_d], 1)
    left = e - X @ torch.linalg.lstsq(X, e[:, None]).solution[:, 0]
    variance = left @ left / (N - P - K)
    expected = variance * torch.linalg.inv(X.mT @ X)[-K:, -K:]
    torch.testing.assert_close(found.covariance, expected, rtol=1e-9, atol=0)
    assert found.freedom[0] == pytest.approx(N - P - K)
    torch.testing.assert_close(found.step, torch.zeros(K).double(), rtol=0, atol=1e-12)


def test_without_constants_it_tells_what_a_fit_has_taken_up_of_noise():
    _, _, A, _, e = model()
    left = e - A @ torch.linalg.lstsq(A, e[:, None]).solution[:, 0]
    found = inference(A, A.new_zeros(N, 0), -left, [Noise(N)])
    assert found.freedom[0] == pytest.approx(N - P)
    variance = float(left @ left) / (N - P)
    assert found.estimates[0] ** 2 == pytest.approx(variance)
    # each weight takes the noise of one row
    assert found.risk == pytest.approx(variance * P / N)
    assert len(found.errors) == len(found.bound()) == 0


def test_equations_held_exactly_leave_the_bound_of_what_satisfies_them():
    A_e, B_e, A_d, B_d, e = model()
    A_e, B_e = A_e[:4], B_e[:4]  # fewer than unknowns: something is left to be found
    big = torch.cat([A_e, B_e], 1)
    Z = torch.linalg.svd(big).Vh[4:].mT  # what satisfies the equations
    X = torch.cat([A_d, B_d], 1) @ Z
    bound = (Z @ torch.linalg.inv(X.mT @ X) @ Z.mT)[-K:, -K:]
    A, B = torch.cat([1e5 * A_e, A_d]), torch.cat([1e5 * B_e, B_d])
    r = torch.cat([torch.zeros(4), e]).double()
    found = inference(A, B, r, [Noise(N, 1e6)])
    # the weight of 1e5 is infinite to about its square
    torch.testing.assert_close(found.covariance / 1e12, bound, rtol=1e-6, atol=1e-12)
    least = bound.diagonal().sqrt() * 1e6
    torch.testing.assert_close(found.bound(), least, rtol=1e-6, atol=0)
    # of equations that weigh as much as data it is the same, as if they weighed 128 times as much
    equal = inference(torch.cat([A_e, A_d]), torch.cat([B_e, B_d]), r, [Noise(N)])
    least = bound.diagonal().sqrt() * equal.sigmas[0]
    torch.testing.assert_close(equal.bound(), least, rtol=1e-2, atol=0)
    assert (equal.errors > 1.02 * least).all()  # which the estimate itself has not come to


def test_of_equations_held_elsewhere_the_bound_takes_the_data_alone():
    A_e, B_e, A_d, B_d, e = model()
    X = torch.cat([A_d, B_d], 1)
    bound = torch.linalg.inv(X.mT @ X)[-K:, -K:].diagonal().sqrt()
    A, B = torch.cat([A_e, A_d]), torch.cat([B_e, B_d])
    found = inference(A, B, torch.cat([torch.zeros(E).double(), e]), [Noise(N, 1e3)])
    torch.testing.assert_close(found.bound(held=True), 1e3 * bound, rtol=1e-9, atol=0)


def test_rows_that_repeat_others_tell_nothing_of_their_errors():
    A_e, B_e, A_d, B_d, e = model()
    alone, _ = told(A_e, B_e, A_d, B_d, e, 2.0)
    again, _ = told(A_e, B_e, A_d, B_d, e, 2.0, Noise(N, copies=N - 1))
    assert again.freedom[0] == pytest.approx(alone.freedom[0] - (N - 1))
    assert again.estimates[0] == inf
    assert not again.determination.is_determined.any()


def test_a_misfit_of_few_rows_is_no_less_than_that_of_their_digits():
    _, _, A_d, B_d, _ = model()
    few = torch.cat([A_d, B_d], 1)[: P + K + 2]
    for weight, expected in ((1.0, 0.01), (100.0, 1.0)):
        r = few.new_zeros(len(few))
        found = inference(few[:, :P], few[:, P:], r, [Noise(len(r), least=0.01).times(weight)])
        assert found.estimates == (expected,)


def test_errors_are_as_large_as_chance_makes_them():
    A_e, B_e, A_d, B_d, _ = model()
    draw = torch.Generator().manual_seed(1)
    found, missed = [], []
    for _ in range(2000):
        e = 0.3 * torch.randn(N, generator=draw, dtype=torch.float64)
        own, c = told(A_e, B_e, A_d, B_d, e, 2.0)
        found.append(own.errors.square())
        missed.append(c.square())
    # the mean of 2000 squares is known to sqrt(2/2000) = 3 %; four of those
    torch.testing.assert_close(
        torch.stack(found).mean(0), torch.stack(missed).mean(0), rtol=0.13, atol=0
    )


def test_the_shift_is_what_a_larger_weight_does():
    rows = model()
    found, c = told(*rows, 2.0)
    factor = 1e-3
    _, further = told(*rows, 2.0 * (1 + factor))
    # the weight is that of the squares; the difference is one-sided
    torch.testing.assert_close((further - c) / (2 * factor), found.shift, rtol=2e-2, atol=0)


def test_what_the_weights_make_up_for_is_not_known():
    A_e, B_e, A_d, B_d, e = model()
    B_e[:, 1], B_d[:, 1] = A_e[:, 0], A_d[:, 0]
    r = torch.cat([torch.zeros(E), 1e-3 * e])
    found = inference(torch.cat([A_e, A_d]), torch.cat([B_e, B_d]), r, [Noise(N)])
    assert found.determination.is_determined.tolist() == [True, False]


def test_sets_of_data_have_errors_of_their_own_and_given_ones_are_taken():
    A_e, B_e, A_d, B_d, e = model()
    A, B = torch.cat([A_e, A_d]), torch.cat([B_e, B_d])
    noise = torch.cat([torch.full((N // 2,), 1e-3), torch.full((N // 2,), 1.0)]).double()
    r = torch.cat([torch.zeros(E).double(), e * noise])
    small, large = inference(A, B, r, 2 * [Noise(N // 2)]).sigmas
    assert small == pytest.approx(1e-3, rel=0.5)
    assert large == pytest.approx(1, rel=0.5)
    given = inference(A, B, r, [Noise(N // 2, 0.01), Noise(N // 2, 0.5)])
    assert given.sigmas[0] == 0.01
    assert given.sigmas[1] > 0.5  # a misfit larger than what is said counts
