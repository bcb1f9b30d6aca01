"""Least squares with columns scaled alike."""

import torch

from pinnsolve.leastsquares.equilibrated import equilibrated


def test_columns_of_all_sizes_are_solved_for_to_rounding():
    generator = torch.Generator().manual_seed(0)
    J = torch.randn(300, 6, generator=generator, dtype=torch.float64)
    J = J * torch.tensor([1e-2, 1.0, 1e3, 1.0, 10.0, 1.0])
    v = torch.arange(1.0, 7.0, dtype=torch.float64)
    found = equilibrated(J)(J @ v, 1e-9)
    assert found is not None
    # the damping, 1e-9, is squared by each improvement; rounding and columns of 1e-2 are left
    torch.testing.assert_close(found, v, rtol=1e-11, atol=0)


def test_a_column_of_zeros_is_left_alone():
    J = torch.eye(5, 3, dtype=torch.float64)
    J[:, 1] = 0
    found = equilibrated(J)(torch.ones(5, dtype=torch.float64), 1e-10)
    assert found is not None
    torch.testing.assert_close(found, torch.tensor([1.0, 0.0, 1.0]).double())
