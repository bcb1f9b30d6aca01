import torch

from pinnsolve.leastsquares.head import least_squares


def test_consistent_equations_are_satisfied():
    M, c = torch.randn(30, 10), torch.randn(10)
    torch.testing.assert_close(least_squares(M, M @ c), c, rtol=1e-10, atol=1e-10)


def test_the_residual_is_orthogonal_to_the_columns():
    M, t = torch.randn(30, 10), torch.randn(30)
    assert (M.mT @ (M @ least_squares(M, t) - t)).abs().max() < 1e-11


def test_dependent_columns_share_the_work_instead_of_exploding():
    columns = torch.randn(30, 4)
    M = torch.cat([columns, columns + 1e-15 * torch.randn(30, 4)], 1)
    t = columns.sum(1)
    c = least_squares(M, t)
    assert c.abs().max() < 2  # without the ridge they could be of size 1e15
    torch.testing.assert_close(M @ c, t, rtol=1e-11, atol=1e-11)
