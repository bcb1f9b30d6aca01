from collections import Counter

import numpy as np
import pytest

from pinnsolve import load, solve
from pinnsolve.cli import shipped
from pinnsolve.conditions import nodal
from pinnsolve.conditions.nodal import nodal_conditions, placed
from pinnsolve.errors import ProblemError
from pinnsolve.geometry import build_domain, periodic
from pinnsolve.geometry.generation import generate, with_ghosts

SQUARE = """
[domain]
shape = "rectangle"
lower = [0, 0]
upper = [1, 1]
[nodes]
count = 200
[unknowns]
fields = ["u"]
[pde]
equations = ["laplace(u) = 1"]
[[boundary]]
on = ["left", "right"]
condition = "u = y"
weight = 10
[[boundary]]
on = ["bottom", "top"]
condition = "dn(u) = n_y"
[solver]
method = "rbf-fd"
"""


def bound(folder, text, rings=1, **options):
    path = folder / "problem.toml"
    path.write_text(text)
    problem = load(path)
    domain = build_domain(problem)
    nodes = with_ghosts(generate(domain, count=200), domain, rings)
    return nodes, nodal_conditions(problem, nodes, **options)


def test_equations_come_first_then_boundary_conditions_in_file_order(tmp_path):
    nodes, found = bound(tmp_path, SQUARE)
    assert [c.name for c in found] == ["pde", "left, right", "bottom, top"]
    assert [c.weight for c in found] == [1, 10, 1]
    pieces = np.array(nodes.pieces)[nodes.tags]
    for condition in found[1:]:
        assert set(pieces[condition.rows - nodes.n_interior]) == set(condition.name.split(", "))
    everywhere = np.concatenate([c.rows for c in found[1:]])
    assert sorted(everywhere) == list(range(nodes.n_interior, nodes.rows.stop))


@pytest.mark.parametrize(
    ("rings", "rows", "on_boundary"),
    [(1, "all", True), (1, "interior", False), (0, "all", False)],
)
def test_the_equation_holds_on_the_boundary_only_with_ghosts(tmp_path, rings, rows, on_boundary):
    nodes, found = bound(tmp_path, SQUARE, rings, pde_rows=rows)
    end = nodes.rows.stop if on_boundary else nodes.n_interior
    np.testing.assert_array_equal(found[0].rows, np.arange(end))


@pytest.mark.parametrize("rings", [1, 2])
def test_with_two_conditions_the_equation_holds_on_the_boundary_if_there_are_two_rings(
    tmp_path, rings
):
    text = SQUARE.replace("laplace(u)", "biharmonic(u)")
    text += '[[boundary]]\non = "all"\ncondition = "laplace(u) = 0"\n'
    nodes, found = bound(tmp_path, text, rings)
    end = nodes.n_interior if rings == 1 else nodes.rows.stop
    np.testing.assert_array_equal(found[0].rows, np.arange(end))
    assert sum(len(c.rows) for c in found) == len(nodes.x)


def test_an_end_of_an_interval_may_have_the_conditions_of_both(tmp_path):
    text = """
[domain]
shape = "interval"
bounds = [0, 3]
[nodes]
count = 60
[unknowns]
fields = ["u"]
[pde]
equations = ["u_xx + u = 0"]
[[boundary]]
on = "left"
condition = "u = 0"
[[boundary]]
on = "END"
condition = "u_x = 1"
[solver]
method = "rbf-fd"
"""
    for end in ("left", "right"):
        nodes, found = bound(tmp_path, text.replace("END", end))
        assert sum(len(c.rows) for c in found) == len(nodes.x)


def test_data_belong_to_the_rows(tmp_path):
    nodes, (_, dirichlet, neumann) = bound(tmp_path, SQUARE)
    zero = {term: np.zeros(len(dirichlet.rows)) for term in dirichlet.residual.terms}
    np.testing.assert_allclose(dirichlet.residual(zero), -nodes.x[dirichlet.rows, 1])
    zero = {term: np.zeros(len(neumann.rows)) for term in neumann.residual.terms}
    normals = nodes.normals[neumann.rows - nodes.n_interior]
    np.testing.assert_allclose(neumann.residual(zero), -normals[:, 1])


def test_equal_names_are_numbered(tmp_path):
    text = SQUARE.replace('["u"]', '["u", "v"]')
    text = text.replace('"laplace(u) = 1"', '"laplace(u) = 1", "laplace(v) = u"')
    text = text.replace('on = ["bottom", "top"]', 'on = ["left", "right"]').replace(
        "dn(u)", "dn(v)"
    )
    _, found = bound(tmp_path, text)
    assert [c.name for c in found] == ["pde 1", "pde 2", "left, right 1", "left, right 2"]


def test_a_condition_on_a_piece_without_nodes_is_an_error(tmp_path):
    path = tmp_path / "problem.toml"
    path.write_text(SQUARE)
    problem = load(path)
    nodes = generate(build_domain(problem), count=200)
    nodes.tags[nodes.tags == nodes.pieces.index("top")] = nodes.pieces.index("bottom")
    with pytest.raises(ProblemError) as caught:
        nodal_conditions(problem, nodes)
    assert str(caught.value) == (
        f"{path}:17: no node lies on top: nothing of it is left, or it is too small. "
        "Raise nodes.count, or leave it out of the condition.\n"
        '  17 | on = ["bottom", "top"]\n'
        "     |      ^^^^^^^^^^^^^^^^^"
    )


def test_data_follow_the_instants_and_rows_do_not(tmp_path):
    text = SQUARE.replace("upper = [1, 1]", "upper = [1, 1]\ntime = [0, 2]")
    text = text.replace("laplace(u) = 1", "u_t = laplace(u)").replace("u = y", "u = y*t")
    path = tmp_path / "problem.toml"
    path.write_text(text + '[initial]\nu = "0"\n')
    problem = load(path)
    nodes = with_ghosts(generate(build_domain(problem), count=200), build_domain(problem), 1)
    placement, times = placed(problem, nodes), np.array([0.5, 2.0])
    _, dirichlet, _ = placement.at(times)
    assert dirichlet.rows is placement.boundary[0].rows
    zero = {term: np.zeros((len(dirichlet.rows), 2)) for term in dirichlet.residual.terms}
    y = nodes.x[dirichlet.rows, 1]
    np.testing.assert_allclose(dirichlet.residual(zero), -y[:, None] * times)
    assert placement.at()[0].size == len(placement.places[0].rows) * len(problem.times)


@pytest.mark.parametrize("method", ["rbf-fd", "dt-pinn"])
def test_rows_and_ties_are_found_once_for_a_node_set(method, monkeypatch):
    overrides = {
        "nodes.count": 120,
        "nodes.time_levels": 4,
        "output.test_points": 50,
        "solver.method": method,
        "training": [{"optimizer": "adam", "iterations": 2}] if method == "dt-pinn" else [],
    }
    problem = load(shipped.folder() / "disk_heat.toml", overrides)
    seen = {"rows": [], "ties": []}  # the node sets themselves: none shall leave its identity

    def counted(name, function, place):
        def count(*arguments):
            seen[name].append(arguments[place])
            return function(*arguments)

        return count

    rows = counted("rows", nodal.boundary_rows, 1)
    ties = counted("ties", periodic.ties, 0)
    monkeypatch.setattr(nodal, "boundary_rows", rows)
    monkeypatch.setattr(nodal, "ties", ties)
    monkeypatch.setattr(periodic, "ties", ties)
    solve(problem)
    for found in seen.values():
        assert found
        assert set(Counter(map(id, found)).values()) == {1}
