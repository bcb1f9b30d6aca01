"""Slices, marginals, moments and integrals: exact where they can be, with intervals where not."""

from dataclasses import replace

import numpy as np
import pytest

from pinnsolve.accuracy.clouds import PARTS, Cloud, cloud_of
from pinnsolve.accuracy.observables import doubts, observables
from pinnsolve.errors import ProblemError
from pinnsolve.geometry import build_domain
from pinnsolve.references.exact import FormulaFields, exact_fields
from pinnsolve.solution.observables import InTime, Observables, observables_from
from pinnsolve.solution.reference import Reference
from tests.posing import DISK, SQUARE, pose

IN_TIME = "\ntime = [0, 1]"
CARRIED = "exp(-300*(x - 0.3 - t/5)^2 - 200*(y - 0.5)^2)"  # 2e-12 of it at the walls


def posed(tmp_path, exact=CARRIED, domain=SQUARE + IN_TIME, output="", evolution="", more=""):
    """Return a field that is carried along, with what is to be told of it."""
    return pose(
        tmp_path,
        "u_t + u_x/5 = 0",
        domain=domain,
        on=[("all", "u = 0 hard")],
        count=60,
        method="neural-ivp",
        more=f'[initial]\nu = "0"\n[exact]\n'
        f'u = "{exact}"\n[evolution]\noutput_times = 3\n{evolution}\n[output]\n{output}\n{more}',
    )


def told(problem, truth=None, places=None):
    """Return the observables of the exact solution."""
    return observables(problem, build_domain(problem), FormulaFields(problem.exact), truth, places)


def test_a_gaussian_has_its_moments_at_all_instants(tmp_path):
    problem = posed(tmp_path, evolution="moments = 2")
    found = told(problem).moments["u"]
    np.testing.assert_allclose(found["mass"].values, np.pi / np.sqrt(60000), rtol=1e-9)
    np.testing.assert_allclose(found["mean x"].values, [0.3, 0.4, 0.5], rtol=1e-9)
    np.testing.assert_allclose(found["mean y"].values, 0.5, rtol=1e-12)
    np.testing.assert_allclose(found["variance x"].values, 1 / 600, rtol=1e-8)
    np.testing.assert_allclose(found["variance y"].values, 1 / 400, rtol=1e-8)
    np.testing.assert_allclose(found["covariance x y"].values, 0, atol=1e-12)
    assert max(own.half_widths.max() for own in found.values()) < 1e-8  # by the coarser rule


def test_slices_and_marginals_are_those_of_the_formula(tmp_path):
    asked = 'slices = [["x"], ["y", "x"]]\nmarginals = [["y"], ["x", "y"]]'
    problem = posed(tmp_path, output=asked)
    truth = Reference("exact", exact_fields(problem, None))
    line, plane, marginal, whole = told(problem, truth=truth).tables
    assert [own.name for own in (line, plane, marginal, whole)] == [
        "slice-x",
        "slice-y-x",
        "marginal-y",
        "marginal-x-y",
    ]
    (x,) = line.axes
    np.testing.assert_allclose(line.values[1, :, 0], np.exp(-300 * (x - 0.4) ** 2))
    y, x = plane.x.T
    np.testing.assert_allclose(
        plane.values[2, :, 0], np.exp(-300 * (x - 0.5) ** 2 - 200 * (y - 0.5) ** 2)
    )
    (y,) = marginal.axes
    bell = np.sqrt(np.pi / 300) * np.exp(-200 * (y - 0.5) ** 2)
    np.testing.assert_allclose(marginal.values[1, :, 0], bell, rtol=1e-8)
    x, y = whole.x.T
    np.testing.assert_allclose(
        whole.values[0, :, 0], problem.exact[0](np.column_stack([x, y, 0 * x]))
    )
    for own in (line, plane, marginal, whole):
        np.testing.assert_array_equal(own.truth, own.values)


def test_energy_of_a_wave_is_conserved_and_what_is_not_is_a_warning(tmp_path):
    exact = "sin(pi*x)*sin(pi*y)*cos(sqrt(2)*pi*t)"
    formulas = 'conserved = { energy = "u_t^2/2 + dot(grad(u), grad(u))/2", mass = "u" }'
    problem = posed(tmp_path, exact, evolution=f"{formulas}\nmoments = 1")
    found = told(problem)
    energy, mass = found.conserved["energy"], found.conserved["mass"]
    np.testing.assert_allclose(energy.values, np.pi**2 / 4, rtol=1e-12)
    np.testing.assert_allclose(mass.values[0], 4 / np.pi**2, rtol=1e-12)
    assert mass.change == pytest.approx(np.ptp(np.cos(np.sqrt(2) * np.pi * np.array([0, 0.5, 1]))))
    assert doubts(found) == ("mass is said to be conserved, but changes by 160 %.",)


def test_a_field_that_changes_sign_has_an_integral_and_no_mean(tmp_path):
    found = told(posed(tmp_path, "sin(2*pi*x) + y", evolution="moments = 2"))
    assert list(found.moments["u"]) == ["mass"]
    assert found.remark == "u changes sign: it has no means."


def spread(time):
    """Return chance points of a wider Gaussian around where the field is, and their weights."""
    at = np.array([0.3 + time / 5, 0.5])
    z = np.random.default_rng(round(100 * time)).normal(size=(4000, 2))
    density = 200 / (2 * np.pi) * np.exp(-(z**2).sum(axis=1) / 2)
    return at + z / np.sqrt(200), 1 / (len(z) * density)


def test_fields_that_know_where_they_are_large_are_integrated_there(tmp_path):
    """Intervals of 95 % hold the truth, and sums in bins are a histogram with the same."""
    evolution, output = "moments = 2", 'marginals = [["x"], ["x", "y"]]'
    problem = posed(tmp_path, evolution=evolution, output=output)
    found = told(problem, places=spread)
    truth = {"mass": np.pi / np.sqrt(60000), "mean y": 0.5, "variance x": 1 / 600}
    for name, value in truth.items():
        own = found.moments["u"][name]
        assert (np.abs(own.values - value) < 2 * own.half_widths).all()
        assert (own.half_widths < 0.05 * value).all()
    line, plane = found.tables
    (x,) = line.axes
    bell = np.sqrt(np.pi / 200) * np.exp(-300 * (x - 0.4) ** 2)
    far = np.abs(line.values[1, :, 0] - bell) - 1.5 * line.half_widths[1, :, 0]
    assert (far < 0.02 * bell.max()).all()  # the bins are as wide as 0.2 standard deviations
    cell = np.prod([axis[1] - axis[0] for axis in plane.axes])
    assert plane.values[1].sum() * cell == pytest.approx(truth["mass"], rel=0.02)


def test_half_widths_of_sums_hold_the_truth_as_often_as_they_say():
    """Of a ratio of sums over chance points, six hundred times."""
    held = 0
    for seed in range(600):
        x = np.random.default_rng(seed).random((400, 1))
        cloud = Cloud(x, np.full(400, 1 / 400))
        values = np.column_stack([1 + x[:, 0], x[:, 0] ** 2])
        found, half = cloud.estimate(values, lambda sums: sums[1:] / sums[:1])
        held += abs(found[0] - 2 / 9) < half[0]
    assert 554 < held < 586  # 570 in the mean, give or take three standard deviations
    assert len(x) % PARTS == 0


def test_in_a_disk_points_are_spread_evenly(tmp_path):
    problem = posed(tmp_path, "1 + x^2", DISK + IN_TIME, 'slices = [["x", "y"]]', "moments = 1")
    found = told(problem)
    mass = found.moments["u"]["mass"]
    assert mass.values[0] == pytest.approx(np.pi * 5 / 4, rel=1e-3)  # the area by as many points
    corner = found.tables[0].values[0, 0]
    assert np.isnan(corner).all()
    assert len(cloud_of(build_domain(problem), is_box=False).x) == 2**14


def test_figures_are_read_back():
    numbers = InTime(np.array([1.0, 2.0]), np.array([0.1, 0.2]), np.array([1.0, 1.5]))
    seen = Observables(np.array([0.0, 1.0]), (), {"u": {"mass": numbers}}, {"mass": numbers})
    again = observables_from(seen.metrics())
    assert again.metrics() == seen.metrics()
    assert observables_from({}) is None
    assert replace(seen, moments={}, conserved={}).metrics() == {}


REFUSED = {
    'slices = [["x", "z"]]': 'there is no coordinate "z" in space. Known: x, y.',
    'slices = [["x"], ["t"]]': 'there is no coordinate "t" in space. Known: x, y.',
    'marginals = [["x", "x"]]': '"x" is named twice. Name one coordinate, or two.',
    '\n[evolution]\nconserved = { mass = "u + w" }': 'unknown name "w". Known: pi, t, u, x, y.',
}


@pytest.mark.parametrize("output", REFUSED)
def test_unknown_names_are_refused_with_their_place(tmp_path, output):
    text = output.replace("[evolution]\n", "")
    is_conserved = text != output
    with pytest.raises(ProblemError) as caught:
        posed(tmp_path, **({"evolution": text} if is_conserved else {"output": text}))
    (fault,) = caught.value.faults
    assert f"{fault.message} {fault.remedy}".strip() == REFUSED[output]
    key = ("evolution", "conserved", "mass") if is_conserved else ("output",)
    assert fault.key[: len(key)] == key


def test_of_no_points_nothing_is_known():
    """As of particles that have been stopped before the first instant."""
    found, half = Cloud(np.zeros((0, 2)), np.zeros(0)).estimate(np.zeros((0, 3)), lambda s: s[:2])
    assert np.isnan(found).all()
    assert np.isnan(half).all()
