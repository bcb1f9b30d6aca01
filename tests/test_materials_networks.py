"""Networks in domains of several materials: as near as the direct solution, level and all."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from pinnsolve import load, load_solution, solve
from pinnsolve.accuracy.residuals import residuals
from pinnsolve.checks.preflight import check
from pinnsolve.cli import shipped
from pinnsolve.errors import ProblemError
from pinnsolve.methods import METHODS as METHODS_BY_NAME
from pinnsolve.methods.dt_pinn import nodal_objective
from pinnsolve.methods.net_flux import net_fluxes, net_fluxes_in_time
from pinnsolve.methods.pinn import pointwise_objective
from pinnsolve.networks.build import network
from pinnsolve.objectives.scaled import scaled
from pinnsolve.problem.load import build
from pinnsolve.problem.text.source import Source
from pinnsolve.references.exact import exact_at, exact_fields
from pinnsolve.run import write
from pinnsolve.setup import Setup
from tests.lanes import studied
from tests.test_materials import BALL, STRAIGHT

METHODS = ["dt-pinn", "pinn"]
OBJECTIVES = {"dt-pinn": nodal_objective, "pinn": pointwise_objective}
# a disk in a square with a source of its own: the level of the disk depends on it
SOURCE = {
    "pde.equations": ["k*laplace(u) = 4"],
    "region.0.functions.ue": "through*(first + amplitude*third) + r2/k0 + a^2*(1/k1 - 1/k0)",
    "region.1.functions.ue": (
        "first*(1 + back*a^2/r2) + amplitude*third*(1 + back*a^6/r2^3) + r2/k1"
    ),
}
# nonlinear in either region, with what holds between them
NONLINEAR = STRAIGHT.replace(
    'equations = ["div(k*grad(u)) = -5*k*cos(2*y)*cos(x - 0.5)"]',
    'equations = ["div(k*grad(u)) - u^3 = -5*k*cos(2*y)*cos(x - 0.5) - ue^3"]',
)


def posed(text, tmp_path, overrides=None):
    return build(Source(tmp_path / "problem.toml", text, overrides or {}))


def inclusion(method, contrast, overrides=None):
    """Return a disk that conducts so many times as well as the square around it."""
    settings = {"nodes.count": 600, "constants.k0": contrast, "solver.method": method}
    return load(shipped.folder() / "circle_inclusion.toml", {**settings, **(overrides or {})})


def distances(solution):
    """Return the relative error at the nodes, and that of the direct solution on them."""
    (own,) = solution.accuracy.errors.relative_l2_nodes.values()
    (direct,) = solution.accuracy.baseline.relative_l2.values()
    return own, direct


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("left", "right"), [(1e6, 1), (1, 1e6)])
def test_beside_a_straight_interface_they_are_as_near_as_the_direct_solution(left, right, method):
    settings = {
        "nodes.count": 400,
        "solver.method": method,
        "region.0.constants.k": left,
        "region.1.constants.k": right,
    }
    own, direct = distances(solve(load(shipped.folder() / "two_materials.toml", settings)))
    assert own < 3 * direct


@pytest.mark.parametrize("method", studied(METHODS, {"dt-pinn"}))
@pytest.mark.parametrize(
    ("contrast", "overrides"), [(1e-3, {}), (10, {}), (1e3, SOURCE), (1e6, {})]
)
def test_the_level_of_what_is_closed_in_is_found_whatever_the_contrast(contrast, overrides, method):
    own, direct = distances(solve(inclusion(method, contrast, overrides)))
    assert own < 3 * direct


@pytest.mark.parametrize("method", METHODS)
def test_without_the_net_flux_the_level_is_lost(method, monkeypatch):
    monkeypatch.setattr(f"pinnsolve.methods.{method.replace('-', '_')}.net_fluxes", _none)
    own, _ = distances(solve(inclusion(method, 1e6)))
    assert own > 0.1


def _none(*_):
    return ()


@pytest.mark.parametrize("overrides", [{}, SOURCE], ids=["no source", "a source"])
def test_the_exact_solution_has_the_net_flux(overrides):
    problem = inclusion("dt-pinn", 1e3, overrides)
    nodes = Setup(problem).nodes
    (balance,) = net_fluxes(problem, nodes)
    assert balance.name == "net flux (inclusion)"
    (left,) = residuals(exact_fields(problem, nodes.regions), [balance], nodes, 1)
    assert abs(left[0]) < 1e-11  # rounding: polynomials are integrated exactly over a disk


IN_TIME = {
    "domain.time": [0.0, 1.0],
    "nodes.time_levels": 4,
    "functions.f": "manufactured",
    "initial.u": "manufactured",
    "pde.equations": ["2*u_t + u = k*laplace(u) + f"],
    "region.0.functions.ue": "exp(-t)*through*(first + amplitude*third)",
    "region.1.functions.ue": (
        "exp(-t)*(first*(1 + back*a^2/r2) + amplitude*third*(1 + back*a^6/r2^3))"
    ),
}


def test_in_time_the_exact_solution_has_the_net_flux():
    problem = inclusion("pinn", 1e3, IN_TIME)
    nodes = Setup(problem).nodes
    found, fields = net_fluxes_in_time(problem, nodes, 0), exact_fields(problem, nodes.regions)
    assert len(found.conditions) == 4
    for condition in found.conditions:
        jet = {}
        for term in condition.residual.terms:
            rows = condition.rows if term.field == 0 else condition.partners
            own = replace(term, field=0)
            jet[term] = fields.jet_at(found.x[rows], {own}, found.regions[rows])[own]
        # polynomials are integrated exactly over a disk
        assert abs(condition.summed(condition.residual(jet))[0]) < 1e-11


@pytest.mark.parametrize("method", METHODS)
def test_in_time_too_the_level_does_not_depend_on_the_contrast(method):
    # so few features are good for some per cent, at a contrast of 10 as well
    few = {**IN_TIME, "nodes.count": 250, "nodes.time_levels": 8, "network.hidden": [40, 120]}
    few["training"] = [{"optimizer": "head"}]
    setup = Setup(inclusion(method, 1e6, few))
    solution = solve_on(setup)
    nodes = setup.nodes
    off = solution - exact_at(setup.problem, nodes)
    inside = off[:, nodes.regions.of[nodes.rows] == 0, 0]
    assert np.abs(inside.mean(axis=1)).max() < 0.1


def solve_on(setup):
    """Return the values at the nodes that the default schedule leads to."""
    method = METHODS_BY_NAME[setup.problem.settings.solver.method]
    process = method.start(setup)
    while not process.step().done:
        pass
    return method.sample(setup, process.answer()).values


def test_a_region_that_touches_the_boundary_has_no_balance(tmp_path):
    halves = posed(STRAIGHT, tmp_path)
    assert net_fluxes(halves, Setup(halves).nodes) == ()


def test_regions_that_touch_have_one_balance(tmp_path):
    text = STRAIGHT.replace("x < 0.5", "(x - 0.4)^2 + (y - 0.5)^2 < 0.04").replace(
        '[[region]]\nname = "right"',
        '[[region]]\nname = "core"\nwhere = "(x - 0.4)^2 + (y - 0.5)^2 < 0.01"\n'
        '[region.constants]\nk = 3\n[[region]]\nname = "right"',
    )
    text = text.replace("< 0.04", "< 0.04 and (x - 0.4)^2 + (y - 0.5)^2 > 0.01")
    problem = posed(text, tmp_path, {"nodes.count": 1200})
    found = net_fluxes(problem, Setup(problem).nodes)
    # the core in its ring, and both in the plate
    assert [own.name for own in found] == ["net flux (core)", "net flux (left, core)"]


@pytest.fixture(params=[("dt-pinn", None), ("pinn", None), ("pinn", "autograd")])
def objective(request, tmp_path):
    """Return a nonlinear objective of two small networks."""
    method, derivatives = request.param
    settings = {"nodes.count": 120, "solver.order": 2, "solver.method": method}
    if derivatives:
        settings["solver.derivatives"] = derivatives
    setup = Setup(posed(NONLINEAR, tmp_path, {**settings, "network.hidden": [4, 6]}))
    found = OBJECTIVES[method](network(setup), setup)
    found.model.initialise(0)
    return found


def test_residual_gradient_and_jacobian_are_those_of_one_function(objective):
    model, (r, J) = objective.model, objective.linearise()
    torch.testing.assert_close(r, objective.value())
    torch.testing.assert_close(r, objective.residual().detach())
    loss, gradient = objective.gradient()
    assert float(loss) == pytest.approx(float(r @ r))
    torch.testing.assert_close(2 * J.transposed_times(r), gradient, rtol=1e-9, atol=1e-11)
    w, v = model.vector(), torch.rand(model.size)
    step = 1e-5 * v
    differences = []
    for sign in (1, -1):
        model.set(w + sign * step)
        differences.append(sign * objective.value() / 2e-5)
    # central differences: 1e-10 from the step, as much from rounding
    torch.testing.assert_close(J.times(v), sum(differences), rtol=1e-6, atol=1e-8)


def test_every_product_of_the_jacobian_agrees_with_the_full_matrix(objective):
    for own in (objective, scaled(objective)):
        J = own.linearise()[1]
        rows, columns = J.shape
        full = torch.stack([J.times(e) for e in torch.eye(columns)], 1)
        y = torch.rand(rows)
        for ours, theirs in [
            (J.gram(), full @ full.mT),
            (J.normal(), full.mT @ full),
            (J.transposed_times(y), full.mT @ y),
        ]:
            torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-11)


def test_the_head_has_the_columns_of_both_heads(objective):
    problem = objective.head()
    c = problem.vector()
    M, t = problem.linearise(c)
    torch.testing.assert_close(M @ c - t, objective.value())
    torch.testing.assert_close(problem.residual(c), objective.value())
    step = 1e-6 * torch.rand(len(c))
    change = (problem.residual(c + step) - problem.residual(c - step)) / 2
    torch.testing.assert_close(M @ step, change, rtol=1e-5, atol=1e-14)


@pytest.mark.parametrize("method", studied(METHODS, {"dt-pinn"}))
def test_a_nonlinear_problem_is_solved(method, tmp_path):
    own, direct = distances(solve(posed(NONLINEAR, tmp_path, {"solver.method": method})))
    assert own < max(3 * direct, 1e-5)


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs", "gauss-newton"])
def test_all_optimizers_train_them(optimizer, tmp_path):
    phase = f'[[training]]\noptimizer = "{optimizer}"\niterations = 30\n'
    settings = {"nodes.count": 150, "network.hidden": [8, 8], "solver.method": "dt-pinn"}
    solution = solve(posed(STRAIGHT + phase, tmp_path, settings))
    (course,) = solution.course.phases
    assert course.loss_after < 0.9 * course.loss_before


@pytest.mark.parametrize("method", METHODS)
def test_heat_passes_a_gap_that_resists_it(method):
    few = {"nodes.time_levels": 8, "nodes.count": 60, "solver.method": method}
    solution = solve(load(shipped.folder() / "composite_wall.toml", few))
    assert solution.accuracy.errors.relative_l2_nodes["u"] < 1e-5
    pairs = solution.sample.nodes.regions.pairs
    gaps = [np.ptp(solution.sample.values[:, pair, 0], axis=1) for pair in pairs]
    # plaster and insulation are in full contact, insulation and brick are not
    assert sorted(gap.max() > 0.1 for gap in gaps) == [False, True]


@pytest.mark.study
def test_a_ball_in_space(tmp_path):
    settings = {"nodes.count": 700, "solver.method": "dt-pinn"}
    own, direct = distances(solve(posed(BALL, tmp_path, settings)))
    assert own < 3 * direct


@pytest.mark.parametrize("method", studied(METHODS, {"dt-pinn"}))
def test_a_written_solution_is_read_back_to_the_bit(method, tmp_path):
    solution = solve(inclusion(method, 10, {"nodes.count": 300, "network.hidden": [10, 40]}))
    write(solution, tmp_path / "run")
    again = load_solution(tmp_path / "run")
    x = np.random.default_rng(0).uniform(-1, 1, (200, 2))
    assert (again(x) == solution(x)).all()
    assert again.answer.size == solution.answer.size


def test_a_check_tells_of_a_network_for_each_region():
    report = check(inclusion("dt-pinn", 10))
    told = " ".join(" ".join(report.lines).split())
    assert "dt-pinn, a network for each region, hidden layers of" in told
    assert set(report.figures["hidden"]) == {"inclusion", "matrix"}


def test_what_one_network_takes_and_several_do_not_is_refused(tmp_path):
    text = STRAIGHT.replace('condition = "u = ue"', 'condition = "u = ue"\nhard = true')
    text += "[unknowns.parameters]\nq = { initial = 1.0 }\n"
    text = text.replace("-5*k*cos(2*y)", "-5*k*q*cos(2*y)")
    with pytest.raises(ProblemError) as caught:
        posed(text, tmp_path, {"solver.method": "pinn"})
    told = [fault.message.partition(" are not taken")[0] for fault in caught.value.faults]
    assert sorted(told) == ["hard conditions", "unknown parameters"]
