"""Domains of several materials: orders of accuracy, whatever the contrast, and what jumps."""

import numpy as np
import pytest

from pinnsolve import load, load_solution, solve
from pinnsolve.checks import interface_corners
from pinnsolve.checks.preflight import check
from pinnsolve.cli import shipped
from pinnsolve.errors import ProblemError
from pinnsolve.geometry.regions import region_domains
from pinnsolve.output.vtk.grid import grid
from pinnsolve.output.vtk.triangulation import volumes
from pinnsolve.problem.load import build
from pinnsolve.problem.text.source import Source
from pinnsolve.rbffd.solve import solve as solve_directly
from pinnsolve.references.exact import exact_at
from pinnsolve.run import write
from pinnsolve.setup import Setup
from pinnsolve.solution.norms import overall_l2
from tests.lanes import studied

pytestmark = pytest.mark.usefixtures("no_pictures")

STRAIGHT = """
[domain]
shape = "rectangle"
lower = [0, 0]
upper = [1, 1]
[nodes]
count = 600
[functions]
ue = "cos(2*y)*cos(x - 0.5) + sin(x - 0.5)*exp(y)/k"
[unknowns]
fields = ["u"]
[pde]
equations = ["div(k*grad(u)) = -5*k*cos(2*y)*cos(x - 0.5)"]
[[region]]
name = "left"
where = "x < 0.5"
[region.constants]
k = 10
[[region]]
name = "right"
[region.constants]
k = 1
[[boundary]]
on = "all"
condition = "u = ue"
[exact]
u = "ue"
[solver]
method = "rbf-fd"
"""
# a ball in a uniform field: Maxwell (1873), A treatise on electricity and magnetism, volume 1
BALL = """
[domain]
shape = "box"
lower = [-1, -1, -1]
upper = [1, 1, 1]
[nodes]
count = 1500
[constants]
ka = 10
[functions]
r = "sqrt(x^2 + y^2 + z^2)"
[unknowns]
fields = ["u"]
[pde]
equations = ["k*laplace(u) = 0"]
[[region]]
name = "ball"
where = "x^2 + y^2 + z^2 < 0.25"
[region.constants]
k = "ka"
[region.functions]
ue = "3*x/(ka + 2)"
[[region]]
name = "around"
[region.constants]
k = 1
[region.functions]
ue = "x*(1 - (ka - 1)/(ka + 2)*0.125/r^3)"
[[boundary]]
on = "all"
condition = "u = ue"
[exact]
u = "ue"
[solver]
method = "rbf-fd"
order = 2
"""
# the full tensor of a crystal turned against the axes, on either side another one; u and its flux
# are those of polynomials in s = x and y
CRYSTALS = """
[domain]
shape = "rectangle"
lower = [-1, 0]
upper = [1, 1]
[nodes]
count = 500
[unknowns]
fields = ["u"]
[pde]
equations = ["a*u_xx + 2*b*u_xy + c*u_yy = 2*c"]
[[region]]
name = "left"
where = "x < 0"
[region.constants]
a = 3
b = 1
c = 2
[region.functions]
ue = "y^2 + x*(1 - 2*b*y)/a + 2*b^2*x^2/a^2"
[[region]]
name = "right"
[region.constants]
a = 1
b = -0.5
c = 2
[region.functions]
ue = "y^2 + x*(1 - 2*b*y)/a + 2*b^2*x^2/a^2"
[[boundary]]
on = "all"
condition = "u = ue"
[exact]
u = "ue"
[solver]
method = "rbf-fd"
"""


def posed(text, tmp_path, overrides=None):
    """Return the problem of a text."""
    return build(Source(tmp_path / "problem.toml", text, overrides or {}))


def error(problem, order):
    """Return the relative error at the nodes."""
    setup = Setup(problem)
    found = solve_directly(problem, setup.discretisation(order), setup.placement)
    return overall_l2(found.fields.values[setup.nodes.rows], exact_at(problem, setup.nodes))


def observed_order(errors, counts, dim=2):
    """Return the order in the spacing, from the first error and the last."""
    return dim * np.log(errors[0] / errors[-1]) / np.log(counts[-1] / counts[0])


CONTRASTS = [(10, 1), (1e6, 1), (1, 1e6)]


@pytest.mark.parametrize(("left", "right"), CONTRASTS)
@pytest.mark.parametrize("order", [2, 4, 6])
def test_beside_a_straight_interface_the_order_is_that_asked_for(order, left, right, tmp_path):
    counts = [300, 2400]
    conductivities = {"region.0.constants.k": left, "region.1.constants.k": right}
    errors = [
        error(posed(STRAIGHT, tmp_path, {"nodes.count": count, **conductivities}), order)
        for count in counts
    ]
    assert observed_order(errors, counts) > order - 0.5
    assert errors[-1] < {2: 4e-6, 4: 2e-10, 6: 1e-12}[order]  # three to five times what was found


@pytest.mark.parametrize(("inside", "outside"), CONTRASTS)
def test_around_a_round_inclusion_the_order_is_that_asked_for(inside, outside):
    counts, found = [600, 2400], []
    for count in counts:
        settings = {"nodes.count": count, "constants.k0": inside, "constants.k1": outside}
        found.append(error(load(shipped.folder() / "circle_inclusion.toml", settings), 4))
    assert observed_order(found, counts) > 3.5
    assert found[-1] < 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("conductivity", studied([10, 1e-6, 1e6], {1e6}))
def test_a_ball_in_space_converges(conductivity, tmp_path):
    counts = [1500, 6000]
    errors = [
        error(posed(BALL, tmp_path, {"nodes.count": n, "constants.ka": conductivity}), 2)
        for n in counts
    ]
    assert observed_order(errors, counts, 3) > 1.5


def test_the_flux_of_a_crystal_has_its_mixed_derivatives(tmp_path):
    # polynomials of degree two on either side, which the differences take exactly
    assert error(posed(CRYSTALS, tmp_path), 2) < 1e-11


def test_the_estimate_is_the_error_to_within_three():
    for name in ("two_materials", "circle_inclusion"):
        solution = solve(load(shipped.folder() / f"{name}.toml", {"nodes.count": 600}))
        (estimated,) = solution.accuracy.estimate.total.values()
        (measured,) = solution.accuracy.errors.relative_l2_nodes.values()
        assert 1 / 3 < estimated / measured < 3


def test_heat_passes_a_gap_that_resists_it():
    few = {"nodes.time_levels": 6, "output.test_points": 1000}
    solution = solve(load(shipped.folder() / "composite_wall.toml", few))
    assert solution.accuracy.errors.relative_l2_nodes["u"] < 1e-10
    nodes, values = solution.sample.nodes, solution.sample.values[..., 0]
    gaps = [np.abs(values[:, a] - values[:, b]).max() for a, b in nodes.regions.pairs]
    assert min(gaps) < 1e-12  # plaster and insulation are in full contact
    assert max(gaps) > 0.1  # insulation and brick are not


def test_a_layer_of_charge_makes_the_flux_jump(tmp_path):
    charged = """
[domain]
shape = "interval"
bounds = [-1, 1]
[nodes]
count = 40
[unknowns]
fields = ["u"]
[pde]
equations = ["e*u_xx = 0"]
[[region]]
name = "a"
where = "x < 0"
[region.constants]
e = 2
[[region]]
name = "b"
[region.constants]
e = 1
[[interface]]
between = ["a", "b"]
condition = "e.a*dn(u.a) - e.b*dn(u.b) = 3"
[[boundary]]
on = "all"
condition = "u = 0"
[solver]
method = "rbf-fd"
"""
    solution = solve(posed(charged, tmp_path))
    # 2 u' on the left less u' on the right is 3, and u vanishes at both ends: u(0) = 1
    assert solution(np.array([[-0.5], [0.0], [0.5]])).ravel() == pytest.approx([0.5, 1, 0.5])


def test_a_coefficient_that_jumps_is_solved_as_two_materials(tmp_path):
    jumping = """
[domain]
shape = "interval"
bounds = [0, 1]
[nodes]
count = 40
[unknowns]
fields = ["u"]
[pde]
equations = ["d((1 + 9*heaviside(x - 0.5))*u_x, x) = 0"]
[[boundary]]
on = "left"
condition = "u = 0"
[[boundary]]
on = "right"
condition = "u = 1"
[solver]
method = "rbf-fd"
"""
    solution = solve(posed(jumping, tmp_path))
    x = np.array([0.25, 0.5, 0.75])
    assert solution(x[:, None]).ravel() == pytest.approx(
        np.where(x < 0.5, x, (x + 4.5) / 10) / 0.55
    )
    assert "it is solved as regions" in " ".join(solution.outcome.warnings)


def test_a_written_solution_is_read_back_to_the_bit(tmp_path):
    problem = load(shipped.folder() / "circle_inclusion.toml", {"nodes.count": 600})
    solution = solve(problem)
    write(solution, tmp_path / "run")
    again = load_solution(tmp_path / "run")
    x = np.random.default_rng(0).uniform(-1, 1, (200, 2))
    assert (again(x) == solution(x)).all()
    assert again.sample.nodes.regions.names == ("inclusion", "matrix")


def test_cells_lie_in_one_region_and_fill_both():
    problem = load(shipped.folder() / "circle_inclusion.toml", {"nodes.count": 600})
    solution, setup = solve(problem), Setup(problem)
    drawn = grid(solution, setup.domain)
    region = drawn.cell_values["region"]
    corners = solution.sample.nodes.regions.of[drawn.cells]
    assert (corners == region[:, None]).all()
    area = np.bincount(region, volumes(drawn.points[:, :2], drawn.cells))
    n = len(solution.sample.nodes.regions.pairs)  # corners of the polygon in the circle
    inner = n / 8 * np.sin(2 * np.pi / n)
    assert area == pytest.approx([inner, 4 - inner])


def refused(text, tmp_path, overrides=None):
    """Return the message about a problem that cannot be solved."""
    with pytest.raises(ProblemError) as caught:
        solve(posed(text, tmp_path, overrides))
    return str(caught.value)


def test_regions_that_overlap_are_refused(tmp_path):
    text = STRAIGHT.replace('name = "right"', 'name = "right"\nwhere = "x > 0.4"')
    message = refused(text, tmp_path)
    assert 'the regions "left" and "right" overlap, as at (' in message
    assert "Let one of them end where the other begins." in message


def test_a_gap_between_regions_is_refused(tmp_path):
    text = STRAIGHT.replace('name = "right"', 'name = "right"\nwhere = "x > 0.6"')
    message = refused(text, tmp_path)
    assert "the regions leave a gap: (" in message
    assert "Add a [[region]] with a name alone, which is all the rest." in message


def test_a_region_beside_the_domain_is_refused(tmp_path):
    message = refused(STRAIGHT.replace("x < 0.5", "x < -0.5"), tmp_path)
    assert 'the region "left" is empty: no part of the domain is in it.' in message


def test_a_coefficient_that_jumps_on_a_curve_is_solved_as_two_materials(tmp_path):
    head, _, rest = STRAIGHT.partition("[[region]]")
    text = head + "[[boundary]]" + rest.partition("[[boundary]]")[2]
    text = text.replace("ue = ", 'k = "1 + heaviside(x - y^2)"\nue = ').replace(")/k", ")")
    problem = posed(text.replace('[exact]\nu = "ue"\n', ""), tmp_path)
    assert len(problem.regions) == 2
    nodes = Setup(problem).nodes
    x = nodes.x[nodes.regions.pairs[:, 0]]
    assert len(x) > 20
    assert np.abs(x[:, 0] - x[:, 1] ** 2).max() < 1e-10  # 3e-12 in a corner


def test_a_coefficient_that_jumps_where_curves_cross_asks_for_regions(tmp_path):
    head, _, rest = STRAIGHT.partition("[[region]]")
    text = head + "[[boundary]]" + rest.partition("[[boundary]]")[2]
    text = text.replace("ue = ", 'k = "1 + heaviside((x-0.5)^2 - (y-0.5)^2)"\nue = ')
    message = refused(text.replace(")/k", ")"), tmp_path)
    assert "what is differentiated here jumps at the edge of" in message
    assert "is bounded by a curve with a corner, or a crossing, at (0.5, 0.5)." in message
    assert "State the materials as [[region]], each with a shape, or smooth the jumps." in message


def three(where, order="abc"):
    """Return a problem of two regions, and a third which is the rest."""
    head, _, rest = STRAIGHT.partition("[[region]]")
    tables = {
        "a": f'[[region]]\nname = "a"\nwhere = "{where[0]}"\n[region.constants]\nk = 1\n',
        "b": f'[[region]]\nname = "b"\nwhere = "{where[1]}"\n[region.constants]\nk = 2\n',
        "c": '[[region]]\nname = "c"\n[region.constants]\nk = 3\n',
    }
    regions = "".join(tables[name] for name in order)
    return head + regions + "[[boundary]]" + rest.partition("[[boundary]]")[2]


def test_what_is_stated_between_regions_that_do_not_touch_is_refused(tmp_path):
    stated = '[[interface]]\nbetween = ["a", "b"]\ncondition = "u.a - u.b = 1"\n'
    message = refused(three(("x < 0.3", "x > 0.6")) + stated, tmp_path)
    assert 'between = ["a", "b"]' in message
    assert 'the regions "a" and "b" have no interface: they do not touch.' in message
    assert '"a" touches c. Name two regions that touch, or remove it.' in message


def test_a_corner_in_the_middle_of_a_side_asks_for_another_order(tmp_path):
    places = ("x > 0.5", "x < 0.5 and y < 0.5")
    message = refused(three(places), tmp_path)
    assert "regions meet at (0.5, 0.5), in the middle of a side of one of them" in message
    assert "State the regions that have a corner there first" in message
    regions = Setup(posed(three(places, "bca"), tmp_path)).nodes.regions
    assert np.unique(regions.of[regions.pairs], axis=0).tolist() == [[0, 1], [0, 2], [1, 2]]


def test_a_region_with_a_corner_on_the_boundary_may_come_last(tmp_path):
    # the end of the wall beside it is known to 1e-6, as far as shapes that touch can be told apart
    head, _, rest = STRAIGHT.partition("[[region]]")
    around = '[[region]]\nname = "around"\n[region.constants]\nk = 1\n'
    wedge = '[[region]]\nname = "wedge"\nshape = "polygon"\n'
    wedge += "vertices = [[0.3, 0], [0.6, 0], [0.6, 0.5]]\n[region.constants]\nk = 10\n"
    text = head + around + wedge + "[[boundary]]" + rest.partition("[[boundary]]")[2]
    assert len(Setup(posed(text, tmp_path)).nodes.regions.pairs) > 20


@pytest.mark.parametrize(
    ("where", "k", "corners"),
    [
        ("x > 0.5 and y > 0.5", 10, "a corner, (0.5, 0.5), where"),
        ("x > 0.5 and y > 0.5", 1, None),  # one material
        ("x + y > 0.9", 10, "aslant at the boundary, (0, 0.9), (0.9, 0), where"),
        ("x + y > 0.9", 1, None),
        ("(x - 0.5)^2 + y^2 < 0.1", 10, None),
        ("x > 0.3 and x < 0.7 and y > 0.4", 10, "a corner, (0.3, 0.4), (0.7, 0.4), where"),
    ],
)
def test_corners_between_materials_are_warned_of(where, k, corners, tmp_path):
    text = STRAIGHT.replace("x < 0.5", where).replace("k = 10", f"k = {k}")
    told = interface_corners_of(posed(text.replace('[exact]\nu = "ue"\n', ""), tmp_path))
    assert len(told) == (corners is not None)
    assert corners is None or corners in told[0]
    assert not interface_corners_of(posed(text, tmp_path))  # the error will be measured


def test_an_estimate_is_no_verdict_for_networks_where_materials_meet_at_a_corner(tmp_path):
    text = STRAIGHT.replace("x < 0.5", "x > 0.5 and y > 0.5").replace('[exact]\nu = "ue"\n', "")
    found = solve(posed(text, tmp_path), method="dt-pinn").verdict
    assert found.word == "unknown"
    assert "materials that differ meet at a corner, (0.5, 0.5), where gradients" in found.reason
    assert found.remedy == "Take rbf-fd with order = 2 and more nodes, or round the corner."


def interface_corners_of(problem):
    """Return what is told of corners."""
    return interface_corners.doubts(problem, region_domains(problem, Setup(problem).domain))


def test_conditions_between_regions_are_as_many_as_fields(tmp_path):
    stated = '[[interface]]\nbetween = ["left", "right"]\ncondition = "u.left - u.right = 1"\n'
    message = refused(STRAIGHT + 2 * stated, tmp_path)
    assert '2 conditions about fields are stated between "left" and "right"' in message
    assert "but there is 1 field." in message


def test_a_region_in_which_stencils_find_no_room_is_told_each_remedy_once(tmp_path):
    text = STRAIGHT.replace(
        'where = "x < 0.5"', 'shape = "disk"\ncenter = [0.5, 0.3]\nradius = 0.3'
    )
    message = refused(text, tmp_path)
    assert 'in the region "right", fewer than the 43 nodes of a stencil are seen from' in message
    assert message.count("nodes.refine") == 1


def test_a_flux_that_is_not_known_is_asked_for(tmp_path):
    coupled = STRAIGHT.replace('fields = ["u"]', 'fields = ["u", "v"]')
    coupled = coupled.replace(
        'equations = ["div(k*grad(u)) = -5*k*cos(2*y)*cos(x - 0.5)"]',
        'equations = ["k*laplace(u) + v_xx = 0", "laplace(v) = 0"]',
    )
    coupled = coupled.replace('condition = "u = ue"', 'condition = "u = 0"')
    coupled = coupled.replace(
        '[exact]\nu = "ue"\n', '[[boundary]]\non = "all"\ncondition = "v = 1"\n'
    )
    message = refused(coupled, tmp_path)
    assert 'the flux of u in the region "left" is not known' in message
    assert "State what holds there in [[interface]]" in message


def test_a_small_inclusion_is_refined(tmp_path):
    small = {"region.0.where": "(x - 0.5)^2 + (y - 0.5)^2 < 0.0016"}
    message = refused(STRAIGHT, tmp_path, small)
    assert 'in the region "left", derivatives exact to degree 5' in message
    assert 'or set nodes.refine = "auto".' in message
    nodes = Setup(posed(STRAIGHT, tmp_path, {**small, "nodes.refine": "auto"})).nodes
    assert len(nodes.regions.pairs) >= 12


def test_orders_above_two_are_refused(tmp_path):
    message = refused(STRAIGHT.replace("div(k*grad(u))", "k*biharmonic(u)"), tmp_path)
    assert "equations of order four are not solved in several regions in this version." in message
    assert "Write them as equations of order two for more fields, as w = laplace(u)." in message


def test_means_are_refused(tmp_path):
    message = refused(STRAIGHT + '[[constraint]]\nequation = "mean(u) = 0"\n', tmp_path)
    assert "points, means and integrals are not taken together with regions" in message
    assert "Remove it; a level is fixed by a value on a piece of the boundary." in message


def test_regions_within_regions_touch_and_end_at_the_boundary(tmp_path):
    # the level of a conductor that is surrounded by others; estimates know no exact solution
    places = {
        "shell": 'shape = "annulus"\ncenter = [0.5, 0.5]\ninner = 0.15\nouter = 0.3',
        "core": 'shape = "disk"\ncenter = [0.5, 0.5]\nradius = 0.15',
        "bay": 'shape = "disk"\ncenter = [1.0, 0.0]\nradius = 0.3',
    }
    regions = "".join(
        f'[[region]]\nname = "{name}"\n{place}\n[region.constants]\nk = {k}\n'
        for (name, place), k in zip(places.items(), (0.1, 10, 100), strict=True)
    )
    head, _, rest = STRAIGHT.partition("[[region]]")
    tail = "[[boundary]]" + rest.partition("[[boundary]]")[2]
    text = head + regions + '[[region]]\nname = "plate"\n[region.constants]\nk = 1\n' + tail
    text = text.replace('[exact]\nu = "ue"\n', "").replace("u = ue", "u = 0")
    coarse, fine = (
        solve(posed(text, tmp_path, {"nodes.count": n, "solver.order": 2})) for n in (1000, 3000)
    )
    x = np.array([[0.5, 0.5], [0.5, 0.72], [0.2, 0.2], [0.95, 0.05]])
    (estimated,) = coarse.accuracy.estimate.total.values()
    apart = np.abs(coarse(x) - fine(x)).max() / np.abs(fine.sample.values).max()
    assert apart < 5 * estimated < 0.25


def test_of_three_regions_that_meet_two_may_conduct_alike(tmp_path):
    # the fluxes into both hold at the point where they meet, and neither repeats the other
    text = STRAIGHT.replace("x < 0.5", "x < 0.5 and y < 0.5").replace("k = 10", "k = 1")
    text = text.replace('name = "left"', 'name = "low"').replace(
        '[[region]]\nname = "right"',
        '[[region]]\nname = "high"\nwhere = "x < 0.5 and y > 0.5"\n[region.constants]\nk = 1\n'
        '[[region]]\nname = "right"',
    )
    solution = solve(posed(text, tmp_path, {"nodes.count": 300}))
    assert solution.accuracy.errors.worst < 1e-6  # is 2e-8


def test_periodic_sides_are_refused(tmp_path):
    sides = 'on = ["left", "right"]\nperiodic = true'
    text = STRAIGHT.replace('on = "all"\ncondition = "u = ue"', sides)
    message = refused(text, tmp_path)
    assert "periodic sides are not taken together with regions in this version." in message
    assert "State a condition on each of the sides." in message


def test_nodes_from_a_file_are_refused(tmp_path):
    cloud = shipped.folder().parent / "pointclouds" / "star_2180.h5"
    text = STRAIGHT.replace("count = 600", f'file = "{cloud}"')
    message = refused(text, tmp_path)
    assert "nodes from a file do not tell to which region they belong." in message
    assert "Give nodes.count and a shape: each region is given its own nodes." in message


def test_opposite_signs_are_refused_unless_the_flux_is_stated(tmp_path):
    message = refused(STRAIGHT.replace("k = 10", "k = -10"), tmp_path)
    assert "the second derivatives of u have opposite signs in the regions" in message
    assert "Multiply one equation by -1" in message
    stated = '[[interface]]\nbetween = ["left", "right"]\ncondition = "%s"\n'
    text = (
        STRAIGHT.replace("k = 10", "k = -10") + stated % "k.left*dn(u.left) = k.right*dn(u.right)"
    )
    assert error(posed(text, tmp_path), 4) < 1e-7


def test_a_check_tells_of_regions_and_what_holds_between_them():
    report = check(load(shipped.folder() / "composite_wall.toml"))
    assert report.figures["regions"] == {"plaster": 21, "insulation": 40, "brick": 40}
    told = " ".join(" ".join(report.lines).split())
    assert "regions plaster 21, insulation 40, brick 40" in told
    assert "between insulation and brick; else fields and fluxes are continuous" in told
