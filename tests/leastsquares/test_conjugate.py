"""Conjugate gradients: the least-squares solution of each of many problems, and no further."""

import pytest
import torch

from pinnsolve.leastsquares.conjugate import conjugate_gradients


def posed(apart):
    draw = torch.Generator().manual_seed(0)
    mean = torch.randn(40, 8, generator=draw, dtype=torch.float64)
    other = torch.randn(5, 40, 8, generator=draw, dtype=torch.float64)
    A = mean + apart * other
    b = torch.randn(40, 5, generator=draw, dtype=torch.float64)
    triangle = torch.linalg.qr(A.mean(0)).R

    def times(c):
        return torch.einsum("irp,pi->ri", A, c)

    def transposed(r):
        return torch.einsum("irp,ri->pi", A, r)

    return A, b, times, transposed, triangle


@pytest.mark.parametrize("steps", [20, 200])  # long after the end rounding would take over
def test_each_column_is_its_least_squares_solution(steps):
    A, b, times, transposed, triangle = posed(0.3)
    found = conjugate_gradients(times, transposed, b, triangle, steps, 1e-12, 0.0)
    exact = torch.linalg.lstsq(A, b.mT[..., None]).solution[..., 0].mT
    torch.testing.assert_close(found, exact, rtol=1e-9, atol=1e-9)


def test_one_step_is_enough_where_all_are_alike():
    A, b, times, transposed, triangle = posed(0.0)
    found = conjugate_gradients(times, transposed, b, triangle, 1)
    torch.testing.assert_close(found, torch.linalg.lstsq(A[0], b).solution, rtol=1e-9, atol=1e-9)


def test_what_is_missing_is_a_small_share_of_what_no_solution_takes_away():
    A, b, times, transposed, triangle = posed(0.3)
    missing = torch.linalg.lstsq(A, b.mT[..., None]).solution[..., 0].mT
    missing = times(missing - conjugate_gradients(times, transposed, b, triangle, share=0.03))
    left = b - times(conjugate_gradients(times, transposed, b, triangle, 200, 1e-12, 0.0))
    # the gradient is that of R⁻¹, which is as far from orthogonal as the slopes from their mean
    assert bool((missing.norm(dim=0) < 2 * 0.03 * left.norm(dim=0)).all())


def test_what_is_solved_stays_as_it_is():
    _, b, times, transposed, triangle = posed(0.3)
    b[:, 2] = 0
    found = conjugate_gradients(times, transposed, b, triangle)
    assert torch.equal(found[:, 2], torch.zeros(8, dtype=torch.float64))
