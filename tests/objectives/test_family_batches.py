"""Gradients of a family: the same by every strategy, and those of the loss that is told."""

import numpy as np
import pytest
import torch

from pinnsolve.derivatives.autograd import derivative
from pinnsolve.derivatives.of_families import EXACT, by_differences
from pinnsolve.diffop import DiffOp, Term, identity
from pinnsolve.methods.pinn import pointwise_objective
from pinnsolve.networks.build import network
from pinnsolve.networks.deeponet import DeepONet
from pinnsolve.networks.mlp import MLP
from pinnsolve.objectives.family_fields import FamilyFields
from pinnsolve.problem.families import functions_of
from pinnsolve.setup import Setup
from pinnsolve.training.family_phases import layers_of, network_of, objective_of
from tests.derivatives.test_autograd import BIHARMONIC
from tests.lanes import parameters
from tests.methods.test_operator import BEAM, INITIAL, table
from tests.posing import written

TWO_FIELDS = """\
[domain]
shape = "interval"
bounds = [0.0, 1.0]
time = [0.0, 0.5]
[nodes]
count = 14
time_levels = 5
[unknowns]
fields = ["u", "v"]
[pde]
equations = ["u_t + u*u_x = u_xx/10 + k*v", "v_t = v_xx/2 + d(k*v, x) - u"]
[[boundary]]
on = ["left", "right"]
periodic = true
[initial]
u = "f"
v = "sin(2*pi*x)"
[operator]
input = ["f", "k"]
held_out = 3
[operator.family.f]
kind = "gaussian-process"
kernel = "spectral"
spectrum = "1/k**4"
count = 60
[operator.family.k]
kind = "uniform"
lower = 0.1
upper = 1.0
transform = "exp"
count = 60
[solver]
method = "operator"
"""
HARD = BEAM.replace('condition = "u = 0"', 'condition = "u = 0"\nhard = true')
PLATE = """\
[domain]
shape = "rectangle"
lower = [0.0, 0.0]
upper = [1.0, 1.0]
[nodes]
count = 100
[unknowns]
fields = ["u"]
[pde]
equations = ["biharmonic(u) + u_x/2 = q"]
[[boundary]]
on = "all"
condition = "u = 0"
[[boundary]]
on = "all"
condition = "laplace(u) = 0"
[operator]
input = "q"
held_out = 3
[operator.family]
kind = "gaussian-process"
kernel = "matern-3/2"
length_scale = 0.5
count = 40
sensors = 16
[solver]
method = "operator"
"""
FILE = (
    INITIAL[: INITIAL.index("[operator.family]")]
    + ('[operator.family]\nkind = "file"\nfile = "f.csv"\n')
    + INITIAL[INITIAL.index("[exact]") :]
)
CASES = {"two fields": TWO_FIELDS, "hard": HARD, "plate": PLATE, "numbers": INITIAL, "file": FILE}


def objective(path, text, derivatives="taylor", **settings):
    """Return the residuals of a family by all weights, which are drawn."""
    table(path / "f.csv", 40)
    adam = {"training": [{"optimizer": "adam"}], "operator.functions": 7, **settings}
    problem = written(path, text).replace(
        {"network.trunk": [6, 5], "network.branch": [4], "solver.derivatives": derivatives, **adam}
    )
    setup = Setup(problem)
    (net,) = network(setup).nets
    plain = pointwise_objective(net, setup)
    own = layers_of(problem, functions_of(problem.family, held_out=False))
    fields = FamilyFields(net, setup.ansatz(), own, np.zeros((net.head_size, own.size)), ())
    model = network_of(fields, plain.sizes.tolist())
    model.initialise(0)
    return objective_of(setup, plain, fields, model)


@pytest.mark.parametrize("name", parameters(CASES, {"file", "numbers"}))
def test_exact_strategies_agree_in_residual_and_gradient(tmp_path, name):
    found = {}
    for derivatives in ("taylor", "zcs", "loop", "vectorised"):
        own = objective(tmp_path, CASES[name], derivatives, **{"operator.functions": 3})
        r = own.residual(own.draw())
        found[derivatives] = r.detach(), own.gradient()[1]
    for other in ("zcs", "loop", "vectorised"):
        for ours, theirs in zip(found[other], found["taylor"], strict=True):
            # a few hundred roundings, of terms that may cancel
            assert torch.linalg.norm(ours - theirs) < 1e-9 * torch.linalg.norm(theirs)


@pytest.mark.parametrize(
    ("text", "counts", "order"), [(BEAM, (50, 100), 2), (TWO_FIELDS, (40, 80), 3)]
)
def test_rbf_fd_agrees_up_to_truncation_errors_that_fall_at_its_order(
    tmp_path, text, counts, order
):
    errors = []
    for count in counts:
        sizes = {"nodes.count": count, "solver.order": order, "operator.functions": 2}
        if "time_levels" in text:
            sizes["nodes.time_levels"] = count // 2
        exact, discrete = (
            objective(tmp_path, text, name, **sizes) for name in ("taylor", "rbf-fd")
        )
        r, s = (own.residual(own.draw()).detach() for own in (exact, discrete))
        errors.append(float(torch.linalg.norm(r - s) / torch.linalg.norm(r)))
    assert 0 < errors[1] < 1e-2
    assert np.log2(errors[0] / errors[1]) > order - 0.5  # of one halving, on irregular points


@pytest.mark.parametrize("derivatives", ["taylor", "zcs", "loop", "vectorised", "rbf-fd"])
def test_a_factor_of_all_fields_is_differentiated_with_them(derivatives):
    x = torch.rand(8, 2)
    net = DeepONet(MLP([0, 0], [1, 1], [9, 8], 1, seed=1), 5)
    net.initialise(0)
    net.trunk.draw(0, 0.4)
    inputs = torch.randn(11, 5)  # more functions than features, which RBF-FD then takes instead
    heat = DiffOp((((2, 0), -0.1), ((0, 1), 1.0), ((0, 0), 0.3)))
    terms = [Term(0, op) for op in (heat, identity(2), BIHARMONIC)]
    net.factor = lambda y: torch.sin(3 * y[..., 0]) * torch.cos(y[..., 1]) + y[..., 1]
    side = torch.linspace(-0.1, 1.1, 30)
    nodes = torch.cartesian_prod(side, side) + 0.01 * torch.rand(900, 2)
    nodal = by_differences(nodes.numpy(), [1.0, 1.0], 5)
    terms = terms[:2] if derivatives == "rbf-fd" else terms
    found = {**EXACT, "rbf-fd": nodal}[derivatives](x, terms)(net, inputs)()
    heads = net.heads(inputs)
    for term in terms:
        known = derivative(lambda y: net.fields(heads, y)[0].mT, term.op)(x).mT
        # differences over 0.04 leave a thousandth of fields as smooth as these
        tolerance = 1e-3 if derivatives == "rbf-fd" else 1e-11
        assert torch.linalg.norm(found[term] - known) < tolerance * torch.linalg.norm(known)


def test_a_batch_has_the_loss_and_the_gradient_of_all_on_the_average(tmp_path):
    whole = objective(tmp_path, HARD, **{"operator.functions": 40})
    loss, slope = whole.gradient()
    r = whole.value()
    torch.testing.assert_close(loss, r @ r)
    some = objective(tmp_path, HARD, **{"operator.functions": 10, "operator.points": 20})
    drawn = [some.gradient() for _ in range(200)]
    mean = torch.stack([own for _, own in drawn]).mean(0)
    # of 200 draws the mean is known to a fourteenth of what a single one varies by
    assert sum(own for own, _ in drawn) / 200 == pytest.approx(float(loss), rel=0.1)
    assert torch.linalg.norm(mean - slope) < 0.2 * torch.linalg.norm(slope)
