"""Zero Coordinate Shift: what it finds is what other exact derivatives are, in few passes."""

from math import comb

import pytest
import torch

from pinnsolve.derivatives.taylor import Taylor
from pinnsolve.derivatives.zcs import ZeroCoordinateShift, by_shift
from pinnsolve.diffop import DiffOp, Term, identity, laplacian, partial
from pinnsolve.networks.mlp import MLP
from tests.derivatives.test_autograd import BIHARMONIC

MIXED = DiffOp((((0, 0), 0.5), ((1, 0), -2.0), ((1, 1), 1.0), ((0, 3), 0.25)))
OPS = [identity(2), partial((1, 0)), laplacian(2), BIHARMONIC, MIXED]


def binomial(order):
    """Return the sum of (dx + dy)^k, k from 0 to an order."""
    pairs = [(k, i) for k in range(order + 1) for i in range(k + 1)]
    return DiffOp(tuple(((k - i, i), float(comb(k, i))) for k, i in pairs))


def test_derivatives_and_gradients_are_those_of_taylor_mode():
    net, x = MLP([0, 0], [1, 2], [6, 5], 2, seed=1), torch.rand(7, 2)
    net.randomise_head(0)
    terms, found = {Term(i, op) for i in range(2) for op in OPS}, []
    for backend in (Taylor, ZeroCoordinateShift):
        jet = backend(x)(net, terms)
        loss = sum((jet[t] ** 2).sum() / (jet[t].detach() ** 2).sum() for t in terms)
        slopes = torch.autograd.grad(loss, list(net.parameters()), materialize_grads=True)
        found.append([*(jet[t].detach() for t in terms), *slopes])
    for ours, theirs in zip(*found, strict=True):
        # both exact, but for a few roundings for each order of differentiation
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10 * float(theirs.abs().max()))


def test_functions_that_share_their_points_do_not_mix():
    x, c = torch.rand(9, 2), torch.arange(1.0, 4.0)[:, None]

    def waves(x):
        return torch.stack([torch.sin(c * x[:, 0] + x[:, 1]), c * x[:, 0] * x[:, 1] ** 2])

    first, second = Term(0, laplacian(2)), Term(1, partial((1, 1)))
    found = by_shift(waves, x, {first, second})()
    torch.testing.assert_close(found[first], -(c**2 + 1) * waves(x)[0])
    torch.testing.assert_close(found[second], 2 * c * x[:, 1])


def test_derivatives_of_a_polynomial_vanish_beyond_its_degree():
    x, third = torch.rand(5, 2), Term(0, partial((3, 0)))
    assert not ZeroCoordinateShift(x)(lambda x: x[..., :1] ** 2, {third})[third].any()


@pytest.mark.parametrize(
    ("terms", "passes"),
    [
        # of each field one operator: they end in one pass for all points
        ({Term(0, laplacian(2)), Term(1, partial((1, 0)))}, 3 + 1 + 1),
        ({Term(0, laplacian(2)), Term(0, partial((1, 0)))}, 3 + 2),
        # a power of dx + dy is found to be one, though it is given by its 55 derivatives
        ({Term(0, binomial(9))}, 9 + 1),
        ({Term(0, identity(2))}, 0),
    ],
)
def test_passes_are_as_few_as_operators_have_in_common(monkeypatch, terms, passes):
    calls, grad = [], torch.autograd.grad
    monkeypatch.setattr(torch.autograd, "grad", lambda *a, **k: calls.append(a) or grad(*a, **k))
    derive = by_shift(
        lambda x: torch.stack([x.sum(1).sin(), x[:, 0] * x[:, 1]])[:, None], torch.rand(4, 2), terms
    )
    derive()
    assert len(calls) == passes


def test_a_product_is_an_entry_of_a_matrix_whose_rows_reverse_mode_sums():
    u, v = torch.rand(4), torch.rand(4)
    matrix = torch.autograd.functional.hessian(lambda a: (a @ u) * (a @ v), torch.ones(4))
    torch.testing.assert_close(matrix.diag() / 2, u * v)  # equation 12 of the paper
    assert not torch.allclose(matrix.sum(1) / 2, u * v, rtol=0.1)  # what one pass would give
