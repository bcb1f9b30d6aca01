"""Flows on nodes: orders, levels, corners, the way from Stokes flow, and time."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from pinnsolve import load
from pinnsolve.cli import shipped
from pinnsolve.errors import SingularError
from pinnsolve.rbffd import direct
from pinnsolve.rbffd.easing import Eased
from pinnsolve.rbffd.solve import solve
from pinnsolve.setup import Setup
from tests.lanes import studied
from tests.posing import written

SHAPES = {
    "square": 'shape = "rectangle"\nlower = [0, 0]\nupper = [1, 1]',
    "disk": 'shape = "disk"\ncenter = [0, 0]\nradius = 1',
    "annulus": 'shape = "annulus"\ncenter = [0, 0]\ninner = 0.4\nouter = 1',
}
MEAN = 'constraint = [{ equation = "mean(p) = 0" }]'
# the velocity has no divergence, and its convection is no gradient
U, V, P = "(x^2 + cos(2*x + y))", "(-2*x*y - 2*cos(2*x + y))", "cos(2*x)*exp(y/2)"


@dataclass(frozen=True)
class Case:
    """A plane flow; see the tests for what may vary."""

    shape: str = "disk"
    convection: bool = True
    nu: float = 0.05
    top: str = MEAN
    pieces: str = ""
    on: str = '"all"'
    u: str = U
    v: str = V
    p: str = P
    more: str = ""
    decay: str = ""  # of velocity and pressure in time
    nodes: str = ""

    def text(self):
        names = ("u", "v")
        along = [f"u*{w}_x + v*{w}_y + " if self.convection else "" for w in names]
        along = [(f"{w}_t + " if self.decay else "") + a for w, a in zip(names, along, strict=True)]
        u, v, p = (f"{self.decay}{e}" for e in (self.u, self.v, self.p))
        time = "time = [0, 0.2]\n" if self.decay else ""
        start = f'[initial]\nu = "{self.u}"\nv = "{self.v}"\n' if self.decay else ""
        return f"""
{self.top}
[domain]
{SHAPES[self.shape]}
{time}{self.pieces}
[nodes]
count = 400
{"time_levels = 3" if self.decay else ""}
{self.nodes}
[constants]
nu = {self.nu}
[functions]
f = "manufactured"
g = "manufactured"
[unknowns]
fields = ["u", "v", "p"]
[pde]
equations = [
    "{along[0]}p_x - nu*laplace(u) = f",
    "{along[1]}p_y - nu*laplace(v) = g",
    "u_x + v_y = 0",
]
[[boundary]]
on = {self.on}
condition = "u = {u}"
[[boundary]]
on = {self.on}
condition = "v = {v}"
{self.more}
{start}
[exact]
u = "{u}"
v = "{v}"
p = "{p}"
[solver]
method = "rbf-fd"
"""


def setup_of(folder, case, count, order=4):
    return Setup(written(folder, case.text(), {"nodes.count": count, "solver.order": order}))


def errors_of(setup, values, t=None):
    """Return the errors of the fields relative to their variation, the pressure's level apart."""
    here = setup.nodes.rows
    x = setup.nodes.x[here]
    x = x if t is None else np.column_stack([x, np.full(len(x), t)])
    exact = np.stack([e(x) for e in setup.problem.exact], axis=1)
    off, size = values[here] - exact, exact - exact.mean(axis=0)
    off[:, 2] -= off[:, 2].mean()
    return np.linalg.norm(off, axis=0) / np.linalg.norm(size, axis=0)


def solved(folder, case, count, order=4):
    setup = setup_of(folder, case, count, order)
    found = direct.solve(setup.discretisation())
    assert found.converged
    return errors_of(setup, found.values), found


@pytest.mark.parametrize("convection", [False, True], ids=["Stokes", "Navier-Stokes"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("order", studied([2, 4], {4}))
def test_velocity_and_pressure_have_the_order_asked_for(tmp_path, shape, convection, order):
    case = Case(shape, convection)
    coarse, fine = (solved(tmp_path, case, count, order)[0] for count in (200, 800))
    observed = np.log2(coarse / fine)  # four times the nodes halve the spacing
    assert (observed[:2] > order - 0.5).all()
    assert observed[2] > order - 1


def test_a_disk_of_a_thousand_nodes_is_right_and_well_conditioned(tmp_path):
    (u, v, p), found = solved(tmp_path, Case(), 1000)
    assert max(u, v) < 1e-7
    assert p < 1e-6
    assert found.condition < 1e6


@pytest.mark.study
def test_nodes_that_gather_at_the_wall_are_as_good(tmp_path):
    graded = Case(nodes='refine = "0.4 + 0.6*min(1, 2*(1 - sqrt(x^2 + y^2)))"')
    (u, v, p), _ = solved(tmp_path, graded, 2000)
    assert max(u, v) < 5e-8
    assert p < 5e-7


OUTFLOW = Case(
    "square",
    top="",
    on='["left", "bottom", "top"]',
    more=f"""
[[boundary]]
on = "right"
condition = "nu*dn(u) - p = nu*(2*x - 2*sin(2*x + y)) - {P}"
[[boundary]]
on = "right"
condition = "dn(v) = -2*y + 4*sin(2*x + y)"
""",
)


def test_an_outflow_fixes_the_level_of_the_pressure(tmp_path):
    setup = setup_of(tmp_path, OUTFLOW, 900)
    found = direct.solve(setup.discretisation())
    x = setup.nodes.x[setup.nodes.rows]
    assert np.abs(found.values[setup.nodes.rows, 2] - setup.problem.exact[2](x)).max() < 1e-6


@pytest.mark.parametrize(
    "level",
    [
        Case("square", more='[[boundary]]\nat = [0, 0]\ncondition = "p = 1"', top=""),
        Case(
            "square",
            pieces='pieces = [{ name = "pin", where = "x < 0.001 and y < 0.001" }]',
            more='[[boundary]]\non = "pin"\ncondition = "p = 1"',
            top="",
        ),
    ],
    ids=["at", "a piece of one node"],
)
def test_a_pressure_given_at_a_point_is_met_there(tmp_path, level):
    setup = setup_of(tmp_path, level, 400)
    values = direct.solve(setup.discretisation()).values
    corner = np.argmin(setup.nodes.x[setup.nodes.rows].sum(axis=1))
    assert abs(values[corner, 2] - 1) < 1e-9
    assert errors_of(setup, values).max() < 1e-6


def test_an_outflow_and_a_mean_fix_the_pressure_twice(tmp_path):
    setup = setup_of(tmp_path, replace(OUTFLOW, top=MEAN), 300)
    with pytest.raises(SingularError, match="leave no level of fields open, but there is 1"):
        direct.solve(setup.discretisation())


LID = Case(
    "square",
    nu=0.01,
    u="0",
    v="0",
    p="0",
    on='["left", "right", "bottom"]',
    more='[[boundary]]\non = "top"\ncondition = "u = {}"\n'
    '[[boundary]]\non = "top"\ncondition = "v = 0"',
)


@pytest.mark.parametrize(("lid", "torn"), [("4*x*(1 - x)", 0), ("sin(pi*x)", 0), ("1", 2)])
def test_a_lid_that_jumps_at_its_ends_leaves_no_equation_there(tmp_path, lid, torn):
    setup = setup_of(tmp_path, replace(LID, more=LID.more.format(lid)), 400)
    momentum, _, _, *_ = setup.placement.places
    assert len(momentum.rows) == setup.nodes.rows.stop - torn
    continuity = setup.placement.places[-1]
    assert continuity.name == "continuity"
    assert len(continuity.rows) == setup.nodes.n_boundary - 4


def test_on_edges_in_space_no_equation_of_a_flow_holds_and_nothing_is_torn():
    setup = Setup(load(shipped.folder() / "stokes_sphere.toml", {"nodes.spacing": 0.4}))
    nodes, momentum = setup.nodes, setup.placement.places[0]
    x = nodes.x[nodes.boundary]
    sides = np.concatenate([np.abs(x), np.abs(x - 2)], axis=1) < 1e-9
    is_edge = np.c_[sides, np.abs(np.linalg.norm(x, axis=1) - 1) < 1e-9].sum(axis=1) > 1
    assert is_edge.sum() > 50
    without = np.setdiff1d(np.arange(nodes.rows.stop), momentum.rows)
    np.testing.assert_array_equal(without, nodes.n_interior + np.flatnonzero(is_edge))
    assert setup.placement.torn == ()


def test_velocities_that_agree_at_corners_at_every_instant_tear_nothing(tmp_path):
    setup = setup_of(tmp_path, Case("square", nu=0.5, decay="exp(-t)*"), 300)
    assert setup.placement.torn == ()


@pytest.mark.study
@pytest.mark.slow
def test_the_classical_cavity_at_reynolds_number_100(tmp_path):
    # Ghia, Ghia & Shin (1982), doi:10.1016/0021-9991(82)90058-4, tables I and II
    case = replace(LID, more=LID.more.format("1"), nodes='refine = "auto"')
    setup = setup_of(tmp_path, case, 2500, order=2)
    fields = solve(setup.problem, setup.discretisation(), setup.placement).fields
    y, x = [0.1719, 0.4531, 0.7344], [0.1563, 0.5, 0.8047]
    u = fields(np.column_stack([np.full(3, 0.5), y]))[:, 0]
    v = fields(np.column_stack([x, np.full(3, 0.5)]))[:, 1]
    np.testing.assert_allclose(u, [-0.10150, -0.21090, 0.00332], atol=0.01)  # of a lid of speed one
    np.testing.assert_allclose(v, [0.16077, 0.05454, -0.24533], atol=0.01)


def test_newton_may_go_on_from_a_share_of_the_reynolds_number(tmp_path, monkeypatch):
    monkeypatch.setattr(direct, "PATIENCE", 4)  # of steps, so that no share is reached at once
    setup = setup_of(tmp_path, replace(LID, more=LID.more.format("4*x*(1 - x)")), 300)
    whole = direct.solve(setup.discretisation())
    assert whole.converged
    monkeypatch.undo()
    once = direct.solve(setup.discretisation())
    assert once.iterations < whole.iterations
    np.testing.assert_allclose(once.values, whole.values, atol=1e-8)


def test_newton_goes_on_with_less_where_a_matrix_on_the_way_is_singular(tmp_path, monkeypatch):
    setup = setup_of(tmp_path, replace(LID, more=LID.more.format("4*x*(1 - x)")), 300)
    whole, factorised, shares = direct.solve(setup.discretisation()), Eased.factorised, []

    def lost_at_once(self, u):
        shares.append(self.share)
        if len(shares) == 2:
            raise SingularError("singular")
        return factorised(self, u)

    monkeypatch.setattr(Eased, "factorised", lost_at_once)
    found = direct.solve(setup.discretisation())
    assert found.converged
    assert shares[:3] == [0, 1, 0.5]
    np.testing.assert_allclose(found.values, whole.values, atol=1e-8)


@pytest.mark.slow
def test_a_flow_in_time_is_as_accurate_as_a_steady_one(tmp_path):
    case = Case(nu=0.5, decay="exp(-t)*")
    setup = setup_of(tmp_path, case, 400)
    found = solve(setup.problem, setup.discretisation(), setup.placement)
    u, v, p = errors_of(setup, found.fields.values[-1], 0.2)
    assert max(u, v) < 1e-6
    assert p < 1e-5


@pytest.mark.slow
@pytest.mark.study
def test_a_flow_in_space_is_solved_as_one_in_the_plane(tmp_path):
    names = {"u": "sin(2*y + z)", "v": "cos(x - z) + y*z", "w": "x*y - z^2/2"}
    sources = "\n".join(f'{f} = "manufactured"' for f in "fgh")
    equations = ",\n".join(
        f'"u*{w}_x + v*{w}_y + w*{w}_z + p_{c} - laplace({w})/5 = {f}"'
        for w, c, f in zip("uvw", "xyz", "fgh", strict=True)
    )
    walls = "\n".join(
        f'[[boundary]]\non = "all"\ncondition = "{k} = {e}"' for k, e in names.items()
    )
    exact = "\n".join(f'{k} = "{e}"' for k, e in {**names, "p": "cos(x)*exp(y/2) + z"}.items())
    text = f"""
[domain]
shape = "ball"
center = [0, 0, 0]
radius = 1
[nodes]
count = 700
[functions]
{sources}
[unknowns]
fields = ["u", "v", "w", "p"]
[pde]
equations = [{equations}, "u_x + v_y + w_z = 0"]
{walls}
[[boundary]]
at = [1, 0, 0]
condition = "p = cos(1)"
[exact]
{exact}
[solver]
method = "rbf-fd"
order = 2
"""
    setup = Setup(written(tmp_path, text))
    found = direct.solve(setup.discretisation())
    here = setup.nodes.rows
    exact = np.stack([e(setup.nodes.x[here]) for e in setup.problem.exact], axis=1)
    off = np.abs(found.values[here] - exact).max(axis=0)
    assert off[:3].max() < 5e-3
    assert off[3] < 2e-2
