"""Weights that evolve: what they find, what they refuse, and that nothing is lost on the way."""

import re

import numpy as np
import pytest
import torch

from pinnsolve import load_solution, solve
from pinnsolve.errors import ProblemError, Stopped
from pinnsolve.methods import METHODS
from pinnsolve.run import write
from pinnsolve.setup import Setup
from tests.lanes import studied
from tests.posing import INTERVAL, SQUARE, pose

RING = 'shape = "interval"\nbounds = [-1, 1]\ntime = [0, 0.5]'
PERIODIC = [("left right", "periodic")]
SMALL = """
[network]
hidden = [{hidden}]
[evolution]
samples = 120
output_times = 3
{keys}
[output]
test_points = 500
"""
IN_TIME = "\ntime = [0, 1]"


def ring(tmp_path, *equations, initial, exact="", hidden="8", keys="rtol = 1e-4"):
    """Return a problem on a ring."""
    more = f"[initial]\n{initial}\n" + (f"[exact]\n{exact}\n" if exact else "")
    more += SMALL.format(hidden=hidden, keys=keys)
    settings = {"domain": RING, "on": PERIODIC, "count": 60, "method": "neural-ivp"}
    return pose(tmp_path, *equations, more=more, **settings)


def carried(tmp_path, **settings):
    """Return a wave that is carried around a ring."""
    initial, exact = 'u = "exp(sin(pi*x))"', 'u = "exp(sin(pi*(x - t)))"'
    return ring(tmp_path, "u_t + u_x = 0", initial=initial, exact=exact, **settings)


def driven(process, steps):
    """Return the last account of some steps of a process."""
    step = None
    for _ in range(steps):
        step = process.step()
        if step.done:
            break
    return step


@pytest.fixture(scope="module")
def wave(tmp_path_factory):
    """Return a wave that has been carried around a ring."""
    return solve(carried(tmp_path_factory.mktemp("wave")))


@pytest.mark.usefixtures("no_pictures")
def test_a_wave_is_carried_around_a_ring_and_read_back_to_the_bit(wave, tmp_path):
    solution = wave
    assert solution.outcome.status == "finished"
    assert solution.accuracy.errors.relative_l2["u"] < 2e-3
    assert solution.verdict.word == "resolved"
    # by the distance from the classical solution, half as much added for what is between the nodes
    ratio = solution.accuracy.estimate.total["u"] / solution.accuracy.errors.relative_l2["u"]
    assert 1 < ratio < 3
    write(solution, tmp_path / "run")
    again = load_solution(tmp_path / "run")
    x = np.random.default_rng(0).uniform([-1, 0], [1, 0.5], (50, 2))
    np.testing.assert_array_equal(again(x), solution(x))
    told = solution.metrics()["conditioning"]
    assert again.metrics()["conditioning"] == told
    assert {len(rows) for rows in told.values()} == {len(told["step"])}
    # steps end where the next begins, the last where time does
    begins, lengths = np.array(told["step"]).T
    np.testing.assert_allclose(begins, np.cumsum(lengths), atol=1e-12)
    assert (np.array(told["largest_eigenvalue"])[:, 1] > 0).all()


def test_derivatives_in_space_and_time_satisfy_the_equation(wave):
    solution = wave
    x = np.random.default_rng(0).uniform([-1, 0.02], [1, 0.48], (40, 2))
    exact = np.pi * np.cos(np.pi * (x[:, 0] - x[:, 1]))
    exact *= np.exp(np.sin(np.pi * (x[:, 0] - x[:, 1])))
    np.testing.assert_allclose(solution.derivative("u_x", x), exact, atol=0.05)
    np.testing.assert_allclose(solution.derivative("u_t", x), -exact, atol=0.05)


@pytest.mark.parametrize("steps", studied([3, 12], {3}))
def test_an_evolution_that_is_left_goes_on_to_the_same_bits(tmp_path, steps):
    # in the fit, and in time
    problem = carried(tmp_path, hidden="4", keys="restarts = 1\nrtol = 1e-2")
    method = METHODS["neural-ivp"]
    whole, first, second = (method.start(Setup(problem)) for _ in range(3))
    total = 0
    while not whole.step().done:
        total += 1
    driven(first, min(steps * total // 12, total - 1))
    second.restore(first.state())
    while not second.step().done:
        pass
    expected, found = whole.answer().state(), second.answer().state()
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values)


@pytest.mark.usefixtures("no_pictures")
def test_an_evolution_that_is_stopped_keeps_the_solution_up_to_there(tmp_path):
    def watch(progress):
        if progress.stage == "evolution" and progress.fraction > 0.3:
            raise Stopped("enough.")

    problem = carried(tmp_path, hidden="4", keys="rtol = 1e-2")
    solution = solve(problem, watch=watch)
    end = solution.sample.times[-1]
    assert 0 < end < 0.5
    assert solution.problem.time == (0.0, end)
    assert solution.outcome.status == "stopped"
    expected = f"The solution ends at t = {end:.6g}, not at t = 0.5 (enough): all else is of it "
    assert expected + "alone." in solution.outcome.warnings
    at_end = solution.accuracy.errors.relative_l2_at_end["u"]
    exact = np.exp(np.sin(np.pi * (solution.sample.x[:, 0] - end)))
    apart = solution.sample.values[-1, :, 0] - exact
    assert at_end == pytest.approx(np.linalg.norm(apart) / np.linalg.norm(exact - exact.mean()))


def test_an_evolution_that_is_stopped_before_its_first_step_has_solved_nothing(tmp_path):
    def watch(progress):
        if progress.stage.startswith("training"):
            raise Stopped("enough.")

    problem = ring(tmp_path, "u_t + u_x = 0", initial='u = "exp(sin(pi*x))"', hidden="4")
    solution = solve(problem, watch=watch)
    assert solution.verdict.word == "unknown"
    assert "no step in time has been taken" in solution.verdict.reason
    (warning,) = (w for w in solution.outcome.warnings if w.startswith("No step"))
    assert warning == "No step in time has been taken (enough): what is shown solves nothing."


def test_a_residual_beyond_its_limit_ends_an_evolution_at_the_last_good_instant(tmp_path):
    keys = "rtol = 1e-2\nrestarts = 0\nresidual_limit = 0.02"  # 0.003 at first, then it steepens
    stated = {"initial": 'u = "sin(pi*x)"', "hidden": "3", "keys": keys}
    solution = solve(ring(tmp_path, "u_t + 2*u*u_x = 0.05*u_xx", **stated))
    assert solution.outcome.status == solution.verdict.word == "diverged"  # which is exit code 4
    times, left = solution.course.series["residual"].T
    assert left.max() < 0.02
    assert 0 < solution.sample.times[-1] < times[-1] < 0.5  # the state there is not good any more
    told = r"the weights leave 0\.02\d+ of the equations, more than residual_limit = 0\.02, at t = "
    assert re.match(told + f"{times[-1]:.4g}", solution.outcome.message)
    assert np.isfinite(solution.sample.values).all()


@pytest.mark.study
def test_a_second_order_in_time_is_a_system_of_two_networks(tmp_path):
    solution = solve(
        ring(
            tmp_path,
            "u_tt = u_xx",
            initial='u = "sin(pi*x)"\nu_t = "0"',
            exact='u = "sin(pi*x)*cos(pi*t)"',
        )
    )
    assert solution.accuracy.errors.relative_l2["u"] < 1e-3


def test_a_field_at_rest_has_the_features_of_its_rate(tmp_path):
    """Zero teaches no features: drawn at random, those of the rate of u_t leave half of it."""
    initial = 'u = "exp(3*sin(pi*x))"\nu_t = "0"'
    problem = ring(tmp_path, "u_tt = u_xx", initial=initial, hidden="6, 6")
    process = METHODS["neural-ivp"].start(Setup(problem))
    while process.step().stage != "evolution":
        pass
    velocity = process._velocity
    x = np.linspace(-1, 1, 50)[:, None]
    velocity.set(torch.tensor(process._path[0][1]))
    assert not velocity.values(x)[1].any()
    assert process._ledger.after_fit < 0.05


def test_fields_that_react_and_a_condition_that_is_built_in(tmp_path):
    more = '[initial]\nu = "1 + sin(pi*x)"\nv = "x"\n'
    more += '[exact]\nu = "1 + exp(-t)*sin(pi*x)"\nv = "x + t*(1 - x)"\n'
    more += SMALL.format(hidden="5", keys="rtol = 1e-3")
    problem = pose(
        tmp_path,
        "u_t = 1 - u",
        "2*v_t + u_t = 2 - 2*x + 1 - u",
        domain=INTERVAL + IN_TIME,
        on=[("left right", "u = 1 hard"), ("right", "v = 1 hard"), ("left", "v = t hard")],
        method="neural-ivp",
        more=more,
    )
    solution = solve(problem)
    assert max(solution.accuracy.errors.relative_l2.values()) < 1e-3
    ends = np.array([[0.0, 0.7], [1.0, 0.7]])
    np.testing.assert_allclose(solution(ends), [[1, 0.7], [1, 1]], atol=1e-12)


def test_a_translation_lies_in_the_tangent_space_of_a_network(tmp_path):
    """Biases of the first layer move a network without walls as a whole: nothing is left."""
    problem = pose(
        tmp_path,
        "u_t + u_x = 0",
        domain=INTERVAL + IN_TIME,
        on=[],
        method="neural-ivp",
        more='[initial]\nu = "exp(x)"\n' + SMALL.format(hidden="6, 6", keys=""),
    )
    process = METHODS["neural-ivp"].start(Setup(problem))
    velocity = process._velocity
    for net in velocity.nets:
        net.initialise(3)
    places = process._pool.of_step(velocity, 0.0, 0)[0]
    solved = velocity.solve(places, 0.0, 1e-14)
    assert np.sqrt(solved.left / solved.size)[0] < 1e-5
    unseen = velocity.left(solved.v, process._pool.fresh, 0.0)
    assert np.sqrt(unseen.left / unseen.size)[0] < 1e-5


def test_rates_are_the_same_by_a_matrix_and_by_products(tmp_path):
    keys = 'linear_solver = "{}"\npreconditioner_rank = 5'
    found = []
    for way in ("dense", "cg"):
        problem = carried(tmp_path, hidden="5", keys=keys.format(way))
        process = METHODS["neural-ivp"].start(Setup(problem))
        velocity = process._velocity
        velocity.nets[0].initialise(3)
        places = process._pool.of_step(velocity, 0.0, 0)[0]
        first = velocity.solve(places, 0.0, 1e-6)
        again = velocity.solve(places, 0.0, 1e-6)  # under the preconditioner that there is
        torch.testing.assert_close(again.v, first.v, rtol=1e-12, atol=0)
        found.append((first, velocity.changes(first.v, places.x)))
    (dense, expected), (iterated, changed) = found
    assert (dense.iterations, dense.unsolved) == (0, 0.0)
    assert iterated.iterations > 0
    # gradients fall by 1e-8; what is left of the equations is not small beside them
    torch.testing.assert_close(changed, expected, rtol=0, atol=1e-6 * float(expected.abs().max()))


def test_a_symmetry_of_the_network_changes_nothing(tmp_path):
    """Of two equal units one may grow as the other shrinks: a null vector of the Jacobian."""
    process = METHODS["neural-ivp"].start(Setup(carried(tmp_path, hidden="4")))
    (net,) = process._velocity.nets
    net.initialise(0)
    with torch.no_grad():
        net.layers[0].weight[1] = net.layers[0].weight[0]
        net.layers[0].bias[1] = net.layers[0].bias[0]
    null = torch.zeros_like(net.vector())
    start = net.size - net.head_size
    null[start], null[start + 1] = 1.0, -1.0
    x = np.linspace(-1, 1, 30)[:, None]
    assert process._velocity.changes(null, x).abs().max() < 1e-14


def heat(tmp_path, equation="u_t = laplace(u)", initial='u = "sin(pi*x)*sin(pi*y)"', more=""):
    """Return an equation on a square with cold walls, under few features."""
    return pose(
        tmp_path,
        equation,
        domain=SQUARE + "\ntime = [0, 0.1]",
        on=[("all", "u = 0 hard")],
        count=80,
        method="neural-ivp",
        more=f"[initial]\n{initial}\n{more}"
        '[network]\nhidden = [60]\n[evolution]\nweights = "frozen"\nsamples = 400\n'
        "output_times = 3\n[output]\ntest_points = 300\n",
    )


@pytest.mark.usefixtures("no_pictures")
def test_the_last_layer_alone_evolves_exactly_in_time_and_is_read_back(tmp_path):
    exact = '[exact]\nu = "exp(-2*pi^2*t)*sin(pi*x)*sin(pi*y)"\n'
    solution = solve(heat(tmp_path, more=exact))
    assert solution.accuracy.errors.relative_l2["u"] < 1e-4
    assert "modes under features of frequency" in solution.outcome.message
    # by the distance from the solution under three quarters of the features; what is left of the
    # equation itself told a hundred times as much
    ratio = solution.accuracy.estimate.total["u"] / solution.accuracy.errors.relative_l2["u"]
    assert 1 < ratio < 20
    x = np.random.default_rng(0).uniform([0, 0, 0], [1, 1, 0.1], (50, 3))
    pace, laplacian = solution.derivative("u_t", x), solution.derivative("laplace(u)", x)
    np.testing.assert_allclose(pace, laplacian, atol=0.3)  # of 20
    write(solution, tmp_path / "run")
    np.testing.assert_array_equal(load_solution(tmp_path / "run")(x), solution(x))


def test_waves_keep_their_energy_whatever_the_features_are(tmp_path):
    initial = 'u = "exp(-80*((x - 0.5)^2 + (y - 0.4)^2))*x*(1 - x)*y*(1 - y)"\nu_t = "0"'
    problem = heat(tmp_path, "u_tt = 2*laplace(u)", initial)
    process = METHODS["neural-ivp"].start(Setup(problem))
    while not process.step().done:
        pass
    modes = process._modes
    assert (modes.rates > 0).all()
    instants = np.linspace(0, 50, 7)
    value, pace = modes.at(instants), modes.at(instants, 1)
    energy = (pace**2 + modes.rates * value**2).sum(axis=1)
    np.testing.assert_allclose(energy, energy[0], rtol=1e-10)
    np.testing.assert_allclose(modes.at(instants, 2), -modes.rates * value)


def test_features_that_leave_too_much_of_the_equation_are_refused_by_a_limit(tmp_path):
    problem = heat(tmp_path).replace({"evolution.residual_limit": 1e-9})
    solution = solve(problem)
    assert solution.outcome.status == "diverged"
    assert "more than residual_limit = 1e-09, at t = 0." in solution.outcome.message
    assert solution.outcome.warnings[0].startswith("No step in time has been taken")


NOT_FROZEN = {
    "u_t = laplace(u) + u_x": "it holds derivatives of odd or of higher order, or damping.",
    "u_t = div((1 + x)*grad(u))": 'a coefficient of "u_t = div((1 + x)*grad(u))" is not constant.',
    "u_t = laplace(u) - u^2": '"u_t = laplace(u) - u^2" is not linear.',
    "u_t = laplace(u) + x": '"u_t = laplace(u) + x" holds a source.',
}


@pytest.mark.parametrize("equation", NOT_FROZEN)
def test_weights_are_not_frozen_where_the_operator_is_not_self_adjoint(tmp_path, equation):
    with pytest.raises(ProblemError) as caught:
        solve(heat(tmp_path, equation))
    (fault,) = caught.value.faults
    message = f"frozen weights take no such problem in this version: {NOT_FROZEN[equation]}"
    assert f"{fault.message} {fault.remedy}" == f'{message} Write weights = "moving".'


REFUSED = {
    "steady": (
        {"domain": INTERVAL, "on": [("all", "u = 0 hard")]},
        "u - u_x = 0",
        "",
        'method "neural-ivp" goes through time, but the problem is steady. '
        "Add time = [0.0, 1.0] to [domain], or choose another method.",
    ),
    "soft": (
        {"domain": INTERVAL + IN_TIME, "on": [("all", "u = 0")]},
        "u_t = u_xx",
        '[initial]\nu = "0"',
        'method "neural-ivp" builds all conditions into its network. '
        'Add hard = true, for conditions "field = expression of the coordinates".',
    ),
    "levels": (
        {"domain": INTERVAL + IN_TIME, "on": [("all", "u = 0 hard")]},
        "u_t = u_xx",
        '[initial]\nu = "0"\n[evolution]\noutput_times = [0.0, 0.5]',
        "the first and the last instant are 0 and 0.5, but time goes from 0 to 1. "
        "Let them be the ends of time.",
    ),
    "later": (
        {"domain": INTERVAL + IN_TIME, "on": [("all", "u = 0 hard")]},
        "u_t = u_xx",
        '[initial]\nu = "0"\n[evolution]\nsampling = "quadrature"',
        'sampling "quadrature" is not implemented in this version. '
        "Known: auto, uniform, adaptive, particles.",
    ),
    "training": (
        {"domain": INTERVAL + IN_TIME, "on": [("all", "u = 0 hard")]},
        "u_t = u_xx",
        '[initial]\nu = "0"\n[[training]]\noptimizer = "adam"',
        'method "neural-ivp" fits its network by a schedule of its own. Remove [[training]].',
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_evolve_is_refused_with_a_remedy(tmp_path, name):
    settings, equation, more, message = REFUSED[name]
    with pytest.raises(ProblemError) as caught:
        pose(tmp_path, equation, method="neural-ivp", more=more, **settings)
    (fault,) = caught.value.faults
    assert f"{fault.message} {fault.remedy}" == message


def test_another_method_has_no_evolution(tmp_path):
    with pytest.raises(ProblemError, match='method "rbf-fd" has no weights that evolve'):
        pose(
            tmp_path,
            "u_t = laplace(u)",
            domain=SQUARE + IN_TIME,
            on=[("all", "u = 0")],
            more='[initial]\nu = "0"\n[evolution]\nrtol = 1e-3',
        )


UNSOLVABLE = {
    "u_t^2 = u_xx": '"u_t^2 = u_xx" is not linear in the highest derivatives in time.',
    "u_t - d(u_t, x) = u_xx": '"u_t - d(u_t, x) = u_xx" holds a derivative in space of the highest '
    "one in time.",
}


@pytest.mark.parametrize("equation", UNSOLVABLE)
def test_equations_that_cannot_be_solved_for_the_rates_are_refused(tmp_path, equation):
    problem = pose(
        tmp_path,
        equation,
        domain=INTERVAL + IN_TIME,
        on=[("all", "u = 0 hard")],
        method="neural-ivp",
        more='[initial]\nu = "x*(1 - x)"',
    )
    with pytest.raises(ProblemError) as caught:
        solve(problem)
    assert UNSOLVABLE[equation] in [fault.message for fault in caught.value.faults]
