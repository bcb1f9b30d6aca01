from dataclasses import replace

from pinnsolve.output.report.findings import findings
from pinnsolve.solution.reference import Reference
from pinnsolve.solution.verdict import Verdict
from tests.solutions import changed


def last(solution):
    return findings(solution)[-1]


def test_a_direct_solution_that_is_as_good_and_faster_is_recommended(case):
    assert findings(case().solution) == [
        "Resolved: the measured relative error is 2e-05.",
        "Solved by a network trained with RBF-FD derivatives (DT-PINN) on 300 nodes in 1.7 s.",
        "The largest relative L2 error, that of v, is 2.0·10⁻⁵, measured against the exact "
        "solution at 20,000 points that were not trained on.",
        "The direct solution of the same equations on the same nodes is more accurate (relative L2 "
        "error 1.0·10⁻⁶ against 1.0·10⁻⁵ on the nodes) and 10 times faster (120 ms against 1.2 s). "
        "For this problem alone, it is the better choice.",
    ]


def test_a_network_that_is_better_or_faster_gets_its_due(case):
    solution = case().solution
    poor = replace(solution.accuracy.baseline, overall_l2=1e-3)
    slow = replace(solution.accuracy.baseline, overall_l2=1e-3, seconds=12.0)
    assert last(changed(solution, baseline=poor)).endswith("less accurate (relative L2 error 0.001 "
        "against 1.0·10⁻⁵ on the nodes) but 10 times faster (120 ms against 1.2 s).")  # fmt: skip
    assert last(changed(solution, baseline=slow)).endswith("less accurate (relative L2 error 0.001 "
        "against 1.0·10⁻⁵ on the nodes) and 10 times slower (12.0 s against 1.2 s).")  # fmt: skip
    similar = replace(solution.accuracy.baseline, overall_l2=1.2e-5, seconds=1.1)
    assert "is as accurate" in last(changed(solution, baseline=similar))
    assert "and as fast (1.1 s against 1.2 s)." in last(changed(solution, baseline=similar))


def test_a_baseline_that_failed_is_said_to_have_failed(case):
    solution = case().solution
    failed = replace(
        solution.accuracy.baseline,
        values=None,
        relative_l2=None,
        overall_l2=None,
        message="Newton stalled.",
    )
    assert last(changed(solution, baseline=failed)) == (
        "The direct solution on the same nodes failed: Newton stalled."
    )


def test_without_exact_solution_no_error_is_claimed(case):
    said = findings(case(has_exact=False).solution)
    assert said[2] == (
        "No exact solution is known, so the error was not measured; from the direct solution on "
        "the same nodes it differs by 9.0·10⁻⁶ (relative L2)."
    )
    assert said[3] == "The direct solution is 10 times faster (120 ms against 1.2 s)."


def test_the_verdict_comes_first(case):
    reason, remedy = "the error is 2e-5; 1e-6 was asked for.", "Raise nodes.count."
    missed = Verdict("not resolved", reason, remedy, 2e-5)
    said = findings(case(status="accuracy missed", verdict=missed).solution)
    assert said[0] == f"Not resolved: {reason} {remedy}"


def test_in_time_the_levels_are_named(case_in_time):
    said = findings(case_in_time(levels=25).solution)
    assert said[1].endswith("(DT-PINN) on 300 nodes and 25 time levels in 1.7 s.")
    assert said[2].endswith("at 20,000 points of space and time that were not trained on.")
    assert "is more accurate (relative L2 error 1.0·10⁻⁶ against" in said[3]


def test_the_time_of_a_classical_solver_stands_beside_that_of_an_evolution(case_in_time):
    solution = case_in_time().solution
    for seconds, own, said in (
        (2.0, 1e-9, "took 2.0 s, the network 8.0 s: for this problem alone the classical one is"),
        (2.0, 1.0, "took 2.0 s, the network 8.0 s. "),
        (40.0, 1e-9, "took 40.0 s, the network 8.0 s, 5 times faster. "),
    ):
        truth = Reference(
            "spectral", None, error=own, seconds=seconds, title="sines", message="So."
        )
        beside = replace(solution.accuracy, truth=truth)
        course = replace(solution.course, seconds={"evolution": 8.0})
        text = " ".join(findings(replace(solution, accuracy=beside, course=course)))
        assert f"The classical solver {said}" in text
