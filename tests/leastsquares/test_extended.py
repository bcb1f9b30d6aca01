"""A least-squares problem whose columns come in blocks is the same as with all at once."""

import pytest
import torch

from pinnsolve.leastsquares.extended import ExtendedFactor
from pinnsolve.leastsquares.head import least_squares

DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("strip", [40, 15, 7])  # a few rows at a time, fewer than columns too
@pytest.mark.parametrize("blocks", [[12], [5, 7], [1] * 12, [10, 1, 1]])
def test_blocks_of_columns_are_all_of_them(blocks, strip, device):
    M, t = torch.randn(40, 12) * torch.logspace(-3, 3, 12), torch.randn(40)
    factor = ExtendedFactor(t.to(device), 15, strip)
    for columns in M.to(device).split(blocks, 1):
        factor.extend(columns)
    c, r = factor.solution().cpu(), factor.residual().cpu()
    torch.testing.assert_close(c, least_squares(M, t), rtol=1e-10, atol=0)
    torch.testing.assert_close(r, M @ c - t, rtol=0, atol=1e-12)
    # at the least the residual is orthogonal to every column
    cosines = (M.mT @ r) / torch.linalg.vector_norm(M, dim=0)
    torch.testing.assert_close(cosines, torch.zeros(12), rtol=0, atol=1e-11)


def test_every_block_leaves_less():
    M, t = torch.randn(40, 12), torch.randn(40)
    factor, left = ExtendedFactor(t, 12), [float(t.norm())]
    for columns in M.split(3, 1):
        factor.extend(columns)
        left.append(float(factor.residual().norm()))
    assert left == sorted(left, reverse=True)
    assert len(factor.solution()) == 12


def test_columns_that_repeat_one_another_do_no_harm():
    M, t = torch.randn(40, 6), torch.randn(40)
    factor = ExtendedFactor(t, 14)
    for columns in (M, M, torch.zeros(40, 2)):
        factor.extend(columns)
    alone = t - M @ least_squares(M, t)
    # what rounding has left of the columns is some 1e-3 of the ridge, whose square is felt
    torch.testing.assert_close(-factor.residual(), alone, rtol=0, atol=1e-4)
    assert torch.isfinite(factor.solution()).all()


def test_several_problems_share_the_factor_of_their_columns():
    M, t, c = torch.randn(40, 12), torch.randn(40, 3), torch.randn(12)
    factor = ExtendedFactor(t, 12, 15)
    for columns in M.split([5, 7], 1):
        factor.extend(columns)
    for k in range(3):
        alone = least_squares(M, t[:, k])
        torch.testing.assert_close(factor.solution()[:, k], alone, rtol=1e-10, atol=0)
        torch.testing.assert_close(factor.residual()[:, k], M @ alone - t[:, k])
        # what other weights leave, by the triangle
        least, more = factor.residual()[:, k], factor.triangle() @ (c - alone)
        whole = least.square().sum() + more.square().sum()
        torch.testing.assert_close(whole, (M @ c - t[:, k]).square().sum())
