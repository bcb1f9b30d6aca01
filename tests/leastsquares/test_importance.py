import pytest
import torch

from pinnsolve.leastsquares.head import least_squares
from pinnsolve.leastsquares.importance import removable, rises

DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("outputs", [1, 3])
def test_the_rise_is_what_is_left_more_without_the_feature(outputs, device):
    w, draw = 5, torch.Generator().manual_seed(outputs)
    columns = outputs * (w + 1)
    M = torch.randn(60, columns, generator=draw, dtype=torch.float64)
    M *= torch.logspace(-3, 3, columns)
    t = torch.randn(60, generator=draw, dtype=torch.float64)
    c = least_squares(M, t)
    left = (M @ c - t).square().sum()
    found = rises(M.to(device), c.to(device), outputs, w).cpu()
    for j in range(w):
        others = [k for k in range(columns) if k >= outputs * w or k % w != j]
        r = M[:, others] @ least_squares(M[:, others], t) - t
        torch.testing.assert_close(found[j], r.square().sum() - left, rtol=1e-8, atol=0.0)


def test_the_least_rises_go_as_long_as_their_sum_is_allowed():
    rise = torch.tensor([3.0, 0.5, 10.0, 0.25])
    assert removable(rise, 0.8).tolist() == [False, True, False, True]
    assert removable(rise, 0.7).tolist() == [False, False, False, True]
    assert not removable(rise, 0.1).any()
