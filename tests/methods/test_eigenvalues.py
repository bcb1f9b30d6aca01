"""Eigenvalues and modes: their order, their errors as told, what is refused."""

import json

import numpy as np
import pytest
from scipy.special import jn_zeros

from pinnsolve import check, load_solution, solve
from pinnsolve.errors import ProblemError
from pinnsolve.methods.eigenvalues import EigenSolve
from pinnsolve.run import write
from pinnsolve.setup import Setup
from tests.posing import DISK, INTERVAL, text_of, written

DRUM = np.sort([*jn_zeros(0, 2), *np.repeat([*jn_zeros(1, 1), *jn_zeros(2, 1)], 2)])[:5] ** 2
STRING = "-u_xx = lambda*u"
ENDS = [("left right", "u = 0")]


def posed(folder, *equations, count=1, near=0.0, nodes=60, order=4, more="", **parts):
    """Return a problem for the eigenvalues called lambda nearest to a number."""
    parts = {"domain": INTERVAL, "on": ENDS, **parts}
    text = text_of(*equations, count=nodes, order=order, **parts) + more
    own = {"name": "lambda", "near": near, "count": count}
    settings = {f"unknowns.eigenvalue.{key}": value for key, value in own.items()}
    return written(folder, text, settings)


def values(solution):
    """Return the eigenvalues of a solution."""
    return np.array([own.value for own in solution.eigenvalues])


@pytest.mark.parametrize("order", [3, 4])
def test_eigenvalues_of_a_drum_fall_with_the_order(tmp_path, order):
    errors = []
    for nodes in (250, 1000):
        parts = {"domain": DISK, "on": [("all", "u = 0")], "nodes": nodes, "order": order}
        process = EigenSolve(Setup(posed(tmp_path, "-laplace(u) = lambda*u", count=5, **parts)))
        process.step()
        found = np.sort(process.modes.values[:5].real)
        errors.append(np.linalg.norm(found - DRUM) / np.linalg.norm(DRUM))
    assert errors[0] / errors[1] > 2 ** (order - 0.5)


def test_estimates_tell_errors_and_what_is_multiple(tmp_path):
    parts = {"domain": DISK, "on": [("all", "u = 0")], "nodes": 400}
    solution = solve(posed(tmp_path, "-laplace(u) = lambda*u", count=5, **parts))
    errors = np.abs(values(solution) - DRUM)
    estimates = np.array([own.estimate for own in solution.eigenvalues])
    # of five eigenvalues on such nodes; in general within a factor of about three
    assert (errors < 2 * estimates).all()
    assert (estimates < 10 * errors.max()).all()
    assert [own.multiplicity for own in solution.eigenvalues] == [1, 2, 2, 2, 2]
    assert solution.verdict.word == "resolved"
    # a mode of a double one is a sum of the two: all of its space satisfies the equation
    x = np.random.default_rng(0).uniform(-0.6, 0.6, (50, 2))
    left = (
        solution.derivative("laplace(u_2)", x)
        + solution.eigenvalues[1].value.real * (solution(x)[:, 1])
    )
    assert np.abs(left).max() < 1e-2 * DRUM[1]


def test_a_conjugate_pair_is_shown_by_its_real_and_its_imaginary_part(tmp_path):
    """Modes of advection and diffusion around a ring are waves: nu k^2 + i k."""
    nu, k = 0.05, 2 * np.pi
    on = [("left right", "periodic")]
    solution = solve(posed(tmp_path, "u_x - 0.05*u_xx = lambda*u", count=3, on=on))
    assert values(solution) == pytest.approx(
        [0, nu * k**2 + 1j * k, nu * k**2 - 1j * k], rel=1e-5, abs=1e-9
    )
    assert [own.is_complex for own in solution.eigenvalues] == [False, True, True]
    assert (
        solution.eigenvalues[1].remark == "complex; the mode is the real part of that of its pair"
    )
    assert solution.eigenvalues[2].remark.startswith("complex; the mode is the imaginary part")
    x = np.linspace(0, 1, 40)
    waves = np.stack([np.sin(k * x), np.cos(k * x)], axis=1)
    modes = solution(x)[:, 1:]
    rest = modes - waves @ np.linalg.lstsq(waves, modes, rcond=None)[0]
    assert np.abs(rest).max() < 1e-5


def test_zero_is_an_eigenvalue_of_what_is_insulated(tmp_path):
    solution = solve(posed(tmp_path, STRING, count=3, on=[("left right", "dn(u) = 0")]))
    assert values(solution) == pytest.approx([0, np.pi**2, 4 * np.pi**2], rel=1e-5, abs=1e-8)
    assert solution.sample.values[:, 0] == pytest.approx(1)  # and its mode constant


def test_an_eigenvalue_may_stand_on_the_boundary_or_beside_a_mass(tmp_path):
    disk = {"domain": DISK, "on": [("all", "dn(u) = lambda*u")], "nodes": 300}
    assert values(solve(posed(tmp_path, "laplace(u) = 0", count=5, **disk))) == pytest.approx(
        [0, 1, 1, 2, 2], abs=1e-5
    )
    domain = INTERVAL.replace("[0, 1]", "[1, 2]")
    solution = solve(posed(tmp_path, "-d(x*u_x, x) = lambda*u/x", near=80.0, domain=domain))
    assert values(solution) == pytest.approx([(2 * np.pi / np.log(2)) ** 2], rel=1e-5)
    assert solution.outcome.warnings == ()


def test_powers_of_an_eigenvalue_are_those_of_a_system(tmp_path):
    """A damped string: lambda^2 + lambda + pi^2 = 0."""
    solution = solve(posed(tmp_path, "u_xx = lambda*v + v", "v = lambda*u", count=2))
    expected = -0.5 + 1j * np.sqrt(np.pi**2 - 0.25) * np.array([1, -1])
    assert values(solution) == pytest.approx(expected, rel=1e-5)


def test_a_run_keeps_eigenvalues_and_modes(tmp_path):
    problem = posed(tmp_path, STRING, count=2)
    solution = solve(problem)
    write(solution, tmp_path / "run", overwrite=True)
    found = load_solution(tmp_path / "run")
    assert found.eigenvalues == solution.eigenvalues
    assert np.array_equal(found.sample.values, solution.sample.values)
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert [own["real"] for own in metrics["eigenvalues"]] == values(solution).real.tolist()
    assert {"u_1", "u_2"} == set(metrics["error_estimate"])
    assert "Eigenvalues and modes" in (tmp_path / "run" / "report.html").read_text()
    process = EigenSolve(Setup(problem))
    process.step()
    again = EigenSolve(Setup(problem))
    again.restore(process.state())
    assert np.array_equal(again.modes.vectors, process.modes.vectors)


def test_what_was_not_asked_for_is_told_where_it_agrees(tmp_path):
    parts = {"domain": DISK, "on": [("all", "u = 0")], "nodes": 200}
    solution = solve(posed(tmp_path, "-laplace(u) = lambda*u", count=2, **parts))
    assert solution.outcome.warnings == (
        "eigenvalue 2 goes with one that was not asked for: eigenvalue.count = 3 takes it in.",
    )


def test_check_tells_the_eigenvalues_that_are_sought(tmp_path):
    report = check(posed(tmp_path, STRING, count=4, near=10.0))
    assert "  eigenvalue   lambda, the 4 nearest to 10" in report.lines
    assert report.figures["linear"]


@pytest.mark.parametrize(
    ("equation", "parts", "message", "remedy"),
    [
        (
            "-u_xx = lambda*u + 1",
            {},
            "a term without any field stands in it, but a multiple of a mode is a mode.",
            "Remove what is given: equations and conditions of modes are zero.",
        ),
        (
            "-u_xx = lambda*u + u^2",
            {},
            "it is not linear in the fields, which eigenvalue problems are.",
            "Write it for a small change of a state that is known, and leave out its square.",
        ),
        (
            "-u_xx = lambda^2*u",
            {},
            "the eigenvalue is in it in another way than times the fields.",
            "For powers of it introduce fields, as v with v = lambda*u.",
        ),
        (
            STRING,
            {"on": [("left right", "u = 1")]},
            "a term without any field stands in it, but a multiple of a mode is a mode.",
            "Remove what is given: equations and conditions of modes are zero.",
        ),
        (
            "-u_xx = u",
            {},
            'the eigenvalue "lambda" is in no equation or condition.',
            'Write it into one, as in "laplace(u) + lambda*u = 0".',
        ),
        (
            STRING,
            {"method": "pinn"},
            'method "pinn" finds no eigenvalues.',
            'Set method = "rbf-fd" in [solver].',
        ),
        (
            STRING,
            {"more": '[exact]\nu = "sin(pi*x)"\n'},
            "an eigenvalue is not sought together with an exact solution.",
            "Give eigenvalue.true.",
        ),
        (
            STRING,
            {"domain": f"{INTERVAL}\ntime = [0, 1]", "more": '[initial]\nu = "x"\n'},
            "an eigenvalue is not sought together with time.",
            "Write lambda*u in the place of u_t.",
        ),
    ],
)
def test_what_is_no_eigenvalue_problem_is_refused(tmp_path, equation, parts, message, remedy):
    with pytest.raises(ProblemError) as refused:
        posed(tmp_path, equation, **parts)
    told = {(fault.message, fault.remedy) for fault in refused.value.faults}
    assert (message, remedy) in told
    assert all(fault.place for fault in refused.value.faults)


def test_more_eigenvalues_than_the_nodes_hold_are_refused(tmp_path):
    with pytest.raises(ProblemError, match="40 eigenvalues are sought, but the equations hold at"):
        solve(posed(tmp_path, STRING, count=40, nodes=20))
