"""Forces and fluxes of flows with known solutions: exact to rounding, of nodal values to order."""

import json

import numpy as np
import pytest

from pinnsolve.accuracy.flow import balance
from pinnsolve.output.metrics import metrics_json
from pinnsolve.run import load_solution, solve, write
from pinnsolve.solution.flow import flow_from
from tests.flows import NAVIER_STOKES, flow, text_of
from tests.posing import written
from tests.solutions import case

CHANNEL = 'shape = "rectangle"\nlower = [0, -1]\nupper = [3, 1]'
RING = 'shape = "annulus"\ninner = 1\nouter = 2'
HOLLOW = """shape = "difference"
of = [{ shape = "rectangle", lower = [-2, -2], upper = [2, 2], name = "channel" },
      { shape = "disk", center = [0.3, 0.2], radius = 0.5, name = "cylinder" }]"""
POISEUILLE = {"u": "1 - y^2", "v": "0", "p": "-2*nu*x"}
# between cylinders, the inner one turning: swirl -r/3 + b/r with b = 4/3
COUETTE = {
    "u": "(y - 4*y/(x^2 + y^2))/3",
    "v": "-(x - 4*x/(x^2 + y^2))/3",
    "p": "0",
}
EXACT = 1e-10


def forces(*pieces, about=None):
    asked = ", ".join(f'"{piece}"' for piece in pieces)
    return f"forces = [{asked}]" + ("" if about is None else f"\nmoments_about = {about}")


@pytest.mark.parametrize(("is_nodal", "error"), [(False, EXACT), (True, 1e-8)])
def test_plane_channel_flow_pulls_at_its_walls_as_much_as_the_pressure_pushes(
    tmp_path, is_nodal, error
):
    # polynomials of degree two are in the space of the nodal derivatives
    output = forces("bottom", "top", "left", "right", about=[0, 0])
    found = flow(tmp_path, CHANNEL, POISEUILLE, output=output, is_nodal=is_nodal).solution.flow
    on = {name: own.force[0] for name, own in found.forces.items()}
    np.testing.assert_allclose(on["top"], [3, -4.5], atol=error)  # 2 nu * 3; the mean of p is -3 nu
    np.testing.assert_allclose(on["bottom"], [3, 4.5], atol=error)
    np.testing.assert_allclose(on["right"], [-6, 0], atol=error)
    np.testing.assert_allclose(on["left"] + on["right"] + on["bottom"] + on["top"], 0, atol=error)
    # of the drag 3 at y = 1, and of p n at (x, 1): -integral of x p
    assert found.forces["top"].moment[0, 0] == pytest.approx(-3 - 9, abs=error)


@pytest.mark.parametrize(("is_nodal", "error"), [(False, EXACT), (True, 1e-8)])
def test_the_flux_of_plane_channel_flow_is_that_of_its_profile(tmp_path, is_nodal, error):
    found = flow(tmp_path, CHANNEL, POISEUILLE, is_nodal=is_nodal).solution.flow
    fluxes = {name: flux[0] for name, flux in found.fluxes.items()}
    assert fluxes == pytest.approx(
        {"left": -4 / 3, "right": 4 / 3, "bottom": 0, "top": 0}, abs=error
    )
    assert found.through[0] == pytest.approx(4 / 3, abs=error)
    assert found.mass_defect[0] == pytest.approx(0, abs=error)


def test_a_fluid_at_rest_lifts_a_cylinder_by_the_weight_it_displaces(tmp_path):
    still = {"u": "0", "v": "0", "p": "-y"}  # gravity points down: p falls upwards
    momentum = "p_x = nu*laplace(u)", "p_y = nu*laplace(v) - 1", "u_x + v_y = 0"
    output = forces("cylinder.surface")
    own = flow(tmp_path, HOLLOW, still, equations=momentum, output=output).solution.flow
    force = own.forces["cylinder.surface"]
    np.testing.assert_allclose(force.force, [[0, np.pi / 4]], atol=EXACT)
    np.testing.assert_allclose(force.about, [0.3, 0.2], atol=EXACT)
    np.testing.assert_allclose(force.moment, 0, atol=EXACT)


@pytest.mark.parametrize(
    ("is_nodal", "count", "error"),
    [(False, 300, EXACT), (True, 800, 2e-3), (True, 3200, 1.25e-4)],  # order four
)
def test_a_turning_cylinder_takes_the_torque_of_its_friction(tmp_path, is_nodal, count, error):
    output = forces("inner", "outer")
    found = flow(tmp_path, RING, COUETTE, nu=0.7, output=output, is_nodal=is_nodal, count=count)
    on = found.solution.flow.forces
    # the inner cylinder turns counter-clockwise and is held back by 4 pi nu b, b = 4/3
    torque = 4 * np.pi * 0.7 * 4 / 3
    assert on["inner"].moment[0, 0] == pytest.approx(-torque, rel=error)
    assert on["outer"].moment[0, 0] == pytest.approx(torque, rel=error)
    np.testing.assert_allclose(on["inner"].force, 0, atol=10 * error)


def test_what_enters_a_closed_surface_in_momentum_acts_on_it(tmp_path):
    lam = 10 - np.sqrt(100 + 4 * np.pi**2)
    kovasznay = {
        "u": f"1 - exp({lam}*x)*cos(2*pi*y)",
        "v": f"{lam}/(2*pi)*exp({lam}*x)*sin(2*pi*y)",
        "p": f"-exp({2 * lam}*x)/2",
    }
    found = flow(
        tmp_path, HOLLOW, kovasznay, equations=NAVIER_STOKES, nu=0.05, output=forces("all")
    )
    surface = found.solution.flow.forces["all"]
    x, y, n, w = outline()
    u, v, _ = found.solution.answer(np.column_stack([x, y])).T
    outflow = (u * n[0] + v * n[1]) * w
    # the integral of div σ = div(u u) over the fluid, from outside
    np.testing.assert_allclose(surface.force[0], [-(u @ outflow), -(v @ outflow)], rtol=1e-6)
    assert abs(found.solution.flow.mass_defect[0]) < 1e-8 * found.solution.flow.through[0]


def outline(count=4000):
    """Return points, normals and weights around the square and the hole, by midpoints."""
    s = (np.arange(count) + 0.5) / count
    side, zero = -2 + 4 * s, np.zeros(count)
    turn = 2 * np.pi * s
    parts = [
        (side, zero + 2, (zero, zero + 1), zero + 4 / count),
        (side, zero - 2, (zero, zero - 1), zero + 4 / count),
        (zero + 2, side, (zero + 1, zero), zero + 4 / count),
        (zero - 2, side, (zero - 1, zero), zero + 4 / count),
        (
            0.3 + np.cos(turn) / 2,
            0.2 + np.sin(turn) / 2,
            (-np.cos(turn), -np.sin(turn)),
            zero + np.pi / count,
        ),
    ]
    x, y, n, w = zip(*parts, strict=True)
    return (*map(np.concatenate, (x, y)), np.concatenate(n, axis=1), np.concatenate(w))


def test_the_traction_is_that_of_a_symmetric_stress_and_a_variable_viscosity(tmp_path):
    shear = {"u": "y", "v": "0", "p": "0"}
    momentum = (
        "p_x + nu*(1 + x)*0 = div(nu*(1 + x)*grad(u))",
        "p_y = div(nu*(1 + x)*grad(v))",
        "u_x + v_y = 0",
    )
    output = forces("top", "right")
    on = flow(tmp_path, CHANNEL, shear, equations=momentum, output=output).solution.flow.forces
    np.testing.assert_allclose(on["top"].force, [[-0.5 * (3 + 4.5), 0]], atol=EXACT)
    np.testing.assert_allclose(on["right"].force, [[0, -0.5 * 4 * 2]], atol=EXACT)


def test_a_sphere_in_creeping_flow_is_dragged_by_six_pi(tmp_path):
    box = """shape = "difference"
of = [{ shape = "box", lower = [-2, -2, -2], upper = [2, 2, 2], name = "room" },
      { shape = "ball", radius = 1, name = "sphere" }]"""
    r = "sqrt(x^2 + y^2 + z^2)"
    lift = f"(-3/(4*{r}^3) + 3/(4*{r}^5))"
    stokes = {
        "u": f"1 - 3/(4*{r}) - 1/(4*{r}^3) + x^2*{lift}",
        "v": f"x*y*{lift}",
        "w": f"x*z*{lift}",
        "p": f"-1.5*nu*x/{r}^3",
    }
    momentum = [f"p_{a} = nu*laplace({f})" for a, f in zip("xyz", "uvw", strict=True)] + [
        "u_x + v_y + w_z = 0"
    ]
    output = forces("sphere.surface")
    found = flow(tmp_path, box, stokes, equations=momentum, output=output).solution.flow
    force = found.forces["sphere.surface"]
    np.testing.assert_allclose(force.force, [[6 * np.pi * 0.5, 0, 0]], atol=EXACT)
    np.testing.assert_allclose(force.moment, [[0, 0, 0]], atol=EXACT)
    assert found.mass_defect[0] == pytest.approx(0, abs=1e-6)
    assert found.reynolds is None  # nothing is convected
    assert found.through[0] > 10  # of the 16 that enter undisturbed


@pytest.mark.parametrize("is_nodal", [False, True])
def test_the_course_of_forces_is_that_of_the_flow(tmp_path, is_nodal):
    # a wall pulled through the fluid ever faster: u = y t, with p = -x to drive the rest
    speeding = {"u": "y*t", "v": "0", "p": "-x*y"}
    equations = ("u_t + p_x = nu*laplace(u)", "v_t + p_y = nu*laplace(v) - x", "u_x + v_y = 0")
    solution = flow(
        tmp_path,
        CHANNEL + "\ntime = [0, 2]",
        speeding,
        equations=equations,
        output=forces("top"),
        initial='[initial]\nu = "0"\nv = "0"',
        levels="time_levels = 5",
        is_nodal=is_nodal,
    ).solution
    found = solution.flow
    t = np.linspace(0, 2, 5)
    np.testing.assert_array_equal(found.times, t)
    expected = np.stack([-0.5 * 3 * t, np.full(5, -4.5)], axis=1)
    np.testing.assert_allclose(found.forces["top"].force, expected, atol=1e-8)
    np.testing.assert_allclose(found.fluxes["right"], 0, atol=1e-8)
    np.testing.assert_allclose(found.through, t, atol=1e-8)  # half of it above, half below
    metrics = solution.metrics()
    assert metrics["forces"]["top"]["force"] == found.forces["top"].force[-1].tolist()
    assert len(metrics["flow"]["flux_in_time"]["left"]) == 5


def test_the_reynolds_number_is_that_of_the_body_else_of_the_domain(tmp_path):
    stream = {"u": "3 + 0*x", "v": "4 + 0*x", "p": "0*x"}
    body = "cylinder.surface"
    for output, length, of in (("", 4 * np.sqrt(2), "the domain"), (forces(body), 1, body)):
        found = flow(tmp_path, HOLLOW, stream, equations=NAVIER_STOKES, nu=0.1, output=output)
        reynolds = found.solution.flow.reynolds
        assert reynolds.of == of
        assert reynolds.length == pytest.approx(length, rel=1e-3)
        assert reynolds.number == pytest.approx(5 * length / 0.1, rel=1e-3)


def test_what_was_told_of_a_flow_is_read_back_from_its_figures(tmp_path):
    output = forces("cylinder.surface")
    found = flow(tmp_path, HOLLOW, COUETTE, equations=NAVIER_STOKES, output=output).solution
    figures = json.loads(metrics_json(found))
    assert flow_from(figures).metrics() == found.flow.metrics()
    assert flow_from({}) is None


def test_other_problems_have_no_flow():
    made = case()
    answer, sample = made.solution.answer, made.solution.sample
    assert balance(made.problem, made.domain, answer, sample, {}) is None


@pytest.mark.slow
@pytest.mark.study
@pytest.mark.parametrize("method", ["rbf-fd", "dt-pinn", "pinn"])
def test_every_method_finds_the_forces_of_channel_flow_and_keeps_them(tmp_path, method):
    # a polynomial of degree two, which all of them hold
    domain = CHANNEL + '\npieces = [{ name = "pin", where = "x < 0.2 and y > 0.99" }]'
    text = text_of(
        domain,
        {"u": "1 - y^2", "v": "0", "p": "-2*nu*x"},
        equations=NAVIER_STOKES,
        count=200,
        output=forces("bottom", "pin"),
        on=[("all", "u = 1 - y^2"), ("all", "v = 0"), ("pin", "p = -2*nu*x")],
    )
    solution = solve(written(tmp_path, text), method=method)
    found = solution.flow.forces
    np.testing.assert_allclose(found["bottom"].force, [[3, 4.5]], atol=1e-6)
    # the pin takes its part of the wall, 2 nu * 0.2 and p n, and of the inflow nu (1 - 0.99²)
    np.testing.assert_allclose(found["pin"].force, [[0.2, -0.02 - 0.00995]], atol=1e-6)
    assert abs(solution.flow.mass_defect[0]) < 1e-6
    write(solution, tmp_path / "run")
    again = load_solution(tmp_path / "run")
    assert again.flow.metrics() == solution.flow.metrics()
