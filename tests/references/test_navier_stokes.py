import numpy as np
import pytest

from pinnsolve.errors import ProblemError
from pinnsolve.progress import unwatched
from pinnsolve.references import navier_stokes
from pinnsolve.references.navier_stokes import plan, solved
from tests.references.posing import evolving

SOLVER = 'solver = "navier-stokes-2d"\n'
VELOCITY = (
    "u_t + u*u_x + v*u_y + p_x = 0.1*laplace(u)",
    "v_t + u*v_x + v*v_y + p_y = 0.1*laplace(v)",
    "u_x + v_y = 0",
)
TURNED = ("d(psi, y)", "-d(psi, x)")
LEVELS = np.linspace(0, 1, 5)


def by_velocity(folder, equations=VELOCITY, u="cos(x)*sin(y)", v="-sin(x)*cos(y)", **parts):
    return evolving(
        folder,
        *equations,
        initial={"u": u, "v": v},
        fields=["u", "v", "p"],
        dim=2,
        **{"reference": SOLVER, **parts},
    )


def by_stream_function(folder, velocity=TURNED, initial="", lambda1=1.0):
    u, v = velocity
    equations = [
        f"U_t + {lambda1}*(U*U_x + V*U_y) + q_x = 0.1*laplace(U)",
        f"V_t + {lambda1}*(U*V_x + V*V_y) + q_y = 0.1*laplace(V)",
    ]
    definitions = f'definitions = {{ U = "{u}", V = "{v}" }}'
    return evolving(
        folder,
        *equations,
        initial={"psi": "0"},
        fields=["q", "psi"],
        boundary=f'{definitions}\n[[boundary]]\non = ["left", "right"]\nperiodic = true\n'
        '[[boundary]]\non = ["bottom", "top"]\nperiodic = true\n',
        reference=SOLVER + initial,
        dim=2,
    )


def at_levels(problem, modes=16, steps=8, levels=LEVELS):
    points = np.random.default_rng(0).uniform(0, 6, (len(levels) * 5, 3))
    points[:, 2] = np.repeat(levels, 5)
    return points.T, solved(plan(problem), modes, steps, unwatched)(points).T


def vortices(x, y, t):
    """Return velocity and pressure of decaying vortices (Taylor & Green, 1937)."""
    decay = np.exp(-0.2 * t)
    p = -(np.cos(2 * x) + np.cos(2 * y)) / 4 * decay**2
    return np.cos(x) * np.sin(y) * decay, -np.sin(x) * np.cos(y) * decay, p


def test_velocity_and_pressure_of_decaying_vortices_are_exact(tmp_path):
    points, found = at_levels(by_velocity(tmp_path))
    # the sign of the pressure: centrifugal force is balanced by what is lower inside
    u, v, p = vortices(*points)
    np.testing.assert_allclose(found[0], u, atol=1e-12)
    np.testing.assert_allclose(found[1], v, atol=1e-12)
    np.testing.assert_allclose(found[2], p, atol=1e-12)


@pytest.mark.parametrize(("velocity", "sign"), [(TURNED, 1), (("-d(psi, y)", "d(psi, x)"), -1)])
def test_stream_function_and_pressure_follow_from_initial_vorticity(tmp_path, velocity, sign):
    initial = 'initial = { vorticity = "-2*cos(x)*cos(y)" }'  # of the vortices
    points, (p, psi) = at_levels(by_stream_function(tmp_path, velocity, initial))
    x, y, t = points
    expected = -sign * np.cos(x) * np.cos(y) * np.exp(-0.2 * t)
    np.testing.assert_allclose(psi, expected, atol=1e-12)
    np.testing.assert_allclose(p, vortices(*points)[2], atol=1e-12)


STATE = "sin(x)*cos(2*y) + 0.5*cos(x + y)"


def test_both_forms_have_one_solution_in_whatever_order_and_spelling(tmp_path):
    """That with convection as a divergence, too, of which nothing is known in closed form."""
    stream = by_stream_function(tmp_path, initial=f'initial = {{ psi = "{STATE}" }}')
    _, (p, psi) = at_levels(stream, 32, 100)
    u = "-2*sin(x)*sin(2*y) - 0.5*sin(x + y)"
    v = "-cos(x)*cos(2*y) + 0.5*sin(x + y)"
    spelt = (
        "0 = v_x/2 + d(u, x)/2 + v_y/2 - v_x/2",
        "2*v_t + 2*div([u, v]*v) + 2*p_y = 0.2*laplace(v)",
        "3*p_x + 3*div([u*u, u*v]) - 0.3*(u_xx + u_yy) = -3*u_t",
    )
    _, (_, _, pressure) = at_levels(by_velocity(tmp_path, spelt, u, v), 32, 100)
    np.testing.assert_allclose(pressure, p, atol=1e-10)
    assert np.ptp(psi) > 0.5


def test_a_force_drives_the_flow_that_balances_it(tmp_path):
    forced = (VELOCITY[0] + " + 0.1*sin(y)", *VELOCITY[1:])
    (_, y, t), found = at_levels(by_velocity(tmp_path, forced, "0", "0"), steps=64)
    np.testing.assert_allclose(found[0], np.sin(y) * (1 - np.exp(-0.1 * t)), atol=1e-12)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (
            {"u": "1 + sin(y)", "v": "0"},
            "navier-stokes-2d needs a flow at rest as a whole, but the mean of the initial "
            "velocity is not zero. Take the mean away, or choose another solver.",
        ),
        (
            {"equations": (VELOCITY[0] + " + 1", *VELOCITY[1:])},
            "navier-stokes-2d needs a flow at rest as a whole, but the mean of the force is not "
            "zero.",
        ),
        (
            {"equations": (VELOCITY[0] + " - u", *VELOCITY[1:])},
            "is no incompressible flow in the plane, by stream function or by velocity and "
            "pressure. Choose another solver.",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_place_and_remedy(tmp_path, parts, message):
    with pytest.raises(ProblemError) as refused:
        navier_stokes.plan(by_velocity(tmp_path, **parts))
    text = " ".join(str(refused.value).split())
    assert message in text
    assert "problem.toml:" in text
