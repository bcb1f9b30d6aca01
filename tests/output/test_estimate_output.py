"""What is shown of an estimate: in words, as numbers, as pictures and as fields."""

import json
from dataclasses import replace

import numpy as np
import pytest

from pinnsolve.cli.summary import summary
from pinnsolve.output.figures.fields import estimate_figure
from pinnsolve.output.metrics import metrics_json
from pinnsolve.output.report import report
from pinnsolve.output.report.findings import findings
from pinnsolve.output.vtk.grid import grid
from pinnsolve.solution.accuracy import Estimate
from tests.solutions import changed

pytestmark = pytest.mark.usefixtures("no_pictures")

UNKNOWN = Estimate({"u": None, "v": None}, {"u": None, "v": None}, message="too few nodes.")


def estimated(case, **changes):
    """Return a solution by hand with an estimate."""
    made = case(**changes)
    field = 1e-5 * made.solution.sample.values
    found = Estimate({"u": 2e-6, "v": 1e-6}, {"u": 9e-6, "v": 1.2e-5}, 0.2 * field, field)
    return replace(made, solution=changed(made.solution, estimate=found))


def page(made):
    return report.html(made.solution, grid(made.solution, made.domain), made.domain)


def test_the_verdict_tells_the_estimate_and_what_the_training_left(case):
    said = findings(estimated(case).solution)
    assert said[3] == (
        "Estimated from the equations alone, the largest relative L2 error on the nodes is "
        "1.2·10⁻⁵, and the training left 2.0·10⁻⁶; this is no bound."
    )


def test_a_direct_solution_was_not_trained(case):
    said = findings(changed(estimated(case).solution, method="rbf-fd", baseline=None))
    assert said[3] == (
        "Estimated from the equations alone, the largest relative L2 error on the nodes is "
        "1.2·10⁻⁵; this is no bound."
    )


@pytest.mark.slow
def test_what_could_not_be_estimated_is_said_with_the_reason(case):
    solution = changed(case().solution, estimate=UNKNOWN)
    assert "The error could not be estimated: too few nodes." in findings(solution)
    assert "The error could not be estimated: too few nodes." in summary(solution, [])
    made = replace(case(), solution=solution)
    assert "Not everything could be estimated: too few nodes." in page(made)
    assert json.loads(metrics_json(solution))["error_estimate"]["v"] == {
        "optimisation": None,
        "total": None,
        "max_error": None,
    }


def test_the_summary_has_one_line_for_it(case):
    solution = estimated(case).solution
    u, v = 1e-5 * np.abs(solution.sample.values).max(axis=0)
    assert (
        f"Estimated error on the nodes, no bound: u 9.00e-06 (largest {u:.2e}), v 1.20e-05 "
        f"(largest {v:.2e}); 2.00e-06 left by the training."
    ) in summary(solution, [])


def test_the_estimated_errors_are_fields_of_the_output(case):
    made = estimated(case)
    values = grid(made.solution, made.domain).values
    np.testing.assert_array_equal(
        values["u_error_estimate"], made.solution.accuracy.estimate.total_field[:, 0]
    )
    np.testing.assert_array_equal(
        values["v_optimisation_estimate"], made.solution.accuracy.estimate.optimisation_field[:, 1]
    )


def test_the_report_shows_numbers_and_a_picture_beside_the_true_error(case):
    text = page(estimated(case))
    section = text.split("<h2>Estimated error</h2>")[1].split("</section>")[0]
    assert "1.20·10⁻⁵" in section
    assert "true error" in section
    assert section.count("<figure/>") == 2
    assert "An estimate, never a bound." in section


@pytest.mark.slow
@pytest.mark.parametrize("shape", ["interval", "disk", "box"])
def test_the_picture_shows_the_estimate_beside_the_true_error(case, shape):
    made = estimated(case, shape=shape)
    figure = estimate_figure(made.solution, grid(made.solution, made.domain), "u")
    figure.draw_without_rendering()
    titles = [axes.get_title() + axes.get_title(loc="left") for axes in figure.axes]
    for shown in ("u − exact", "u − truth, estimated"):
        assert any(title.startswith(shown) for title in titles)


@pytest.mark.slow
def test_without_exact_solution_the_report_has_the_estimate_alone(case):
    text = page(estimated(case, has_exact=False))
    section = text.split("<h2>Estimated error</h2>")[1].split("</section>")[0]
    assert "true error" not in section
    assert section.count("<figure/>") == 2


def test_a_solution_without_estimate_has_no_section_for_it(case):
    assert "Estimated error" not in page(case())
    assert json.loads(metrics_json(case().solution))["error_estimate"] is None


def test_a_total_may_be_known_where_the_part_of_the_training_is_not(case):
    solution = estimated(case).solution
    unknown = dict.fromkeys(solution.accuracy.estimate.optimisation)
    found = replace(solution.accuracy.estimate, optimisation=unknown, optimisation_field=None)
    solution = changed(solution, estimate=found)
    (line,) = [line for line in summary(solution, []) if line.startswith("Estimated error")]
    assert "left by the training" not in line
    assert "the training left" not in findings(solution)
