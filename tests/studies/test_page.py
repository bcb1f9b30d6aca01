"""The page of a comparison: whole, self-contained, and with every configuration on it."""

import json
from math import nan

import pytest

from pinnsolve.solution.course import Record
from pinnsolve.studies.page import html, write_comparison
from pinnsolve.studies.trials import Comparison, Configuration, Trial
from tests.output.report.test_report import Page

DIRECT = Configuration("rbf-fd", "rbf-fd", "float64", 4, None)
DT3, DT4 = (Configuration("dt-pinn", "rbf-fd", "float64", p, "lbfgs") for p in (3, 4))
PINN = Configuration("pinn", "autograd", "float32", None, "default")


def trial(made, seed, nodes=100, *, slowness=1.0, last=1e-5, **changed):
    curve = tuple(
        Record(slowness * 0.1 * 2**i, "lbfgs", i, 10.0**-i, max(10.0**-i, last)) for i in range(7)
    )
    found = {
        "status": "finished", "message": "", "relative_l2": last, "iterations": 6,
        "seconds": {"training": curve[-1].seconds}, "curve": curve, "parameters": 99,
        "hidden": (5, 5), "device": "cpu", "floor": 1e-6 if made.order else None,
    }  # fmt: skip
    return Trial(made, nodes, seed, **(found | changed))


def direct(nodes=100):
    record = Record(0.02, "direct", 1, nan, 1e-6)
    return Trial(DIRECT, nodes, None, "finished", "", 1e-6, {"solution": 0.02}, 1, curve=(record,))


@pytest.fixture
def compared(case):
    """Return a comparison of given trials."""
    problem = case("disk", 100).solution.problem

    def build(*trials, **changed):
        found = {"budget": 30.0, "planned": len(trials), "status": "finished", "message": ""}
        return Comparison(problem, trials, PINN, machine="a machine", **(found | changed))

    return build


def ordinary(nodes=100):
    networks = [
        trial(made, seed, nodes, slowness=slowness * (1 + seed), last=last)
        for seed in (0, 1)
        for made, slowness, last in ((DT3, 1.0, 1e-4), (DT4, 1.5, 1e-5), (PINN, 10.0, 1e-6))
    ]
    return [direct(nodes), *networks]


def test_the_page_is_whole_fetches_nothing_and_names_every_configuration(compared):
    comparison = compared(*ordinary())
    page = html(comparison)
    found = Page(page)
    assert found.fetched == []
    assert "script" not in found.tags
    assert page.count("url(#") == page.count("url(")
    assert found.tags.count("svg") == 4  # course, arrival, lowest, order
    for made in comparison.configurations:
        assert made.label in found.text
    assert "a machine" in found.text


@pytest.mark.slow
def test_several_node_sets_have_their_pictures_and_a_trend(compared):
    found = Page(html(compared(*ordinary(100), *ordinary(400))))
    assert found.tags.count("svg") == 2 * 3 + 3  # order, nodes, speed-up
    assert "400 nodes" in found.text
    assert found.tags.count("details") == 4 + 1


def test_the_verdict_names_the_best_and_the_soonest(compared):
    text = Page(html(compared(*ordinary()))).text
    assert "the smallest error at the end is that of rbf-fd p = 4: 1.0·10⁻⁶" in text
    assert "Of the networks, dt-pinn p = 4, lbfgs is the first at an error of 10⁻⁵" in text
    assert "that is 6.7 × sooner than pinn autograd float32, default" in text


def test_what_was_never_reached_is_said(compared):
    text = Page(html(compared(*ordinary()))).text
    assert "never" in text
    assert "An error that was never reached is shown as such" in text


@pytest.mark.slow
def test_one_seed_comes_with_a_warning_and_several_do_not(compared):
    warning = "One seed says nothing of the spread"
    assert warning in Page(html(compared(direct(), trial(PINN, 0)))).text
    assert warning not in Page(html(compared(*ordinary()))).text


def test_failures_and_interruptions_are_told(compared):
    failed = Trial(DT3, 100, 0, "failed", "no <memory> left.")
    stopped = compared(
        direct(), failed, status="stopped", message="SIGINT was received.", planned=9
    )
    found = Page(html(stopped))
    assert "The comparison was stopped, 2 of 9 runs were made: SIGINT was received." in found.text
    assert "failed no <memory> left." in found.text
    assert "memory" not in found.tags


@pytest.mark.parametrize("nodes", [100, None])
def test_a_comparison_in_which_hardly_anything_succeeded_has_a_page(compared, nodes):
    failed = Trial(PINN, nodes, 0, "failed", "the nodes are too few.")
    assert "the nodes are too few." in Page(html(compared(failed))).text
    wild = trial(PINN, 0, curve=(Record(1.0, "adam", 1, 1.0, nan),), status="diverged")
    assert "diverged" in Page(html(compared(wild))).text


@pytest.mark.slow
def test_the_files_are_written_beside_an_earlier_comparison(compared, tmp_path):
    comparison = compared(*ordinary())
    first = write_comparison(comparison, tmp_path / "out")
    assert [path.name for path in first] == ["compare.html", "compare.json", "problem.toml"]
    assert write_comparison(comparison, tmp_path / "out")[0].parent == tmp_path / "out-2"
    assert write_comparison(comparison, tmp_path / "out", overwrite=True)[0].parent.name == "out"
    record = json.loads(first[1].read_text())
    assert [row["method"] for row in record["runs"]] == [
        trial.configuration.method for trial in comparison.trials
    ]
    assert record["runs"][0]["course"] == [[0.02, 1, None, 1e-6]]
