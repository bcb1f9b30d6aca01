"""Formulas that jump across surfaces are read on each side, where they do not."""

from dataclasses import replace

import numpy as np
import pytest
import sympy

from pinnsolve import PinnsolveError, load
from pinnsolve.equations.equation import Equation, equation
from pinnsolve.equations.expression import Symbols, parse
from pinnsolve.equations.functions import Absolute
from pinnsolve.equations.jumps import REMEDY_OF_VALUES, beside, oriented
from pinnsolve.equations.variables import derivative
from pinnsolve.problem.abilities import ABILITIES
from pinnsolve.problem.interfaces import as_exact, symbols_between
from pinnsolve.problem.problem import InterfaceCondition
from tests.posing import INTERVAL, SQUARE, manufactured, pose, text_of

ALL = [("all", "u = 0")]
PLANE = Symbols(("x", "y"))


def sides(tmp_path, *equations, on=ALL, **kinds):
    """Return the regions of a problem by name: what holds in each."""
    problem = pose(tmp_path, *equations, on=on, **kinds)
    return {region.name: region.problem for region in problem.regions}


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("heaviside(x - 0.5)", "1"),
        ("heaviside(2*pi*(1 - 2*x))", "0"),
        ("sign(x/7 - 1/14)", "1"),
        ("abs(0.5 - x)*y", "(x - 0.5)*y"),
        ("sqrt((x - 0.5)^2)", "x - 0.5"),
        ("norm([2*x - 1])", "2*x - 1"),
        ("max(x, 0.5) + 10*min(x, 0.5)", "x + 5"),
        ("heaviside(y - 0.5)", "heaviside(y - 0.5)"),
    ],
)
def test_on_one_side_of_a_surface_what_jumps_there_is_a_branch(text, same):
    signs = {oriented(parse("x - 0.5", PLANE))[0]: 1}
    read = parse(text, Symbols(("x", "y"), signs=signs))
    assert sympy.expand(read - parse(same, PLANE)) == 0
    assert sympy.expand(beside(parse(text, PLANE), signs) - read) == 0


def test_a_coefficient_that_jumps_is_one_material_on_each_side(tmp_path):
    more = '[functions]\nk = "1 + 9*heaviside(x - 0.5)"'
    problem = pose(tmp_path, "div(k*grad(u)) = 0", on=[("all", "k*dn(u) + u = 0")], more=more)
    left, right = problem.regions
    assert (left.name, right.name) == ("x < 0.5", "x > 0.5")
    assert left.key == right.key == ("pde", "equations", 0)
    x = np.array([[0.2, 0.4], [0.8, 0.4]])
    np.testing.assert_array_equal(left.where(x), [True, False])
    np.testing.assert_array_equal(right.where(x), [False, True])
    for region, k in ((left, 1), (right, 10)):
        symbols = region.problem.equations[0].symbols
        own, known = region.problem, Symbols(symbols.coordinates, symbols.fields, normals=True)
        assert own.equations[0].expression == equation(f"{k}*laplace(u)", known).expression
        condition = equation(f"{k}*dn(u) + u", known).expression
        assert own.boundary[0].equation.expression == condition
    assert problem.interfaces == ()
    assert problem.taken_for == (
        'what is differentiated in "div(k*grad(u)) = 0" jumps at x = 0.5: it is solved as regions '
        '"x < 0.5" and "x > 0.5", between which fields and fluxes are continuous.'
    )


def test_what_does_not_jump_where_it_is_differentiated_is_one_region(tmp_path):
    problem = pose(tmp_path, "heaviside(x - 0.5)*laplace(u) = sign(y)", on=ALL)
    assert problem.regions == ()
    assert problem.taken_for == ""


LAYERS = " + ".join(f"{k}*heaviside(x - {at})" for k, at in enumerate((0.2, 0.4, 0.6, 0.8), 1))


@pytest.mark.parametrize(
    ("coefficient", "names"),
    [
        ("heaviside(x^2 + y^2 - 0.25)", ["x^2 + y^2 < 0.25", "x^2 + y^2 > 0.25"]),
        ("heaviside(x - y)", ["x - y < 0", "x - y > 0"]),
        ("heaviside(abs(x - 0.5) - 0.2)", ["abs(x - 0.5) < 0.2", "abs(x - 0.5) > 0.2"]),
        (
            "sign(x - 0.5)*sign(y - 0.3)",
            ["x < 0.5, y < 0.3", "x < 0.5, y > 0.3", "x > 0.5, y < 0.3", "x > 0.5, y > 0.3"],
        ),
        (
            "0.1*sign(x - 0.5) + heaviside(abs(x - 0.5) - 0.2)",
            ["x < 0.3", "0.3 < x < 0.5", "0.5 < x < 0.7", "x > 0.7"],
        ),
        (LAYERS, ["x < 0.2", "0.2 < x < 0.4", "0.4 < x < 0.6", "0.6 < x < 0.8", "x > 0.8"]),
    ],
)
def test_regions_are_called_by_their_sides(coefficient, names, tmp_path):
    found = sides(tmp_path, f"div((2 + {coefficient})*grad(u)) = 1")
    assert list(found) == names


BOX = "heaviside(x - 0.3)*heaviside(0.7 - x)*heaviside(y - 0.4)*heaviside(0.6 - y)"


def test_what_surrounds_an_inclusion_is_one_region(tmp_path):
    problem = pose(tmp_path, f"div((1 + {BOX})*grad(u)) = 1", on=ALL)
    inside, around = problem.regions
    assert (inside.name, around.name) == ("0.3 < x < 0.7, 0.4 < y < 0.6", "elsewhere")
    x = np.array([[0.5, 0.5], [0.5, 0.3], [0.2, 0.5], [0.9, 0.9]])
    np.testing.assert_array_equal(inside.where(x), [True, False, False, False])
    assert around.is_rest


def test_a_surface_beyond_the_domain_is_none(tmp_path):
    problem = pose(tmp_path, "div((1 + heaviside(3 - x))*grad(u)) = 1", on=ALL)
    assert problem.regions == ()
    assert problem.taken_for == ""
    known = Symbols(("x", "y"), ("u",))
    assert problem.equations[0].expression == equation("2*laplace(u) = 1", known).expression
    found = sides(tmp_path, "div((2 + heaviside(x - 0.3) + sign(y - 2))*grad(u)) = 1")
    assert len(found) == 2


def test_layers_that_are_alike_stay_apart(tmp_path):
    found = sides(tmp_path, "div((1 + heaviside(x - 0.3)*heaviside(0.7 - x))*grad(u)) = 1")
    assert list(found) == ["x < 0.3", "0.3 < x < 0.7", "x > 0.7"]


def test_initial_values_and_the_solution_are_those_of_the_side(tmp_path):
    more = '[initial]\nu = "abs(x - 0.5)"\n[exact]\nu = "exp(-t)*abs(x - 0.5)"'
    equations = "u_t = div((1 + heaviside(x - 0.5))*grad(u))"
    domain = f"{SQUARE}\ntime = [0, 1]"
    found = sides(tmp_path, equations, domain=domain, more=more)
    x = parse("x", PLANE)
    for name, sign in (("x < 0.5", -1), ("x > 0.5", 1)):
        begin, end = found[name].initial[0][0].expression, found[name].exact[0].expression
        assert sympy.expand(begin - sign * (x - 0.5)) == 0
        assert not end.has(Absolute)


def test_nodes_and_pieces_are_those_of_the_whole_domain(tmp_path):
    more = "[functions]\nr = '0.5 + abs(x - 0.5)'"
    pieces = 'pieces = [{ name = "near", where = "abs(x - 0.5) < 0.1" }]'
    text = text_of(
        "div((1 + heaviside(x - 0.5))*grad(u)) = 1", on=ALL, domain=f"{SQUARE}\n{pieces}", more=more
    )
    path = tmp_path / "layers.toml"
    path.write_text(text.replace("count = 300", 'count = 300\nrefine = "r"'))
    problem = load(path)
    x = np.array([[0.1, 0.0], [0.45, 0.0], [0.55, 0.0], [0.9, 0.0]])
    for own in (problem, *(region.problem for region in problem.regions)):
        np.testing.assert_allclose(own.refine(x), [0.9, 0.55, 0.55, 0.9])
        np.testing.assert_array_equal(own.pieces[0][1](x), [False, True, True, False])


def test_where_sources_are_made_of_a_kink_so_is_what_the_kink_leaves(tmp_path):
    made = manufactured("f", u="abs(x - 0.5)")
    problem = pose(tmp_path, "u_xx = f", on=[("all", "u = 0.5")], domain=INTERVAL, more=made)
    first, second = problem.regions
    assert problem.fits_exact
    assert [region.problem.equations[0].text for region in problem.regions] == ["u_xx = f"] * 2
    symbols = symbols_between(first, second)
    n = len(symbols.coordinates)
    for order, left in ((0, 0), (1, -2)):  # the slope jumps from -1 to 1
        difference = derivative(0, (order,) * n) - derivative(1, (order,) * n)
        stated = Equation("", "", difference, symbols)
        condition = InterfaceCondition((first.name, second.name), stated, 1.0, first.key)
        fitted = as_exact(condition, first, second).equation.expression
        at = parse("x", symbols), sympy.Rational(1, 2)
        assert (difference - fitted).subs(*at) == left


def test_written_out_it_is_read_apart_again(tmp_path):
    problem = pose(tmp_path, "div((1 + heaviside(x - 0.5))*grad(u)) = 1", on=ALL)
    path = tmp_path / "again.toml"
    path.write_text(problem.to_toml())
    again = load(path)
    assert [region.name for region in again.regions] == [r.name for r in problem.regions]


SMOOTH = (
    "Smooth the jump over a few spacings of the nodes, as (1 + tanh((x - 0.5)/0.05))/2 does for "
    "heaviside(x - 0.5)."
)
LOST = "and the derivative of the jump would be lost."


@pytest.mark.parametrize(
    ("stated", "kinds", "told"),
    [
        (
            "div((1 + heaviside(u - x))*grad(u)) = 1",
            {},
            "what is differentiated here jumps where unknowns pass certain values, "
            f"{LOST} {REMEDY_OF_VALUES}",
        ),
        (
            "div(heaviside(x - 0.5)*grad(u)) = 1",
            {},
            "where x < 0.5: no unknown field is left in this equation. Unknown fields: u.",
        ),
        (
            f"div(({LAYERS} + sign(y - 0.5))*grad(u)) = 1",
            {},
            "formulas jump across more than 4 surfaces. State the materials as [[region]], or "
            "smooth the jumps.",
        ),
        (
            "div((1 + heaviside(x - 0.5))*grad(u)) = 1",
            {"on": [("all", "u = q")]},
            'unknown name "q". Known: n, n_x, n_y, pi, u, x, y.',
        ),
    ],
    ids=["unknowns", "nothing left", "too many", "others first"],
)
def test_what_cannot_be_read_apart_is_refused(stated, kinds, told, tmp_path):
    with pytest.raises(PinnsolveError) as error:
        pose(tmp_path, stated, **{"on": ALL, **kinds})
    (fault,) = error.value.faults
    assert f"{fault.message} {fault.remedy}" == told


def test_a_method_that_knows_no_regions_names_those_that_do(tmp_path, monkeypatch):
    unable = replace(ABILITIES["pinn"], takes=frozenset())
    monkeypatch.setitem(ABILITIES, "pinn", unable)
    with pytest.raises(PinnsolveError) as error:
        pose(tmp_path, "div((1 + heaviside(x - 0.5))*grad(u)) = 1", on=ALL, method="pinn")
    (fault,) = error.value.faults
    assert fault.message == f"what is differentiated here jumps at x = 0.5, {LOST}"
    able = 'method = "rbf-fd" or method = "dt-pinn"'
    told = f"{SMOOTH} Or set {able} in [solver], by which each side is a region of its own."
    assert fault.remedy == told


def test_a_surface_that_moves_is_no_region(tmp_path):
    domain, more = f"{INTERVAL}\ntime = [0, 1]", '[initial]\nu = "0"'
    stated = "u_t = d((1 + heaviside(x - t))*u_x, x)"
    with pytest.raises(PinnsolveError) as error:
        pose(tmp_path, stated, on=ALL, domain=domain, more=more)
    (fault,) = error.value.faults
    assert fault.remedy == SMOOTH
