import numpy as np
import pytest

from pinnsolve.conditions.nodal import nodal_conditions
from pinnsolve.errors import ProblemError
from pinnsolve.geometry import build_domain
from pinnsolve.geometry.generation import generate, with_ghosts
from pinnsolve.problem import load

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
