"""Taylor series of embeddings against nested automatic differentiation."""

from itertools import product

import pytest
import torch

from pinnsolve.derivatives.autograd import Autograd, derivative
from pinnsolve.derivatives.taylor import Taylor, derivatives, features_of_outputs
from pinnsolve.diffop import DiffOp, Term, identity, laplacian, partial
from pinnsolve.networks.mlp import MLP
from tests.lanes import parameters, studied

BIHARMONIC = DiffOp((((4, 0), 1.0), ((2, 2), 2.0), ((0, 4), 1.0)))
CASES = {
    "all of order 4 in three dimensions": [
        partial(alpha) for alpha in product(range(5), repeat=3) if sum(alpha) <= 4
    ],
    "order 8": [partial((k,)) for k in range(9)],
    "sums": [laplacian(3), partial((0, 1, 0))],
    "biharmonic": [BIHARMONIC, laplacian(2), identity(2)],
    "a sum with a drift": [DiffOp((((0, 0, 1), 1.0), ((2, 0, 0), -0.3), ((0, 2, 0), -0.3)))],
    "value": [identity(2)],
}
EMBEDDINGS = [("fourier", False), ("sinusoidal", False)]
EMBEDDINGS += [(name, True) for name in ("none", "fourier", "sinusoidal")]


@pytest.fixture(params=EMBEDDINGS, ids=str)
def kind(request):
    return request.param


def network(dim, kind, outputs=2, **settings):
    """Return a network on a box that is no cube, with a period in its first coordinate or none."""
    name, is_periodic = kind
    lower, upper = [-1.0] * dim, [1 + 0.5 * i for i in range(dim)]
    periods = [2.5, *[None] * (dim - 1)] if is_periodic else ()
    given = {"embedding": name, "periods": periods}
    net = MLP(lower, upper, [6, 5], outputs, **given, **settings)
    net.randomise_head(0)
    return net


def assert_equal(ours, theirs):
    # exact both; relative to the largest value, roundings of the polarisation included
    scale = theirs.abs().max().item()
    torch.testing.assert_close(ours, theirs, rtol=1e-11, atol=1e-11 * scale)


@pytest.mark.parametrize(
    "case", parameters(CASES, {"all of order 4 in three dimensions", "order 8"})
)
def test_derivatives_and_gradients_are_those_of_nested_differentiation(kind, case):
    ops = CASES[case]
    net, x = network(ops[0].dim, kind), torch.rand(4, ops[0].dim)
    terms = [Term(i, op) for i in range(2) for op in ops]
    jets, gradients = [], []
    for backend in (Taylor, Autograd):
        jet = backend(x)(net, frozenset(terms))
        loss = sum((jet[t] ** 2).sum() / (jet[t].detach() ** 2).sum() for t in terms)
        jets.append(jet)
        gradients.append(torch.autograd.grad(loss, list(net.parameters()), materialize_grads=True))
    ours, theirs = jets
    for term in terms:
        assert_equal(ours[term], theirs[term])
    for ours, theirs in zip(*gradients, strict=True):
        assert_equal(ours, theirs)


@pytest.mark.slow
@pytest.mark.parametrize("kind", studied(EMBEDDINGS, EMBEDDINGS[1:4:2]), ids=str)
def test_features_of_outputs_are_those_of_nested_differentiation(kind):
    net, x = network(2, kind, 3, parities=[-1, 1, 0]), torch.rand(5, 2)
    ops = [identity(2), partial((1, 2)), laplacian(2), BIHARMONIC]
    features = features_of_outputs(net, x, ops)
    found = derivatives(net, x, ops)
    for op in ops:
        expected = [derivative(image.features, op)(x) for image in net.images()]
        assert_equal(features[op], net.of_outputs(*expected))
        assert_equal(found[op], derivative(net, op)(x))


def test_derivatives_are_periodic_too():
    net, x = network(2, ("none", True)), torch.rand(9, 2)
    there = x + torch.tensor([2.5, 0.0])
    ours, theirs = (derivatives(net, at, [BIHARMONIC])[BIHARMONIC] for at in (x, there))
    assert_equal(ours, theirs)


@pytest.mark.gpu
def test_devices_agree(kind):
    net, x = network(2, kind), torch.rand(50, 2)
    here = derivatives(net, x, [BIHARMONIC])[BIHARMONIC]
    there = derivatives(net.to("cuda"), x.to("cuda"), [BIHARMONIC])[BIHARMONIC]
    assert_equal(there.cpu(), here)
