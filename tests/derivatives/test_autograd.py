import pytest
import torch

from pinnsolve.derivatives.autograd import Autograd, derivative
from pinnsolve.diffop import DiffOp, Term, identity, laplacian, partial

BIHARMONIC = DiffOp((((4, 0), 1.0), ((2, 2), 2.0), ((0, 4), 1.0)))


def wave(x):
    return torch.stack([torch.sin(x[..., 0]) * torch.cos(2 * x[..., 1])], -1)


# derivatives of sin(x) cos(2 y)
KNOWN = {
    identity(2): lambda x, y: torch.sin(x) * torch.cos(2 * y),
    partial((1, 0)): lambda x, y: torch.cos(x) * torch.cos(2 * y),
    partial((1, 1)): lambda x, y: -2 * torch.cos(x) * torch.sin(2 * y),
    laplacian(2): lambda x, y: -5 * torch.sin(x) * torch.cos(2 * y),
    BIHARMONIC: lambda x, y: 25 * torch.sin(x) * torch.cos(2 * y),
}


@pytest.mark.parametrize("op", KNOWN)
def test_both_modes_are_exact(op):
    x = torch.rand(20, 2)
    known = KNOWN[op](*x.mT)
    reverse = Autograd(x)(wave, {Term(0, op)})[Term(0, op)]
    forward = derivative(wave, op)(x)[:, 0]
    # a few roundings per order of differentiation
    torch.testing.assert_close(reverse, known, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(forward, known, rtol=1e-12, atol=1e-12)


def test_derivatives_of_a_polynomial_vanish_beyond_its_degree():
    x = torch.rand(5, 2)

    def square(x):
        return x[..., :1] ** 2

    third = partial((3, 0))
    assert not Autograd(x)(square, {Term(0, third)})[Term(0, third)].any()
    assert not derivative(square, third)(x).any()


def test_components_do_not_mix():
    x = torch.rand(5, 2)

    def both(x):
        return torch.cat([wave(x), 3 * wave(x)], -1)

    first, second = Term(0, laplacian(2)), Term(1, laplacian(2))
    jet = Autograd(x)(both, {first, second})
    torch.testing.assert_close(3 * jet[first], jet[second])
