import pytest
import torch

from pinnsolve.leastsquares.damped import damped_step
from pinnsolve.leastsquares.jacobian import DenseJacobian


@pytest.mark.parametrize("shape", [(8, 20), (20, 8), (9, 9)])
def test_both_spaces_give_the_minimiser(shape):
    J, r = torch.randn(shape), torch.randn(shape[0])
    step = damped_step(DenseJacobian(J), r)
    for damping in (1e-6, 1e-2, 1.0):
        v = step(damping)
        # the gradient of |J v + r|^2 + mu |v|^2 vanishes
        gradient = J.mT @ (J @ v + r) + damping * step.scale * v
        assert gradient.abs().max() < 1e-9 * (J.mT @ r).abs().max()


def test_more_damping_makes_shorter_steps():
    step = damped_step(DenseJacobian(torch.randn(5, 9)), torch.randn(5))
    lengths = [step(damping).norm() for damping in (1e-3, 1e-1, 1e1)]
    assert lengths[0] > lengths[1] > lengths[2]


def test_a_matrix_that_is_not_definite_gives_no_step():
    J = torch.zeros(3, 5)
    J[0, 0] = 1
    assert damped_step(DenseJacobian(J), torch.ones(3))(-0.5) is None
