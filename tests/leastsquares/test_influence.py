"""Traces of the hat matrix of data, exact or estimated."""

import pytest
import torch

from pinnsolve.leastsquares import influence
from pinnsolve.leastsquares.influence import Influence

N, E, P = 300, 40, 12


@pytest.fixture
def hat():
    """Return the hat matrix of rows of data beside others, in full and by its factors."""
    draw = torch.Generator().manual_seed(0)
    rows = torch.randn(N, P, generator=draw, dtype=torch.float64)
    M = torch.cat([torch.randn(E, P, generator=draw, dtype=torch.float64), rows])
    R = torch.linalg.qr(M, mode="r").R
    return Influence(R, rows), rows @ torch.linalg.inv(M.mT @ M) @ rows.mT


def test_of_few_rows_all_is_exact(hat):
    own, H = hat
    noise = torch.linspace(0.5, 2.0, N, dtype=torch.float64)
    left = torch.eye(N) - H
    torch.testing.assert_close(own.left(), (left @ left).diagonal(), rtol=1e-10, atol=0)
    expected = float(torch.trace(H.mul(noise) @ H.mul(noise)))
    assert own.taken_up(noise) == pytest.approx(expected, rel=1e-10)


def test_of_many_rows_sums_are_estimated_to_what_thirty_signs_tell(hat, monkeypatch):
    own, H = hat
    exact = float(own.left().sum()), own.taken_up(torch.ones(N).double())
    monkeypatch.setattr(influence, "FEW", N - 1)
    # the variance of z^T H z is twice the sum of the squares beside the diagonal
    spread = (2 * float(H.square().sum()) / influence.DRAWS) ** 0.5
    assert abs(float(own.left().sum()) - exact[0]) < 4 * 2 * spread
    assert abs(own.taken_up(torch.ones(N).double()) - exact[1]) < 4 * spread
