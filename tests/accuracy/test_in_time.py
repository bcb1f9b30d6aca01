"""The estimate in time sees what happens between the nodes and between the levels."""

from dataclasses import replace

import numpy as np
import pytest

from pinnsolve import load, solve
from pinnsolve.accuracy import in_time, second_set
from pinnsolve.accuracy.sharpened import sharpened
from pinnsolve.cli import shipped
from pinnsolve.errors import DivergedError, NodesError
from pinnsolve.rbffd.first_steps import doublings
from pinnsolve.setup import Setup
from pinnsolve.timestepping.radau import radau
from tests.posing import INTERVAL, pose

HEAT, IN_TIME = "u_t = u_xx + f", INTERVAL + "\ntime = [0, 1]"
MADE = '[functions]\nf = "manufactured"\ng = "manufactured"\n[initial]\nu = "manufactured"\n'


def posed(folder, exact, levels=6, count=32, order=4, equation=HEAT):
    problem = pose(
        folder,
        equation,
        on=[("all", "u = g")],
        domain=IN_TIME,
        count=count,
        order=order,
        more=f'{MADE}[exact]\nu = "{exact}"',
    )
    return problem.replace({"nodes.time_levels": levels, "output.test_points": 200})


def heated(folder, source):
    """Return the setup of the heat equation with a source, from rest."""
    return Setup(
        pose(
            folder,
            f"u_t = u_xx + {source}",
            on=[("all", "u = 0")],
            domain=IN_TIME,
            count=40,
            more='[initial]\nu = "0"',
        ).replace({"nodes.time_levels": 11})
    )


def ratio(solution):
    """Return the estimated over the true error at the levels, either of which is one at most."""
    true = solution.accuracy.errors.relative_l2_nodes["u"]
    return min(solution.accuracy.estimate.total["u"], 1.0) / min(true, 1.0)


@pytest.mark.parametrize(
    "exact",
    [
        "1 + x + sin(3*x)*exp(-t)",
        "x + tanh((x - t/2)/0.01)",  # a front narrower than the spacing
        "1 + exp(-((x - 0.4)/0.004)^2)*cos(t)",  # a peak that the nodes may miss
        "1 + cos(3*x)*tanh((t - 0.43)/0.01)",  # a fall between two levels
        "1 + cos(3*x)*cos(10*pi*t)",  # one turn from level to level
    ],
)
def test_the_estimate_at_the_levels_is_within_three(tmp_path, exact):
    assert 1 / 3 < ratio(solve(posed(tmp_path, exact), method="rbf-fd")) < 3


@pytest.mark.parametrize("shape", ["1 - heaviside({})", "exp(-({}/0.04)^2)", "exp(-({}/0.2)^2)"])
def test_what_is_carried_is_damped_by_the_higher_order_too(shape, tmp_path):
    """A step, a pulse two spacings wide, and one of ten, which are 15, 22 and 0.1 % wrong."""
    exact = shape.format("(x - t - 0.405)")
    problem = pose(
        tmp_path,
        "u_t + u_x = 0",
        on=[("left", "u = g")],
        domain=INTERVAL + "\ntime = [0, 0.4]",
        count=51,
        order=4,
        more='[functions]\ng = "manufactured"\n[initial]\nu = "manufactured"\n'
        f'[exact]\nu = "{exact}"',
    ).replace({"nodes.time_levels": 9, "output.test_points": 500})
    solution = solve(problem)
    true = solution.accuracy.errors.relative_l2["u"]
    found = min(solution.accuracy.estimate.total["u"], 1.0)
    assert 1 / 3 < found / true < 5  # by the higher order alone 0.1, 0.2 of the first two
    assert (found > 0.05) == (true > 0.05)


def test_transport_on_nodes_that_are_given_has_no_others(tmp_path, monkeypatch):
    def fails(*_, **__):
        raise NodesError("too few nodes.")

    monkeypatch.setattr(in_time, "extrapolated", fails)
    problem = pose(
        tmp_path,
        "u_t + u_x = 0",
        on=[("left", "u = 0")],
        domain=INTERVAL + "\ntime = [0, 0.1]",
        count=30,
        more='[initial]\nu = "exp(-((x - 0.5)/0.1)^2)"',
    ).replace({"nodes.time_levels": 3})
    warnings = solve(problem).accuracy.estimate.warnings
    assert (
        "whether the nodes resolve what is carried was not looked at: on fewer no solution was "
        "found (too few nodes)."
    ) in warnings


def test_what_grows_on_fewer_nodes_is_no_witness(tmp_path, monkeypatch):
    problem = posed(tmp_path, "1 + x + sin(3*x)*exp(-t)")
    found = solve(problem).answer
    larger = replace(found, values=1.4 * found.values)
    monkeypatch.setattr(second_set, "_on_fewer", lambda *_: larger)
    with pytest.raises(DivergedError, match="there it grows"):
        second_set.extrapolated(problem, Setup(problem).domain, found, 32)


def test_what_happens_between_the_levels_is_told(tmp_path):
    solution = solve(posed(tmp_path, "1 + x*cos(10*pi*t)"), method="rbf-fd")
    (warning,) = [w for w in solution.outcome.warnings if w.startswith("between the")]
    start, _, rest = warning.partition(" differs by ")
    assert start == "between the 6 time levels u"
    assert rest.partition(" % ")[2] == (
        "from what the equations say there: it is seen at the levels alone. Raise "
        "nodes.time_levels for a solution that may be asked at other instants."
    )


@pytest.mark.slow
def test_a_network_that_is_right_at_the_levels_alone_is_not_resolved(tmp_path):
    text = posed(tmp_path, "sin(pi*x)*cos(10*pi*t)").to_toml().partition("[exact]")[0]
    source = "sin(pi*x)*(pi^2*cos(10*pi*t) - 10*pi*sin(10*pi*t))"
    text = text.replace('f = "manufactured"', f'f = "{source}"').replace('g = "manufactured"\n', "")
    text = text.replace('"u = g"', '"u = 0"').replace('u = "manufactured"', 'u = "sin(pi*x)"')
    path = tmp_path / "alias.toml"
    path.write_text(text + '\n[solver]\nmethod = "dt-pinn"\n')
    solution = solve(path)
    assert solution.accuracy.estimate.total["u"] > 0.5  # at the levels it is right to 1e-6
    assert solution.verdict.word == "not resolved"


def test_sharpened_data_have_the_mass_that_lies_between_the_nodes(tmp_path):
    setup = heated(tmp_path, "exp(-((x - 0.4)/0.003)^2)")
    nodes, t = setup.nodes, np.array([0.3, 0.7])
    sharp = sharpened(setup.placement, setup.domain, 4)
    assert len(sharp.misfits) == 1

    def mass(conditions):
        data = sum(values for values in conditions[0].residual.data)
        return np.abs(data.sum(axis=0)) * nodes.spacing

    whole = 0.003 * np.sqrt(np.pi)
    np.testing.assert_allclose(mass(sharp.at(t)), whole, rtol=0.1)  # a mean over 64 points
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(mass(setup.placement.at(t)), whole, rtol=0.1)


def test_data_that_are_resolved_are_left_as_they_are(tmp_path):
    setup = Setup(posed(tmp_path, "1 + sin(3*x)*exp(-t)"))
    sharp = sharpened(setup.placement, setup.domain, 4)
    assert sharp.misfits == ()
    t = np.array([0.1, 0.2])
    for own, given in zip(sharp.at(t), setup.placement.at(t), strict=True):
        for a, b in zip(own.residual.data, given.residual.data, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("source", "least", "most"),
    [
        ("sin(3*t)", 0, 0),
        ("cos(20*pi*t)", 1, 2),  # one turn from level to level
        ("cos(200*pi*t)", 2, 5),  # ten turns
        ("exp(-((t - 0.523)/0.002)^2)", 3, 5),  # a tenth of a level wide at most
    ],
)
def test_the_first_steps_see_what_the_data_do(tmp_path, source, least, most):
    setup = heated(tmp_path, source)
    assert least <= doublings(setup.placement, radau(4)) <= most


def test_the_spacing_of_the_nodes_is_no_datum_that_they_do_not_resolve():
    setup = Setup(load(shipped.folder() / "pulsating_channel.toml"))
    assert sharpened(setup.placement, setup.domain, 5).misfits == ()
