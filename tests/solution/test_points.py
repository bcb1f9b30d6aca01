"""A solution where its user asks for it: fields and derivatives at points, in words, in files."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest

import pinnsolve
from pinnsolve import PinnsolveError, solve
from tests.posing import DISK, INTERVAL, SQUARE, manufactured, pose

RING = 'shape = "annulus"\ninner = 0.5\nouter = 1'
IN_TIME = f"{INTERVAL}\ntime = [0, 1]"
U, V = "x**2 - y**2", "x*y"  # harmonic polynomials, which RBF-FD of order 3 has exactly


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("problems")


@pytest.fixture(scope="module")
def plane(folder):
    """Two fields on a ring."""
    return solve(
        pose(
            folder,
            "laplace(u) = 0",
            "laplace(v) = 0",
            on=[("all", f"u = {U}"), ("all", f"v = {V}")],
            domain=RING,
            more=manufactured(u=U, v=V),
        )
    )


@pytest.fixture(scope="module")
def line(folder):
    return solve(
        pose(
            folder,
            "u_xx = 2",
            on=[("all", "u = x**2")],
            domain=INTERVAL,
            count=20,
            more="[exact]\nu = 'x**2'",
        )
    )


@pytest.fixture(scope="module")
def in_time(folder):
    return solve(
        pose(
            folder,
            "u_t = u_xx + x**2 - 2*t",
            on=[("all", "u = t*x**2")],
            domain=IN_TIME,
            count=20,
            more='[initial]\nu = "0"\n[exact]\nu = "t*x**2"',
        )
    )


def test_lists_and_whole_numbers_are_points(plane):
    values = plane([[0, 1], [0.6, 0.6]])
    np.testing.assert_allclose(values, [[-1, 0], [0, 0.36]], atol=1e-10)  # rounding of the solve
    assert plane([[0, 1]]).shape == (1, 2)
    assert plane(np.zeros((0, 2))).shape == (0, 2)


def test_on_a_line_points_are_numbers(line):
    x = np.linspace(0, 1, 7)
    np.testing.assert_allclose(line(x)[:, 0], x**2, atol=1e-10)
    np.testing.assert_array_equal(line(x[:, None]), line(x))
    np.testing.assert_array_equal(line["u"](list(x)), line(x)[:, 0])


def test_a_field_is_asked_for_by_its_name(plane):
    points = plane.sample.x
    np.testing.assert_array_equal(plane["v"](points), plane(points)[:, 1])
    np.testing.assert_array_equal(plane.field("u")(points), plane(points)[:, 0])
    with pytest.raises(PinnsolveError, match=re.escape('has no field "w". Known: u, v.')):
        plane["w"]


def test_outside_the_domain_there_is_no_solution(plane):
    outside = np.array([[0.0, 0.0], [1.1, 0.0], [math.nan, 0.7], [math.inf, 0.0]])
    assert np.isnan(plane(outside)).all()
    assert np.isnan(plane["v"](outside)).all()
    assert np.isnan(plane.derivative("u_x", outside)).all()


def test_outside_the_domain_its_formula_is_given_on_request(plane):
    outside = np.array([[1.1, 0.0], [math.nan, 0.7]])
    values = plane(outside, extrapolate=True)
    np.testing.assert_allclose(values[0], [1.21, 0], atol=1e-6)  # a polynomial goes on as itself
    assert np.isnan(values[1]).all()


def test_nodes_and_points_on_the_boundary_lie_in_the_domain(plane):
    assert np.isfinite(plane(plane.sample.x)).all()
    angle = np.linspace(0, 2 * np.pi, 50, dtype=np.float32)
    assert np.isfinite(plane(np.column_stack([np.cos(angle), np.sin(angle)]))).all()


def test_time_is_the_last_coordinate_and_ends(in_time):
    values = in_time([[0.5, 1.0], [0.5, 1.1], [0.5, -0.1], [1.0, 0.5], [1.2, 0.5]])[:, 0]
    # what the steps in time leave is below 1e-6, for the solution is linear in time
    np.testing.assert_allclose(values[[0, 3]], [0.25, 0.5], atol=1e-6)
    assert np.isnan(values[[1, 2, 4]]).all()


@pytest.mark.parametrize(
    ("points", "fault"),
    [
        ([0.6, 0.6], "have the shape (2,). Write [[x, y]] for one point."),
        ([[0.6, 0.6, 0.6]], "have the shape (1, 3)."),
        (0.6, "have the shape ()."),
        ([[0.6, 0.6], [0.6]], "differ in length."),
        ([["a", "b"]], "are no real numbers."),
        ([[0.6, 1j]], "are no real numbers."),
    ],
)
def test_what_are_no_points_is_refused(plane, points, fault):
    with pytest.raises(PinnsolveError) as error:
        plane(points)
    wanted = "the points must be an array of shape (n, 2), for each point its x, y, but they"
    wanted = wanted if fault[:4] in ("diff", "are ") else wanted.removesuffix(" they")
    assert str(error.value) == f"{wanted} {fault}"


def test_on_a_line_and_in_time_the_message_names_the_coordinates(line, in_time):
    with pytest.raises(PinnsolveError) as error:
        line([[0.1, 0.2]])
    assert str(error.value) == (
        "the points must be an array of shape (n,) or (n, 1), for each point its x, "
        "but have the shape (1, 2)."
    )
    with pytest.raises(PinnsolveError, match=r"\(n, 2\), for each point its x, t, but have"):
        in_time([0.1, 0.2, 0.3])


def test_derivatives_at_points_are_written_as_in_the_equations(plane):
    x, y = points = np.array([[0.6, 0.6, 0.0], [0.1, 0.6, 0.8]])
    # the interpolant of order 3 has derivatives of quadratic polynomials exactly
    for formula, exact in {
        "u_x": 2 * x,
        "v_xy": np.ones(3),
        "laplace(u)": np.zeros(3),
        "grad(v)": np.column_stack([y, x]),
        "y*u_x + v": 3 * x * y,
        "norm(grad(u))": 2 * np.hypot(x, y),
    }.items():
        found = plane.derivative(formula, points.T)
        np.testing.assert_allclose(found, exact, atol=1e-7, err_msg=formula)


def test_derivatives_in_time_are_written_as_in_the_equations(in_time):
    found = in_time.derivative("u_t", [[0.5, 0.3], [0.25, 1.0]])
    np.testing.assert_allclose(found, [0.25, 0.0625], atol=1e-5)  # slopes of steps good to 1e-6


def test_derivatives_of_a_network_are_exact(folder):
    posed = pose(
        folder,
        "u_xx = -sin(x)",
        on=[("all", "u = sin(x)")],
        domain=INTERVAL,
        count=20,
        method="pinn",
    )
    solution = solve(posed)
    x, h = np.linspace(0.1, 0.9, 5), 1e-4
    slopes = (solution["u"](x + h) - solution["u"](x - h)) / (2 * h)
    # differences of a smooth function are off by h^2/6 of its third derivative, here about 1
    np.testing.assert_allclose(solution.derivative("u_x", x), slopes, atol=1e-8)


def test_found_constants_stand_in_formulas(line):
    from pinnsolve.solution.found import FoundConstant

    symbols = replace(line.problem.equations[0].symbols, parameters={"k": None})
    equation = replace(line.problem.equations[0], symbols=symbols)
    known = replace(
        line,
        problem=replace(line.problem, equations=(equation,)),
        constants={"k": FoundConstant(0.0, 3.0)},
    )
    np.testing.assert_allclose(known.derivative("k*u_x", [0.5]), [3.0], atol=1e-8)


def test_a_formula_that_means_nothing_is_shown(plane):
    with pytest.raises(PinnsolveError) as error:
        plane.derivative("u_x + w_x", [[0.6, 0.6]])
    first, *excerpt = str(error.value).splitlines()
    assert first.startswith('unknown name "w_x".')
    assert excerpt == ["    u_x + w_x", "          ^^^"]


def test_it_is_shown_in_a_few_lines(plane):
    lines = repr(plane).splitlines()
    assert lines[0] == "Solution of problem: untitled"
    assert lines[1] == "rbf-fd on 300 nodes: finished"
    assert lines[2].startswith("Resolved: ")
    assert re.fullmatch(r"  u: relative error .*, largest .*, estimated .*", lines[3])
    assert len(lines) == 5
    assert plane._repr_html_().startswith("<b>Solution of problem: untitled</b><br>rbf-fd on")
    assert repr(plane["u"]) == "Field(name='u')"
    assert repr(plane.problem) == "Problem problem: untitled; u(x, y), v(x, y)"


def test_warnings_and_titles_are_shown_as_text(plane):
    outcome = replace(plane.outcome, warnings=("one", "two"))
    doubtful = replace(plane, outcome=outcome, problem=replace(plane.problem, title="u < v & w"))
    assert repr(doubtful).endswith("\nwarnings: 2, in outcome.warnings")
    assert "u &lt; v &amp; w" in doubtful._repr_html_()


def test_it_is_written_and_read_again(line, tmp_path):
    files = pinnsolve.write(line, str(tmp_path / "line"))
    assert {file.name for file in files} >= {"solution.hdf", "report.html", "metrics.json"}
    again = pinnsolve.load_solution(tmp_path / "line")
    np.testing.assert_array_equal(again([0.3]), line([0.3]))


def test_the_version_is_that_of_the_package():
    from importlib.metadata import version

    assert pinnsolve.__version__ == version("pinnsolve")


@pytest.mark.parametrize("domain", [DISK, SQUARE])
def test_points_around_the_domain_are_told_apart(folder, domain):
    solution = solve(
        pose(folder, "laplace(u) = 0", on=[("all", "u = x")], domain=domain, count=100)
    )
    x = np.random.default_rng(0).uniform(-1.5, 1.5, (500, 2))
    within = np.hypot(*x.T) <= 1 if domain == DISK else ((x >= 0) & (x <= 1)).all(axis=1)
    np.testing.assert_array_equal(np.isfinite(solution(x)[:, 0]), within)
