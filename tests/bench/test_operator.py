import json
import sys

import pytest

from pinnsolve.bench import operator
from pinnsolve.bench.figures import draw_scaling
from pinnsolve.bench.operator import STRATEGIES, measured
from pinnsolve.bench.operator_cases import PROBLEMS, scaling, studied
from pinnsolve.cli.app import main


@pytest.fixture(scope="module", autouse=True)
def narrow():
    """Let networks be narrow: what is tested does not depend on it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(operator, "WIDTHS", (8, 8))
        yield


@pytest.fixture(scope="module")
def rows():
    return list(measured([PROBLEMS["reaction-diffusion"].at(2, 60)], repeats=1))


def test_every_strategy_has_a_row_with_its_stages(rows):
    assert [row["strategy"] for row in rows] == [*STRATEGIES]
    for row in rows:
        stages = [row[f"{stage}_ms"] for stage in ("inputs", "forward", "residual", "backward")]
        assert all(ms >= 0 for ms in stages)
        assert sum(stages) > 0
        assert row["peak_mib"] >= row["graph_mib"] > 0


def test_gradients_are_those_of_taylor_mode_but_of_rbf_fd_that_truncates(rows):
    for row in rows:
        exact = row["strategy"] != "rbf-fd"
        assert (row["error"] < 1e-9) == exact


def test_the_forecast_is_the_memory_to_a_few_parts_in_a_hundred():
    (row,) = measured([scaling(12, 500, 2)], ["zcs"], repeats=1)
    forecast = operator._Forecast(operator.DTYPES["float64"], "cpu")
    assert forecast.mebibytes(scaling(12, 500, 2), "zcs") == pytest.approx(row["peak_mib"], rel=0.1)


def test_what_does_not_fit_or_takes_too_long_is_left_out_and_named(monkeypatch):
    monkeypatch.setattr(operator, "free_mebibytes", lambda _: 0.01)
    taylor, loop = measured([scaling(40, 500, 1)], ["taylor", "loop"], repeats=1)
    assert taylor["note"].startswith("left out: the forecast of ")
    assert loop["note"].endswith(" MiB is more than 0 MiB")
    monkeypatch.undo()
    _, later = measured([scaling(2, 50, 1), scaling(20, 500, 1)], ["loop"], repeats=1, longest=1e-9)
    assert later["note"].startswith("left out: a step is forecast to take ")
    assert "total_ms" not in later


def test_studies_vary_one_number_at_a_time():
    cases = studied("scaling", (8, 100, 2), {"functions": [4, 8], "points": [50], "order": [1]})
    numbers = [(case.functions, case.points, case.order) for case in cases]
    assert numbers == [(4, 100, 2), (8, 100, 2), (8, 50, 2), (8, 100, 1)]
    assert studied("problems", (1, 1, 1), {}) == list(PROBLEMS.values())


def test_a_picture_shows_what_was_measured(rows, tmp_path):
    draw_scaling(rows, tmp_path / "scaling.svg")
    assert "vectorised" in (tmp_path / "scaling.svg").read_text()


def test_the_command_prints_rows_and_refuses_what_it_cannot_measure(capsys, monkeypatch):
    command = ["bench", "operator", "--repeats", "1", "--json"]
    sizes = ["--functions", "2", "--points", "60", "--orders", "1", "--base", "2,60,1"]
    assert main([*command, *sizes, "--strategies", "taylor"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["strategy"], row["functions"], row["points"], row["order"]) == ("taylor", 2, 60, 1)
    assert main([*command, "--base", "2,60"]) == 2
    assert "--base must be three whole numbers" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "deepxde", None)
    assert main([*command, "--study", "problems", "--against", "deepxde"]) == 2
    assert "the package deepxde is not installed" in capsys.readouterr().err
