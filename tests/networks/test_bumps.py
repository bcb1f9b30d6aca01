"""Bumps as features of a network: values, derivatives, Jacobian; how a network grows by them."""

from copy import deepcopy

import numpy as np
import pytest
import torch

from pinnsolve.constraints.ansatz import Ansatz
from pinnsolve.derivatives.autograd import derivative
from pinnsolve.derivatives.taylor import derivatives, feature_derivatives
from pinnsolve.diffop import DiffOp, Term, identity, partial
from pinnsolve.equations.symbols import Symbols
from pinnsolve.leastsquares.automatic import term_jacobian
from pinnsolve.leastsquares.network import trace
from pinnsolve.networks.bumps import FAR, LOCAL, Bumps, waves
from pinnsolve.networks.form import form_of
from pinnsolve.networks.mlp import MLP
from pinnsolve.objectives.network_fields import NetworkFields
from pinnsolve.solution.localised import supports_of

VALUE, SLOPE = identity(2), partial((1, 0))
LAPLACIAN = DiffOp((((2, 0), 1.0), ((0, 2), 1.0)))
OPS = [VALUE, SLOPE, LAPLACIAN, partial((2, 1)), DiffOp((((4, 0), 1.0), ((2, 2), 2.0)))]
KINDS = {
    "plain": {},
    "periodic": {"periods": (2.0, None)},
    "symmetric": {"parities": (1, -1)},
}


@pytest.fixture(params=KINDS)
def net(request):
    """A network of one hidden layer, five and four bumps and three waves, all at random."""
    net = MLP([-1, -1], [1, 2], [7], 2, seed=1, **KINDS[request.param])
    net.grow(*bumps(net), waves(4 * torch.randn(3, net.layers[0].in_features), seed=2))
    net.randomise_head(0)
    return net


def bumps(net, counts=(5, 4)):
    q = net.layers[0].in_features
    scales = torch.linspace(0.5, 1, q)
    return [
        Bumps(profile, torch.randn(n, q), 0.3 + torch.rand(n), scales)
        for profile, n in zip(LOCAL, counts, strict=True)
    ]


def test_around_a_far_centre_a_wave_is_plane():
    vectors = torch.tensor([[3.0, -4.0], [0.0, 30.0]])
    own = waves(vectors, seed=0)
    a = 2 * torch.rand(200, 2) - 1
    phases = (own.centres.square().sum(1) / own.log_radii.exp() ** 2)[None]
    number = torch.linalg.vector_norm(vectors, dim=1)
    off = own(a) - torch.sin(a @ vectors.mT + phases)
    # what bends them: |a|^2 / r^2, with |a|^2 < 2 and r^2 > 2 FAR / |w|
    assert (off.abs() <= number / FAR).all()


def test_a_bump_is_a_function_of_the_distance_from_its_centre():
    centre, radius, scales = torch.tensor([[0.5, 1.0]]), torch.tensor([0.5]), torch.tensor([2.0, 1])
    a = torch.tensor([[1.0, 1.0], [2.0, 1.0], [1.0, 1.5]])  # the centre, and a radius from it
    root, bell = (Bumps(profile, centre, radius, scales)(a)[:, 0] for profile in LOCAL)
    torch.testing.assert_close(root, torch.tensor([1.0, 2**0.5, 2**0.5]))
    torch.testing.assert_close(bell, torch.exp(torch.tensor([0.0, -1.0, -1.0])))


@pytest.mark.parametrize("op", OPS, ids=str)
def test_derivatives_of_any_order_are_exact(net, op):
    x = torch.rand(6, 2)
    expected = derivative(net, op)(x).detach()
    with torch.no_grad():
        found, features = derivatives(net, x, [op])[op], None
        if not net.has_views:
            features = feature_derivatives(net, x, [op])[op] @ net.head.weight.mT
            features += net.head.bias * (op == VALUE)
    # rounding of a sum of terms that may cancel
    close = {"rtol": 1e-11, "atol": 1e-12 * float(expected.abs().max())}
    torch.testing.assert_close(found, expected, **close)
    if features is not None:
        torch.testing.assert_close(features, expected, **close)


def test_gradients_reach_centres_and_radii(net):
    x, weights = torch.rand(6, 2), list(net.parameters())
    found, expected = (
        torch.autograd.grad(sum((values[op] ** 2).sum() for op in OPS[:3]), weights)
        for values in (derivatives(net, x, OPS[:3]), {op: derivative(net, op)(x) for op in OPS[:3]})
    )
    for own, other in zip(found, expected, strict=True):
        torch.testing.assert_close(own, other, rtol=1e-10, atol=1e-10 * float(other.abs().max()))


def test_the_jacobian_by_factors_is_that_of_all_entries(net):
    x = torch.rand(6, 2)
    seen = trace(net, x, [VALUE, LAPLACIAN, SLOPE])
    J = seen.jacobian(
        [seen.values[VALUE][:, 0] + 2 * seen.values[LAPLACIAN][:, 1], seen.values[SLOPE][:, 1]]
    )
    one = term_jacobian(net, Term(0, VALUE), x) + 2 * term_jacobian(net, Term(1, LAPLACIAN), x)
    expected = torch.cat([one, term_jacobian(net, Term(1, SLOPE), x)]).detach()
    v, y = torch.randn(J.shape[1]), torch.randn(J.shape[0])
    for found, other in (
        (J.dense(), expected),
        (J.times(v), expected @ v),
        (J.transposed_times(y), expected.mT @ y),
        (J.gram(), expected @ expected.mT),
        (J.normal(), expected.mT @ expected),
    ):
        torch.testing.assert_close(found, other, rtol=1e-10, atol=1e-11 * float(other.abs().max()))


def test_bumps_live_where_their_supports_say():
    """A bell falls to 1/e of its height at a radius from its centre, along each axis."""
    net = MLP([0, -1], [4, 2], [1], 1, seed=0)
    p, r = torch.tensor([[0.25, -0.5]]), torch.tensor([0.3])
    net.grow(Bumps("bell", p, r, torch.tensor([0.25, 1.0])))
    net.set_head(torch.tensor([0.0, 1.0, 0.0]))  # the bell alone
    fields = NetworkFields.of(net, Ansatz((None,), Symbols(("x", "y"))))
    found = supports_of(fields)
    assert found.profiles == ("bell",)
    (centre,), (radii,) = found.centres, found.radii
    around = np.array([centre, *(centre + np.diag(radii)), *(centre - np.diag(radii))])
    np.testing.assert_allclose(fields(around)[:, 0], [1.0, *[np.exp(-1)] * 4], rtol=1e-6)
    assert radii[1] / radii[0] == pytest.approx(3.0)  # 1.5 and 2/4


def test_growing_changes_no_output_and_pruning_undoes_it(net):
    x = torch.rand(6, 2)
    before, size, head = net(x), net.size, net.head_vector()
    net.grow(*bumps(net, (3, 3)))
    torch.testing.assert_close(net(x), before, rtol=1e-13, atol=1e-13)
    assert net.blocks == [7, 5, 4, 3, 3, 3]
    net.prune(3)
    net.set_head(head)
    assert net.size == size
    torch.testing.assert_close(net(x), before, rtol=1e-13, atol=1e-13)


def test_a_form_and_weights_are_the_network(net):
    kind = {"parities": (1, -1)} if net.has_views else {}
    kind = {"periods": (2.0, None)} if net.embedding else kind
    by_form, by_names = (MLP([-1, -1], [1, 2], [20, 30], 2, seed=3, **kind) for _ in range(2))
    by_form.reform(net.form())
    by_form.set(net.vector())
    weights = {name: value.numpy() for name, value in net.state_dict().items()}
    by_names.reform(form_of(weights))
    by_names.load_state_dict(net.state_dict())
    x = torch.rand(6, 2)
    assert torch.equal(by_form(x), net(x))
    assert torch.equal(by_names(x), net(x))
    assert np.array_equal(by_names.form()["scales"], net.form()["scales"])


def test_features_that_are_kept_are_the_same(net):
    x = torch.rand(20, 2)
    before = net.features(x)
    weights = net.head.weight.clone()
    wanted = torch.tensor([k % 3 == 0 for k in range(net.head.in_features)])
    net.keep(wanted)
    assert net.blocks == [3, 1, 2, 1]
    torch.testing.assert_close(net.features(x), before[:, wanted], rtol=0, atol=0)
    torch.testing.assert_close(net.head.weight, weights[:, wanted], rtol=0, atol=0)
    again = deepcopy(net)
    again.rebuild([7])
    again.reform(net.form())
    again.set(net.vector())
    torch.testing.assert_close(again.features(x), net.features(x), rtol=0, atol=0)


def test_of_every_block_a_feature_stays(net):
    net.keep(torch.zeros(net.head.in_features, dtype=torch.bool))
