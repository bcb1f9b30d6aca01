import numpy as np
import pytest

from pinnsolve.conditions import conditions
from pinnsolve.errors import ProblemError
from pinnsolve.geometry import build_domain
from pinnsolve.geometry.nodes import generate, with_ghosts
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


def bound(folder, text, ghosts=True, **options):
    path = folder / "problem.toml"
    path.write_text(text)
    problem = load(path)
    domain = build_domain(problem)
    nodes = generate(domain, count=200)
    nodes = with_ghosts(nodes, domain) if ghosts else nodes
    return nodes, conditions(problem, nodes, **options)


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
    ("ghosts", "rows", "on_boundary"),
    [(True, "all", True), (True, "interior", False), (False, "all", False)],
)
def test_the_equation_holds_on_the_boundary_only_with_ghosts(tmp_path, ghosts, rows, on_boundary):
    nodes, found = bound(tmp_path, SQUARE, ghosts, pde_rows=rows)
    end = nodes.rows.stop if on_boundary else nodes.n_interior
    np.testing.assert_array_equal(found[0].rows, np.arange(end))


def test_two_conditions_for_one_field_leave_no_room_for_the_equation(tmp_path):
    text = SQUARE.replace("laplace(u)", "biharmonic(u)")
    text += '[[boundary]]\non = "all"\ncondition = "laplace(u) = 0"\n'
    nodes, found = bound(tmp_path, text)
    np.testing.assert_array_equal(found[0].rows, np.arange(nodes.n_interior))
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
        conditions(problem, nodes)
    assert str(caught.value) == (
        f"{path}:17: no node lies on top: nothing of it is left, or it is too small. "
        "Raise nodes.count, or leave it out of the condition.\n"
        '  17 | on = ["bottom", "top"]\n'
        "     |      ^^^^^^^^^^^^^^^^^"
    )
