from dataclasses import replace

import numpy as np
import pytest

from pinnsolve.accuracy.verdict import judged, verdict
from pinnsolve.solution.accuracy import Errors, Estimate
from pinnsolve.solution.course import Outcome
from pinnsolve.solution.found import FoundConstant
from pinnsolve.solution.reference import Reference
from tests.solutions import changed, off


def on(solution, asked=None, doubt=("", "")):
    """Return the verdict on a solution, for an accuracy asked for."""
    problem = solution.problem.replace({"solver.accuracy": asked} if asked else {})
    return verdict(
        problem, solution.sample, solution.outcome, solution.accuracy, solution.constants, doubt
    )


def measured(error):
    return Errors({"u": error / 2, "v": error}, {"u": 1, "v": 1}, {"u": error, "v": error}, 100)


def estimated(error, **parts):
    errors = {"u": error / 2, "v": error}
    return Estimate({"u": None, "v": None}, errors, **parts)


def test_a_measured_error_decides_whatever_is_estimated(case):
    solution = changed(case().solution, errors=measured(0.01), estimate=estimated(2.0))
    found = on(solution)
    assert (found.word, found.error) == ("resolved", 0.01)
    assert str(found) == "Resolved: the measured relative error is 1 %."


def test_a_measured_error_decides_where_data_are_doubted_and_only_fields_were_sought(case):
    doubt = "what is left of data u is no noise: the network cannot follow.", "More nodes."
    near, far = (changed(case().solution, errors=measured(error)) for error in (0.01, 0.2))
    assert on(near, doubt=doubt).word == "resolved"
    told = (
        "Not resolved: what is left of data u is no noise: the network cannot follow. More nodes."
    )
    assert str(on(far, doubt=doubt)) == told


def test_an_error_above_five_per_cent_is_not_resolved(case):
    solution = changed(case().solution, errors=measured(0.2), baseline=None)
    solution = changed(solution, method="rbf-fd")
    found = on(solution)
    assert str(found) == (  # order 4 in the plane: (2 * 0.2 / 0.05)^(2/4) = 2.8 times 300
        "Not resolved: the measured relative error is 20 %. Raise nodes.count to about 850."
    )


def test_without_an_exact_solution_the_estimate_decides(case):
    good = changed(case(has_exact=False).solution, estimate=estimated(1e-3))
    bad = changed(good, estimate=estimated(9.2), method="rbf-fd", baseline=None)
    assert str(on(good)) == "Resolved: the estimated relative error is 0.1 %."
    assert str(on(bad)) == (
        "Not resolved: the estimated relative error is 920 %. Raise nodes.count to 1200 at least, "
        "or refine where the error is."
    )


def test_a_reference_that_knows_its_own_error_measures(case):
    solution = case(has_exact=False).solution
    reference = Reference("other", None, off(solution.sample.values, 0.1), error=0.01)
    found = on(changed(solution, baseline=reference, estimate=estimated(1e-9)))
    assert found.error == pytest.approx(0.1 / 1.1 + 0.01)


def test_a_small_estimate_that_is_doubted_decides_nothing(case):
    solution = case(has_exact=False).solution
    doubted = {"doubt": "gradients are infinite", "remedy": "Compare."}
    small = changed(solution, estimate=estimated(1e-3, **doubted))
    assert str(on(small)) == (
        "Unknown: the estimated relative error, 0.1 %, may be far too small: gradients are "
        "infinite. Compare."
    )
    large = changed(solution, estimate=estimated(0.2, **doubted), baseline=None)
    assert on(large).word == "not resolved"
    assert on(changed(small, errors=measured(0.01))).word == "resolved"


def test_without_any_knowledge_the_verdict_is_unknown(case):
    solution = case(has_exact=False).solution
    failed = Estimate({"u": None, "v": None}, {"u": None, "v": None}, message="too few nodes.")
    assert str(on(solution)) == "Unknown: nothing is known of the error."
    assert str(on(changed(solution, estimate=failed))) == (
        "Unknown: the error could not be estimated: too few nodes."
    )
    assert on(changed(solution, errors=measured(np.nan))).word == "unknown"


def test_what_the_training_left_decides_if_it_is_too_much_alone(case):
    solution = case(has_exact=False).solution
    seen, nothing = {"u": 1e-3, "v": 1.8}, {"u": None, "v": None}
    far = changed(solution, estimate=Estimate(seen, nothing, message="too few nodes."))
    assert str(on(far)) == (
        "Not resolved: the training left a relative error of 180 %; that of the nodes could not be "
        "estimated. The direct solution on the same nodes has none of it: "
        'solver.method = "rbf-fd".'
    )
    near = changed(solution, estimate=Estimate(dict.fromkeys(seen, 1e-3), nothing))
    assert on(near).word == on(changed(far, method="rbf-fd")).word == "unknown"


def test_what_has_diverged_is_not_judged_by_its_errors(case):
    solution = changed(case().solution, status="diverged", message="the loss is not finite")
    assert str(on(solution)) == (
        'Diverged: the loss is not finite. The direct solution is finite: solver.method = "rbf-fd".'
    )


def test_a_network_far_from_the_direct_solution_is_told_of_it(case):
    solution = case().solution
    found = on(changed(solution, errors=measured(85e-6)), asked=1e-5)
    assert found.remedy == (
        'The direct solution on the same nodes is 85 times closer: solver.method = "rbf-fd".'
    )


def test_where_nothing_is_measured_the_estimate_tells_how_far_the_direct_solution_is(case):
    solution = case(has_exact=False).solution
    values, baseline = solution.sample.values, solution.accuracy.baseline
    theirs = np.full_like(values, 1e-3)
    far = replace(baseline, values=values - 9 * theirs)  # so that the direct one is 1e-3 off
    seen = estimated(0.3, total_field=10 * theirs)
    found = on(changed(solution, baseline=far, estimate=seen))
    assert "is 10 times closer" in found.remedy


def test_what_the_estimate_has_seen_is_the_remedy(case):
    seen = estimated(0.3, remedy="Raise nodes.time_levels to 400.")
    found = on(changed(case(has_exact=False).solution, estimate=seen))
    assert found.remedy == "Raise nodes.time_levels to 400."


def test_a_missed_accuracy_is_a_status_of_its_own(case):
    solution = changed(case().solution, errors=measured(1e-3), method="rbf-fd", baseline=None)
    finished = Outcome("finished", "solved")
    missed, reached = on(solution, asked=1e-4), on(solution, asked=1e-2)
    assert judged(finished, reached, 1e-2) == finished
    assert judged(finished, missed, 1e-4) == Outcome(
        "accuracy missed",
        "the measured relative error is 0.1 %; 1.0e-04 was asked for. "
        "Raise nodes.count to about 1300.",
    )
    unknown = on(changed(solution, errors=None), asked=1e-2)
    assert judged(finished, unknown, 1e-2).status == "finished"
    assert judged(Outcome("stopped", ""), missed, 1e-4).status == "stopped"


@pytest.mark.parametrize(
    ("error", "misfit", "is_determined", "word"),
    [
        (0.01, 1e-6, True, "resolved"),
        (0.3, 1e-6, True, "not resolved"),  # nobody knows the constant to better than a third
        (0.01, 0.2, True, "not resolved"),  # the data are not met
        (0.01, 1e-6, None, "unknown"),
        (None, 1e-6, False, "not resolved"),
    ],
)
def test_an_inverse_problem_is_judged_by_what_determines_its_constants(
    case, error, misfit, is_determined, word
):
    solution = case(has_exact=False).solution
    found = FoundConstant(1.0, 2.0, None, error and 2 * error, is_determined, misfit)
    made = replace(solution, constants={"k": found})
    assert on(made).word == word
    if word == "resolved":
        assert on(made).reason == (
            "equations and data are met to 1.0e-06, and the unknown constants known to 1 %."
        )
