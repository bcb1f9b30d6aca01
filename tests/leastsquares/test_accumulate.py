import pytest
import torch

from pinnsolve.leastsquares.accumulate import normal_matrix


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
def test_blocks_of_rows_together_are_the_whole(dtype, device):
    J = torch.randn(57, 9, dtype=dtype, device=device)
    blocks = [J[:20], J[20:21], J[21:]]
    A = normal_matrix(blocks, J, 9)
    torch.testing.assert_close(A, J.mT @ J)
    assert torch.equal(A, A.mT)


def test_rows_need_not_lie_side_by_side_in_memory():
    J = torch.randn(9, 30).mT
    torch.testing.assert_close(normal_matrix([J[::2], J[1::2]], J, 9), J.mT @ J)


def test_no_rows_are_zero():
    assert not normal_matrix([], torch.ones(1), 4).any()
