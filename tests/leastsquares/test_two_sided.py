"""Least squares with two factors: the solution of one with all pairs of columns."""

import torch

from pinnsolve.leastsquares.two_sided import Factor


def test_two_factors_solve_the_problem_of_all_pairs_of_columns():
    draw = torch.Generator().manual_seed(0)
    A, psi, F = (torch.randn(shape, generator=draw) for shape in ((20, 4), (9, 3), (20, 9)))
    C = Factor.of(psi).solve(Factor.of(A).solve(F).mT).mT
    whole = torch.linalg.lstsq(torch.kron(A, psi), F.reshape(-1, 1)).solution
    assert torch.allclose(C, whole.view(4, 3), atol=1e-11)


def test_what_is_left_is_orthogonal_to_the_columns():
    draw = torch.Generator().manual_seed(1)
    A, b = torch.randn((30, 5), generator=draw), torch.randn((30, 2), generator=draw)
    factor = Factor.of(A)
    left = factor.left(b)
    assert torch.allclose(left, b - A @ factor.solve(b), atol=1e-12)
    assert (A.mT @ left).abs().max() < 1e-10


def test_columns_that_are_the_same_share_a_weight():
    A = torch.randn((30, 3), generator=torch.Generator().manual_seed(2))
    twice = torch.cat([A, A[:, :1]], 1)
    b = A.sum(1, keepdim=True)
    assert torch.allclose(twice @ Factor.of(twice).solve(b), b, atol=1e-8)
