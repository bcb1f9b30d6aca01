"""A stated reference in the place of the exact solution: `Setup.truth`, errors, words."""

from dataclasses import replace

import numpy as np
import pytest

from pinnsolve import run
from pinnsolve.accuracy.verdict import verdict
from pinnsolve.checks.preflight import check
from pinnsolve.errors import ProblemError
from pinnsolve.output.report.findings import findings
from pinnsolve.output.vtk.grid import values
from pinnsolve.references import marching, refinement
from pinnsolve.references.truth import word_for_truth
from pinnsolve.setup import Setup
from pinnsolve.solution.solution import from_metrics
from tests.posing import INTERVAL, pose
from tests.references.posing import evolving

EXACT = '[exact]\nu = "exp(-0.3*t)*sin(x)"\n'


@pytest.fixture(autouse=True)
def coarse(monkeypatch):
    monkeypatch.setattr(refinement, "TARGET", 1e-5)


def heat(folder, **parts):
    return evolving(folder, "u_t = 0.3*u_xx", initial={"u": "sin(x)"}, **parts)


def test_the_exact_solution_is_the_truth_where_it_is_given(tmp_path):
    truth = Setup(heat(tmp_path, more=EXACT)).truth
    assert (truth.name, truth.error, truth.described) == ("exact", 0.0, "the exact solution")


def test_without_a_formula_and_without_a_reference_there_is_none(tmp_path):
    assert Setup(replace(heat(tmp_path), stated=None)).truth is None


def test_the_truth_is_made_once_and_its_time_is_a_stage_of_its_own(tmp_path):
    setup = Setup(heat(tmp_path))
    assert setup.truth is setup.truth
    assert setup.seconds["reference"] > 0
    shared = setup.sharing(setup.problem)
    assert shared.truth is setup.truth
    assert shared.seconds["reference"] == pytest.approx(setup.seconds["reference"])


def test_errors_against_a_reference_are_those_against_the_formula(tmp_path):
    against = run.solve(heat(tmp_path))
    exact = run.solve(heat(tmp_path, more=EXACT))
    mine, theirs = against.accuracy.errors, exact.accuracy.errors
    assert mine.relative_l2["u"] == pytest.approx(theirs.relative_l2["u"], abs=2e-5)
    assert mine.relative_l2_nodes["u"] == pytest.approx(theirs.relative_l2_nodes["u"], abs=2e-5)
    title = "Fourier, 64 modes"
    assert mine.against.startswith(f"the reference ({title}, own error ")
    figures = against.metrics()["reference"]
    assert figures["name"] == "fourier"
    assert figures["title"] == title
    assert figures["error"] == mine.uncertainty < 1e-5
    assert "reference" not in exact.metrics()
    said = " ".join(findings(against))
    assert f"measured against {mine.against} at 1,000 points" in said
    assert "The classical solver took " in said
    told = from_metrics(against.problem, against.answer, against.sample, (), against.metrics())
    assert told.accuracy.errors.against == mine.against
    assert told.accuracy.errors.uncertainty == mine.uncertainty


def refusal(read):
    with pytest.raises(ProblemError) as refused:
        read()
    return " ".join(str(refused.value).split())


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("", '[reference] has neither solver nor file. Add solver = "…". Known: fourier'),
        ('solver = "foureir"', 'unknown solver "foureir". Did you mean "fourier"?'),
        (
            'solver = "fourier"\ninitial = { w = "1" }',
            '"w" is no initial value of this problem.',
        ),
        (
            'solver = "fourier"\ntime = [0.5, 1.0]',
            "from 0.5 to 1 the reference does not cover the problem, which is posed from 0 to 1. "
            "Let it begin no later and end no sooner.",
        ),
        (
            'solver = "fourier"\ntime = [1.0, 0.0]',
            "[reference] time must end after it begins, but is [1, 0]. Write time = [0.0, 1.0].",
        ),
        (
            'solver = "fourier"\nperiod = 1',
            "the period 1 is shorter than the domain, which extends over 6.28319. Give a period at "
            "least as long.",
        ),
        (
            'solver = "fourier"\nperiod = [7, 7]',
            "there are 2 periods, but the domain has 1 coordinates. Give one for each.",
        ),
        (
            'solver = "fourier"\nparameters = "true"',
            "the problem has no unknown parameters. Remove it.",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_place_and_remedy(tmp_path, reference, message):
    text = refusal(lambda: heat(tmp_path, reference=reference))
    assert message in text
    assert "problem.toml:" in text


def parametric(folder, true, reference='solver = "fourier"\nparameters = "true"'):
    known = "[unknowns.parameters]\nk = { initial = 1.0" + (", true = 0.3" if true else "") + " }"
    return evolving(
        folder,
        "u_t = k*u_xx",
        initial={"u": "sin(x)"},
        unknowns=known,
        reference=reference,
        method="pinn",
    )


def test_unknown_parameters_take_their_true_values(tmp_path):
    truth = Setup(parametric(tmp_path, true=True)).truth
    points = np.array([[1.0, 0.0], [1.0, 1.0]])
    expected = np.sin(1.0) * np.array([1.0, np.exp(-0.3)])
    np.testing.assert_allclose(truth.fields(points)[:, 0], expected, atol=1e-12)


def test_a_reference_without_the_values_of_parameters_is_refused(tmp_path):
    text = refusal(lambda: parametric(tmp_path, true=False))
    message = 'the reference needs the true value of the parameter "k". Add true = … to it.'
    assert message in text
    text = refusal(lambda: parametric(tmp_path, true=True, reference='solver = "fourier"'))
    message = 'the reference is to be solved for, but the parameter "k" is unknown. Add '
    assert message + 'parameters = "true", which takes the true values' in text


def test_a_reference_may_begin_earlier_with_values_of_its_own(tmp_path):
    earlier = 'solver = "fourier"\ntime = [-1.0, 1.0]\n'
    problem = heat(tmp_path, reference=f'{earlier}initial = {{ u = "2*sin(x)" }}')
    found = Setup(problem).truth.fields(np.array([[1.0, -1.0], [1.0, 1.0]]))[:, 0]
    np.testing.assert_allclose(found, 2 * np.sin(1.0) * np.exp([0, -0.6]), atol=1e-12)
    with pytest.raises(ProblemError, match=r"the reference begins at t = -1, but \[initial\] is"):
        _ = Setup(heat(tmp_path, reference=earlier)).truth


def test_a_check_tells_of_the_reference_and_solves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(marching, "marched", None)
    report = check(heat(tmp_path))
    text = " ".join(" ".join(report.lines).split())
    assert "reference fourier, solved for when a run begins, with ever more points" in text
    assert report.figures["reference"] == "fourier"
    both = " ".join(check(heat(tmp_path, more=EXACT)).lines)
    assert "[exact] in its place: errors are measured against the formula" in both


def test_a_check_refuses_what_the_solver_does_not_take(tmp_path):
    problem = heat(tmp_path, reference='solver = "cole-hopf"')
    assert "cole-hopf solves Burgers' equation alone" in refusal(lambda: check(problem))


def test_figures_and_files_call_it_by_its_name(tmp_path):
    solution = run.solve(heat(tmp_path))
    known = values(solution)
    error = known["u"] - known["reference_u"]
    np.testing.assert_array_equal(known["error_u"], error)
    assert "exact_u" not in known
    assert word_for_truth(solution) == "reference"
    report = next(f for f in run.write(solution, tmp_path / "out") if f.suffix == ".html")
    text = " ".join(report.read_text().split())
    assert "and its distance from the reference." in text
    assert "Against the reference (Fourier, 64 modes, own error" in text
    assert "u − reference" in text


def test_an_error_below_that_of_the_reference_is_said_to_be_so(tmp_path):
    solution = run.solve(heat(tmp_path))
    accuracy = solution.accuracy
    vague = replace(accuracy.errors, uncertainty=0.01)
    unsure = replace(solution, accuracy=replace(accuracy, errors=vague))
    assert "The error measured is smaller than its own" in " ".join(findings(unsure))
    found = verdict(solution.problem, solution.sample, solution.outcome, unsure.accuracy, {})
    assert found.word == "resolved"
    assert "which is not closer to the truth itself" in found.reason
    coarser = replace(accuracy, errors=replace(accuracy.errors, uncertainty=0.1))
    found = verdict(solution.problem, solution.sample, solution.outcome, coarser, {})
    assert found.word == "unknown"
    assert "too near to 5 % to tell" in found.reason


def test_a_reference_may_be_read_from_a_file(tmp_path):
    x, t = (a.ravel() for a in np.meshgrid(np.linspace(0, 2 * np.pi, 80), np.linspace(0, 1, 30)))
    table = np.column_stack([x, t, np.exp(-0.3 * t) * np.sin(x)])
    np.savetxt(tmp_path / "u.csv", table, delimiter=",", header="x,t,u", comments="")
    solution = run.solve(heat(tmp_path, reference='file = "u.csv"'))
    assert solution.accuracy.errors.against == "the reference (u.csv, own error unknown)"
    assert solution.accuracy.errors.relative_l2["u"] < 2e-3  # (2 pi / 79)^2 / 8 between the points
    assert solution.metrics()["reference"]["error"] is None


def test_a_reference_may_be_the_direct_solution_on_more_nodes(tmp_path):
    problem = pose(
        tmp_path,
        "laplace(u) = 0",
        on=[("all", "u = exp(x)*sin(y)")],
        count=100,
        more='[reference]\nsolver = "rbf-fd"\n',
    )
    truth = Setup(problem).truth
    x, y = points = np.random.default_rng(0).uniform(0.1, 0.9, (2, 50))
    error = np.abs(truth.fields(points.T)[:, 0] - np.exp(x) * np.sin(y)).max()
    assert error < truth.error < 1e-3
    assert truth.title.startswith("rbf-fd, 4")  # four times as many nodes, about


def test_the_direct_solution_takes_no_time_of_its_own(tmp_path):
    reference = 'solver = "rbf-fd"\ntime = [-1.0, 1.0]'
    text = refusal(lambda: check(heat(tmp_path, reference=reference)))
    assert "rbf-fd solves the problem as it is posed, without a time, initial values or" in text


def test_a_steady_problem_has_no_initial_values(tmp_path):
    more = '[reference]\nsolver = "chebyshev"\ninitial = { u = "0" }\n'
    text = refusal(lambda: pose(tmp_path, "laplace(u) = 0", on=[("all", "u = 0")], more=more))
    assert '"u" is no initial value of this problem.' in text


def test_what_jumps_is_left_to_a_solver_that_knows_of_it(tmp_path):
    """Its first region alone would be solved for, and look like the answer."""
    text = refusal(
        lambda: check(
            pose(
                tmp_path,
                "div((1 + heaviside(x - 0.5))*grad(u)) = 1",
                on=[("all", "u = 0")],
                domain=INTERVAL,
                count=30,
                more='[reference]\nsolver = "chebyshev"\n',
            )
        )
    )
    assert "chebyshev does not take several regions. Choose another solver, as rbf-fd." in text


def held_against(folder, text):
    (folder / "u.csv").write_text(text)
    more = '[reference]\nfile = "u.csv"\n'
    return pose(folder, "u_xx = -2", on=[("all", "u = 0")], domain=INTERVAL, count=20, more=more)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x,v\n0,0\n1,0\n", 'u.csv: has no column "u". Known: v, x.'),
        (
            "x,u\n0.4,0.24\n0.6,0.24\n",
            "the file has values from x = 0.4 to 0.6, but the problem goes from 0 to 1. Give "
            "values over all of it, in its units; single observations stand in [[data]].",
        ),
    ],
)
def test_a_file_that_does_not_fit_is_refused_before_any_work(tmp_path, text, message):
    told = refusal(lambda: check(held_against(tmp_path, text)))
    assert message in told
    assert "problem.toml:" in told


def test_values_too_few_to_be_a_reference_are_doubted_and_not_the_nodes(tmp_path):
    solution = run.solve(held_against(tmp_path, "x,u\n0,0\n0.5,0.25\n1,0\n"))
    assert "against the reference (u.csv, own error unknown)" in solution.verdict.reason
    assert solution.verdict.word == "not resolved"
    assert "close enough to be interpolated" in solution.verdict.remedy
