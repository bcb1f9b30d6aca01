"""Errors in each of several regions, and the fluxes between them."""

import numpy as np
import pytest

from pinnsolve import load, load_solution, solve
from pinnsolve.accuracy.interface_fluxes import fluxes
from pinnsolve.cli import shipped
from pinnsolve.cli.summary import summary
from pinnsolve.output.report.regions import regions
from pinnsolve.problem.load import build
from pinnsolve.problem.text.source import Source
from pinnsolve.references.exact import exact_at, exact_fields
from pinnsolve.run import write
from pinnsolve.setup import Setup
from pinnsolve.solution.interfaces import fluxes_from
from pinnsolve.solution.solution import Sample

pytestmark = pytest.mark.usefixtures("no_pictures")

# a region that shares its side with two others, and u = x in all of them
THREE = """
[domain]
shape = "rectangle"
lower = [0, 0]
upper = [1, 1]
[nodes]
count = 150
[unknowns]
fields = ["u"]
[pde]
equations = ["0 = 3*laplace(u)"]
[[region]]
name = "low"
where = "x < 0.5 and y < 0.25"
[[region]]
name = "high"
where = "x < 0.5 and y > 0.25"
[[region]]
name = "right"
[[boundary]]
on = "all"
condition = "u = x"
[solver]
method = "rbf-fd"
order = 2
"""


def few(name, count=600):
    """Return a shipped problem on few nodes."""
    return load(shipped.folder() / f"{name}.toml", {"nodes.count": count})


def of_formula(problem):
    """Return the fluxes of the exact solution."""
    setup = Setup(problem)
    nodes = setup.nodes
    sample = Sample(nodes, exact_at(problem, nodes), problem.times)
    return fluxes(problem, setup.parts, exact_fields(problem, nodes.regions), sample)


def test_the_flux_between_two_materials_is_known():
    # k u_x is pi cos(pi y) where they meet: nothing net, two in size; the kink of its size takes
    # a little from the quadrature
    (exact,) = of_formula(few("two_materials"))
    assert exact.between == ("copper", "steel")
    for net in (exact.leaving, exact.entering, exact.imbalance):
        assert net == pytest.approx([0], abs=1e-12)
    assert exact.passing == pytest.approx([2], rel=1e-3)
    (found,) = solve(few("two_materials")).fluxes
    assert found.leaving == pytest.approx([0], abs=1e-4)
    assert found.passing == pytest.approx([2], rel=1e-3)
    assert 0 < abs(found.imbalance[0]) < 1e-4  # 6e-5: both sides are told apart


def test_without_sources_nothing_net_leaves_an_inclusion(tmp_path):
    solution = solve(few("circle_inclusion"))
    (found,) = solution.fluxes
    a = 2 * np.pi * np.arange(10_000) / 10_000
    passes = 20 / 11 * np.abs(np.cos(a) + 3 * 0.7 * 0.5**2 * np.cos(3 * a)).mean() * np.pi
    assert found.passing == pytest.approx([passes], rel=2e-2)  # the flux is wrong by 0.9 %
    assert abs(found.leaving[0]) < 5e-3 * passes  # errors on 600 nodes
    assert abs(found.entering[0]) < 5e-3 * passes
    told = " ".join(summary(solution, []))
    assert "Relative L2 on the nodes by region: inclusion " in told
    assert "Flux of u, inclusion to matrix: " in told
    assert "<td>inclusion → matrix</td>" in regions(solution)
    write(solution, tmp_path / "run")
    again = load_solution(tmp_path / "run")
    assert again.metrics() == solution.metrics()
    assert again.accuracy.errors.by_region == solution.accuracy.errors.by_region


def test_errors_by_region_are_those_of_its_nodes():
    solution = solve(few("circle_inclusion"))
    errors, nodes = solution.accuracy.errors, solution.sample.nodes
    exact, u = exact_at(solution.problem, nodes)[:, 0], solution.sample.values[:, 0]
    assert sum(own.test_points for own in errors.by_region.values()) == errors.test_points
    assert max(own.max_error["u"] for own in errors.by_region.values()) == errors.max_error["u"]
    for r, own in enumerate(errors.by_region.values()):
        here = nodes.regions.of[nodes.rows] == r
        size = np.linalg.norm(exact[here] - exact[here].mean())
        assert own.relative_l2_nodes["u"] == pytest.approx(np.linalg.norm((u - exact)[here]) / size)
        estimated = solution.accuracy.estimate.by_region[nodes.regions.names[r]]["u"]
        assert 1 / 5 < estimated / own.relative_l2_nodes["u"] < 5


def test_each_part_of_a_side_has_its_own_flux(tmp_path):
    solution = solve(build(Source(tmp_path / "problem.toml", THREE, {})))
    # it goes from where there is more to where there is less, however the equation is written
    expected = {("low", "high"): 0, ("low", "right"): -0.75, ("high", "right"): -2.25}
    assert {own.between: own.leaving[0] for own in solution.fluxes} == pytest.approx(
        expected, abs=1e-6
    )
    assert max(abs(own.imbalance[0]) for own in solution.fluxes) < 1e-6


def test_in_time_there_is_a_flux_at_each_level():
    problem = load(shipped.folder() / "composite_wall.toml", {"nodes.time_levels": 6})
    found, exact = solve(problem).fluxes, of_formula(problem)
    for own, true in zip(found, exact, strict=True):
        np.testing.assert_allclose(own.leaving, true.leaving, rtol=1e-8)
        np.testing.assert_allclose(own.entering, true.entering, rtol=1e-8)
        assert len(own.times) == 6
    assert [own.between for own in found] == [("plaster", "insulation"), ("insulation", "brick")]
    told = {"interfaces": [own.metrics() for own in found]}
    again = [own.metrics() for own in fluxes_from(told)]
    assert again == told["interfaces"]


@pytest.mark.slow
def test_through_a_ball_as_much_comes_in_as_leaves(tmp_path):
    from tests.test_materials import BALL

    (exact,) = of_formula(build(Source(tmp_path / "problem.toml", BALL, {})))
    # of k 3/(k + 2) cos(angle) the size, over a sphere of radius 1/2
    assert exact.passing == pytest.approx(
        [10 * 3 / 12 * 2 * np.pi * 0.25], rel=1e-2
    )  # it has a kink
    assert exact.leaving == pytest.approx([0], abs=1e-10)
