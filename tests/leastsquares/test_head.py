import pytest
import torch

from pinnsolve.leastsquares.head import first_look, first_look_in_strips, least_squares


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


@pytest.mark.parametrize("rows", [5, 30, 47, 10**6])
def test_blocks_of_rows_do_not_change_the_solution(rows):
    M, t = torch.randn(120, 20) * torch.logspace(0, -12, 20), torch.randn(120)
    scale = torch.linalg.vector_norm(M, dim=0)
    expected = torch.linalg.lstsq(M / scale, t[:, None]).solution[:, 0]
    found = least_squares(M, t, block=rows)
    torch.testing.assert_close(scale * found, expected, rtol=1e-11, atol=1e-11)


def test_a_column_of_zeros_gets_no_weight():
    M, t = torch.randn(30, 4), torch.randn(30)
    M[:, 2] = 0
    assert least_squares(M, t)[2] == 0


def test_fewer_rows_than_columns_are_satisfied():
    M, t = torch.randn(10, 30), torch.randn(10)
    torch.testing.assert_close(M @ least_squares(M, t), t, rtol=1e-10, atol=1e-10)


def test_a_first_look_is_the_same_whether_rows_come_at_once_or_in_strips():
    M, t = torch.randn(400, 10), torch.randn(400)
    in_strips = zip(M.clone().split(150), t.split(150), strict=True)
    torch.testing.assert_close(first_look_in_strips(in_strips, 400), first_look(M.clone(), t))


def test_a_first_look_leaves_little_more_than_the_least_residual():
    M, t = torch.randn(2000, 10), torch.randn(2000)
    least = torch.linalg.vector_norm(M @ least_squares(M, t) - t)
    # four sums for each column keep lengths within a factor that is seldom above two
    assert torch.linalg.vector_norm(M @ first_look(M.clone(), t) - t) < 2 * least
