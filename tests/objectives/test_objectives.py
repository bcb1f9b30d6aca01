"""The two objectives: each is one residual, linearised in three ways that must agree."""

from dataclasses import replace
from functools import cache
from math import pi

import numpy as np
import pytest
import torch
from torch.func import functional_call, jacrev
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from pinnsolve.conditions.nodal import nodal_conditions
from pinnsolve.conditions.weights import field_sizes, row_weights
from pinnsolve.derivatives.autograd import derivative
from pinnsolve.diffop import partial
from pinnsolve.methods.dt_pinn import nodal_objective
from pinnsolve.methods.pinn import pointwise_objective
from pinnsolve.networks.build import network
from pinnsolve.objectives.scaled import scaled
from pinnsolve.problem import load
from pinnsolve.setup import Setup
from tests.lanes import studied
from tests.posing import pose

PROBLEMS = {
    "linear": """
[domain]
shape = "disk"
center = [0, 0]
radius = 1
[nodes]
count = 120
[unknowns]
fields = ["u"]
[pde]
equations = ["laplace(u) - 2*x*u_x + u = 1"]
[[boundary]]
on = "all"
condition = "dn(u) + u = x"
""",
    "nonlinear": """
[domain]
shape = "rectangle"
lower = [0, 0]
upper = [1, 1]
[nodes]
count = 120
[unknowns]
fields = ["u"]
[pde]
equations = ["div((1 + u**2)*grad(u)) = exp(u)"]
[[boundary]]
on = "all"
condition = "u + u**3 = x"
""",
    "system": """
[domain]
shape = "rectangle"
lower = [0, 0]
upper = [1, 1]
[nodes]
count = 120
[unknowns]
fields = ["u", "v"]
[pde]
equations = ["laplace(u) + v_xy = 1", "laplace(v) - u*v = x"]
[[boundary]]
on = "all"
condition = "u = x"
[[boundary]]
on = "all"
condition = "v + dn(u) = 0"
""",
    "in time": """
[domain]
shape = "disk"
center = [0, 0]
radius = 1
time = [0, 2]
[nodes]
count = 60
time_levels = 4
[unknowns]
fields = ["u"]
[pde]
equations = ["(1 + x*t)*u_t = laplace(u) - u + t"]
[[boundary]]
on = "all"
condition = "dn(u) + u = x"
[initial]
u = "1 + x*y"
""",
    "nonlinear system in time": """
[domain]
shape = "interval"
bounds = [0, 1]
time = [0, 1]
[nodes]
count = 30
time_levels = 5
[unknowns]
fields = ["u", "v"]
[pde]
equations = ["u_tt = u_xx + u*v", "v_t + u*v_x = 0.1*v_xx"]
[[boundary]]
on = "all"
condition = "u = 0"
[[boundary]]
on = "all"
condition = "v + dn(v) = 1"
[initial]
u = "sin(pi*x)"
u_t = "x"
v = "1"
""",
    "system with symmetries": """
[domain]
shape = "rectangle"
lower = [-1, 0]
upper = [1, 1]
[nodes]
count = 120
[unknowns]
fields = ["u", "v", "w"]
[pde]
equations = ["laplace(u) + v_x = x", "laplace(v) - u*u_x = 1", "laplace(w) + w_xy = u"]
[[boundary]]
on = "all"
condition = "u = x"
[[boundary]]
on = "all"
condition = "v + dn(v) = 0"
[[boundary]]
on = "all"
condition = "w = y"
[network]
symmetry = { u = "odd", v = "even" }
""",
    "unknown parameters": """
[domain]
shape = "interval"
bounds = [-1, 2]
[nodes]
count = 30
[unknowns]
fields = ["u"]
[unknowns.parameters]
nu = { initial = -2, transform = "exp" }
speed = { lower = 0, upper = 3 }
[pde]
equations = ["speed*u*u_x = nu*u_xx + x"]
[[pde.extra]]
equation = "d(residual, x, 2) = 0"
where = "abs(x) < 0.5"
points = 7
[[pde.extra]]
equation = "u_x = speed"
where = "x == 0"
weight = 0.1
[[boundary]]
on = "all"
condition = "u + nu*dn(u) = x"
[network]
symmetry = { u = "odd" }
""",
    "hard conditions": """
[domain]
shape = "rectangle"
lower = [-1, 0]
upper = [1, 1]
[nodes]
count = 60
[unknowns]
fields = ["u", "v"]
[pde]
equations = ["laplace(u) + u*v_x = x", "laplace(v) + u = y"]
[[boundary]]
on = "all"
condition = "u = exp(x)*y"
hard = true
[[boundary]]
on = ["left", "right"]
condition = "v = y"
hard = true
[[boundary]]
on = ["bottom", "top"]
condition = "dn(v) + u*v = 1"
""",
    "periodic system with a symmetry": """
[domain]
shape = "rectangle"
lower = [-1, 0]
upper = [1, 1]
[nodes]
count = 120
[unknowns]
fields = ["u", "v"]
[pde]
equations = ["laplace(u) + u*v_x = x", "laplace(v) + u - v = y"]
[[boundary]]
on = ["bottom", "top"]
periodic = true
[[boundary]]
on = ["left", "right"]
condition = "u = x"
[[boundary]]
on = ["left", "right"]
condition = "v + dn(u) = y"
[network]
symmetry = { u = "odd" }
""",
    "constraints": """
[domain]
shape = "disk"
radius = 1
[nodes]
count = 120
[unknowns]
fields = ["u"]
[pde]
equations = ["laplace(u) = x"]
[[boundary]]
on = "all"
condition = "dn(u) = 0"
[[boundary]]
at = [0.3, 0.2]
condition = "u_x + u**2 = 1"
[[constraint]]
equation = "mean(u**2 + u_x) = 2 + integral(dn(u)*u, on = 'surface')"
""",
    "constraints in time": """
[domain]
shape = "disk"
radius = 1
time = [0, 1]
[nodes]
count = 80
time_levels = 4
[unknowns]
fields = ["u"]
[pde]
equations = ["u_t = laplace(u) + x*t"]
[[boundary]]
on = "all"
condition = "dn(u) = 0"
[[boundary]]
at = [0.3, 0.2]
condition = "u = t"
[[constraint]]
equation = "mean(u + t*u**2) = t"
[initial]
u = "x"
""",
    "periodic in time": """
[domain]
shape = "interval"
bounds = [0, 2]
time = [0, 1]
[nodes]
count = 30
time_levels = 4
[unknowns]
fields = ["u"]
[pde]
equations = ["u_t + u*u_x + u_xxx = 0"]
[[boundary]]
on = ["left", "right"]
periodic = true
[initial]
u = "sin(pi*x)"
""",
    "periodic by its own make": """
[domain]
shape = "rectangle"
lower = [0, 0]
upper = [1, 2]
[nodes]
count = 120
[unknowns]
fields = ["u"]
[pde]
equations = ["laplace(u) - u = sin(2*pi*x)"]
[[boundary]]
on = ["left", "right"]
periodic = true
hard = true
[[boundary]]
on = ["bottom", "top"]
periodic = true
""",
}
# RBF-FD has no place for the one, DT-PINN none for the other
EXACT_ONLY = ("unknown parameters", "hard conditions")


NODAL = [(name, "nodal") for name in PROBLEMS if name not in EXACT_ONLY]
TAYLOR = [(name, "taylor") for name in PROBLEMS]
AUTOGRAD = [(name, "autograd") for name in PROBLEMS]  # the reference, which takes longest
CASES = {"-".join(case): case for case in NODAL + TAYLOR + AUTOGRAD}
QUICK = {"-".join(case) for case in [*NODAL, *TAYLOR, AUTOGRAD[0]]}


@pytest.fixture(scope="module")
def posed(tmp_path_factory):
    """Return a function that gives the setup of a case, made once, on nodes shared by methods."""
    first: dict[str, Setup] = {}

    @cache
    def read(case):
        name, method = CASES[case]
        path = tmp_path_factory.mktemp("problem") / "problem.toml"
        path.write_text(PROBLEMS[name])
        settings = {"network.hidden": [7, 6], "solver.order": 2, "solver.baseline": "never"}
        if method != "nodal":
            settings |= {"solver.method": "pinn", "solver.derivatives": method}
        problem = load(path, settings)
        setup = first[name].sharing(problem) if name in first else Setup(problem)
        first.setdefault(name, setup)
        return setup

    return read


@pytest.fixture(params=studied(CASES, QUICK))
def objective(request, posed):
    return objective_of(posed(request.param))


def objective_of(setup):
    """Return the objective of a problem's method, its network with random weights."""
    problem = setup.problem
    net = network(setup)
    net.randomise_head(0)
    if problem.settings.solver.method == "pinn":
        return pointwise_objective(net, setup)
    return nodal_objective(net, setup)


def test_the_value_is_the_residual(objective):
    torch.testing.assert_close(
        objective.value(), objective.residual().detach(), rtol=1e-10, atol=1e-12
    )


def test_in_units_of_the_fields_sizes_the_head_is_smaller_and_its_slopes_are_larger(objective):
    """The same residual, by the chain rule: only what the optimisers see has changed."""
    sizes = 10.0 ** (3 + np.arange(len(objective.sizes)))
    small = scaled(replace(objective, sizes=sizes))
    before = objective.model.vector()
    weights = torch.linspace(-1, 1, len(before) + 1)[1:].to(before) + 0.01  # none is zero
    objective.model.set(weights.clone())
    seen = small.model.vector()
    factors = weights / seen
    head = objective.model.head.in_features + 1
    k = 0 if objective.model.unknowns is None else len(objective.model.unknowns)
    first = len(weights) - head * len(sizes) - k
    assert factors[:first].eq(1).all()  # hidden layers, and below the constants, as they are
    assert factors[len(weights) - k :].eq(1).all()
    each = torch.as_tensor(sizes)
    expected = torch.cat([each.repeat_interleave(head - 1), each])
    torch.testing.assert_close(factors[first : len(weights) - k], expected)
    torch.testing.assert_close(small.model.factors, factors)

    r, J = objective.linearise()
    same, scaled_J = small.linearise()
    assert torch.equal(same, r)
    assert torch.equal(small.value(), objective.value())
    (loss, slope), (plain_loss, plain_slope) = small.gradient(), objective.gradient()
    assert torch.equal(loss, plain_loss)
    torch.testing.assert_close(slope, plain_slope * factors)
    v = torch.linspace(-1, 1, len(weights), dtype=weights.dtype)
    torch.testing.assert_close(scaled_J.times(v), J.times(v * factors))
    torch.testing.assert_close(scaled_J.transposed_times(r), J.transposed_times(r) * factors)
    dense = torch.stack([scaled_J.transposed_times(row) for row in torch.eye(len(r)).to(r)])
    for square, own in ((scaled_J.gram(), dense @ dense.mT), (scaled_J.normal(), dense.mT @ dense)):
        rounding = 1e-12 * float(own.detach().abs().max())
        torch.testing.assert_close(square, own, rtol=1e-9, atol=rounding)
    small.model.set(seen)  # no rounding remains of a search that led nowhere
    assert torch.equal(objective.model.vector(), weights)
    small.model.set(2 * seen)
    torch.testing.assert_close(objective.model.vector(), 2 * weights)
    objective.model.set(before)


def test_first_weights_are_those_of_fields_of_their_sizes(objective):
    first = scaled(replace(objective, sizes=np.ones_like(objective.sizes))).model
    large = scaled(replace(objective, sizes=np.full_like(objective.sizes, 1e6))).model
    before = first.vector()
    first.initialise(3)
    expected = first.vector()
    large.initialise(3)
    torch.testing.assert_close(large.vector(), expected)
    first.set(before)


def test_the_jacobian_gives_the_gradient_of_the_loss(objective):
    r, J = objective.linearise()
    loss = objective.residual().square().sum()
    loss.backward()
    gradient = torch.cat([p.grad.flatten() for p in objective.model.parameters()])
    torch.testing.assert_close(2 * J.transposed_times(r), gradient, rtol=1e-9, atol=1e-10)


def test_the_jacobian_predicts_small_changes(objective):
    r, J = objective.linearise()
    weights = parameters_to_vector(objective.model.parameters()).detach()
    v = torch.randn_like(weights)
    change = 1e-6
    vector_to_parameters(weights + change * v, objective.model.parameters())
    predicted = J.times(v)
    actual = (objective.value() - r) / change
    # the second derivative of the residual enters with the change
    torch.testing.assert_close(actual, predicted, rtol=1e-3, atol=1e-3 * predicted.norm().item())


def test_the_head_problem_is_the_objective_with_the_features_held(objective):
    problem = objective.head()
    c = problem.vector()
    torch.testing.assert_close(problem.residual(c), objective.value(), rtol=1e-9, atol=1e-10)
    M, t = problem.linearise(c)
    r, J = objective.linearise()
    torch.testing.assert_close(M @ c - t, r, rtol=1e-9, atol=1e-9)
    v = torch.zeros(J.shape[1])  # the head's weights are the last columns
    v[-len(c) :] = torch.randn(len(c))
    torch.testing.assert_close(M @ v[-len(c) :], J.times(v), rtol=1e-9, atol=1e-9)


def test_setting_the_head_is_undone_by_reading_it(objective):
    problem = objective.head()
    c = torch.randn_like(problem.vector())
    problem.set(c)
    assert torch.equal(problem.vector(), c)
    residual = problem.residual(c)
    torch.testing.assert_close(objective.value(), residual, rtol=1e-9, atol=1e-9)


def test_row_weights_do_not_depend_on_units(tmp_path):
    """Multiplying an equation by a number leaves its weighted residual as it is."""
    text = PROBLEMS["linear"]
    scaled = text.replace("laplace(u) - 2*x*u_x + u = 1", "1e6*(laplace(u) - 2*x*u_x + u) = 1e6")
    losses = []
    for name, content in (("one", text), ("million", scaled)):
        path = tmp_path / f"{name}.toml"
        path.write_text(content)
        settings = {"solver.order": 2, "network.hidden": [5], "solver.method": "pinn"}
        problem = load(path, settings)
        r = objective_of(Setup(problem)).value()
        losses.append(float(r @ r))
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-10)


@pytest.mark.parametrize(
    ("equations", "conditions", "sizes"),
    [
        # one half width is pi l, so that sin(x/l) has slopes as large as itself over l
        (["u_xx = 0"], ["u = 3"], [3]),
        (["u_xx = 5*pi**2"], ["u = 0"], [5]),
        (["2*u_xx = 5*pi**2"], ["u = 1"], [2.5]),  # the larger of 2.5 and 1
        (["u_xx = 0"], ["u_x + pi*u = 4*pi"], [2]),  # felt twice, as slope and as value
        (["u_xx = v", "v_xx = 7*pi**4"], ["u = 0", "v = 0"], [7, 7 * pi**2]),  # one by the other
        (["u_xx = exp(u/6)*6*pi**2"], ["u = 0"], [6 / (1 + 1)]),  # at zero, where the slope is 1
        (["u_xx = sqrt(u)"], ["u = 4"], [4]),  # a slope that is infinite at zero
        (["u_xx = 0"], ["u = 0"], [1]),  # nothing asks it to be anything
    ],
)
def test_fields_are_as_large_as_their_data_ask(tmp_path, equations, conditions, sizes):
    on = [("all", condition) for condition in conditions]
    interval = 'shape = "interval"\nbounds = [-1, 1]'
    problem = pose(tmp_path, *equations, on=on, domain=interval, count=20, method="pinn")
    nodes = Setup(problem).nodes
    found = field_sizes(problem, nodal_conditions(problem, nodes), nodes)
    np.testing.assert_allclose(found, sizes)


def test_weights_in_the_file_multiply_the_mean_square(tmp_path):
    path = tmp_path / "weighted.toml"
    path.write_text(PROBLEMS["linear"])
    problem = load(path)
    nodes = Setup(problem).nodes
    conditions = nodal_conditions(problem, nodes)
    doubled = [
        conditions[0],
        type(conditions[1])(conditions[1].name, conditions[1].residual, conditions[1].rows, 4.0),
    ]
    before = row_weights(problem, conditions, nodes, np.ones(1))
    after = row_weights(problem, doubled, nodes, np.ones(1))
    n = len(conditions[0].rows)
    np.testing.assert_allclose(after[:n], before[:n])
    np.testing.assert_allclose(after[n:], 2 * before[n:])


# that of the others is compared with the gradient above
@pytest.mark.parametrize("objective", list(map("-".join, NODAL)), indirect=True)
def test_the_structured_jacobian_of_a_discretisation_is_the_automatic_one(objective):
    weights = {name: value.detach() for name, value in objective.model.named_parameters()}
    S = objective.slope(objective.fields().flatten().detach())
    dense = S.times(torch.eye(S.shape[1]))

    def fields(weights):
        found = derivatives_of(objective.model, weights, objective.x, S.shape[1])
        return dense @ found

    full = torch.cat([part.flatten(1) for part in jacrev(fields)(weights).values()], 1)
    torch.testing.assert_close(objective.linearise()[1].dense(), full, rtol=1e-9, atol=1e-9)


def derivatives_of(net, weights, x, size):
    """Return a network's values, then its derivatives in time, by automatic differentiation."""

    def values(y):
        return functional_call(net, weights, (y,))

    fields = [values]
    while sum(x.shape[0] * net.head.out_features for _ in fields) < size:
        op = partial((*(0 for _ in range(x.shape[1] - 1)), 1))
        fields.append(derivative(fields[-1], op))
    return torch.cat([field(x).mT.flatten() for field in fields])
