import json

import pytest
import torch

from pinnsolve.bench.acceleration import BATCHES, PAPER, Case, accelerations, cases
from pinnsolve.bench.figures import draw_accelerations
from pinnsolve.cli.app import main
from pinnsolve.cli.shipped import folder

SMALL = {"nodes.count": 20, "nodes.time_levels": 5}
CASES = [Case("rod_diffusivity", (4,), settings=SMALL), Case("nowhere", (4,))]
NAMES = ["eager", "mixed", "cuda-graph"]


@pytest.fixture(scope="module")
def rows():
    return list(accelerations(CASES, folder(), NAMES[1:], iterations=1, repeats=1))


def test_every_case_has_a_row_for_every_configuration_measured_or_not(rows):
    places = [(row["problem"], row["configuration"]) for row in rows]
    assert places == [(case.problem, name) for case in CASES for name in NAMES]
    for row in rows:
        assert ("speed_up" in row) == (not row["note"])
        assert not row["note"] or row["note"].startswith("not measured: ")
    assert {row["note"] for row in rows[3:5]} == {"not measured: no such problem is shipped"}


def test_what_needs_a_gpu_is_not_measured_without(rows):
    (graph,) = [row for row in rows[:3] if row["configuration"] == "cuda-graph"]
    missing = "" if torch.cuda.is_available() else "not measured: no GPU"
    assert graph["note"] == missing


def test_errors_are_those_of_fields_and_unknown_parameters(rows):
    eager, mixed = rows[:2]
    assert set(eager["errors"]) == {"u", "k"}
    assert eager["error"] == pytest.approx(sum(eager["errors"].values()) / 2)
    # after fifty steps that differ by rounding alone
    assert mixed["error"] == pytest.approx(eager["error"], rel=1e-2)
    assert eager["speed_up"] == 1
    assert eager["ms"] > 0


def test_studies_vary_the_batch_or_the_depth_alone():
    batches = cases("batch", folder())
    assert [case.batch for case in batches] == list(BATCHES)
    assert len({case.hidden for case in batches}) == 1
    depths = cases("depth", folder())
    assert len({len(case.hidden) for case in depths}) == len(depths) > 2
    assert len({(case.hidden[0], case.batch) for case in depths}) == 1
    assert cases("problems", folder()) == list(PAPER)


@pytest.mark.parametrize("study", ["problems", "batch", "depth"])
def test_a_picture_shows_what_was_measured(rows, study, tmp_path):
    draw_accelerations(rows, study, tmp_path / "picture.svg")
    picture = (tmp_path / "picture.svg").read_text()
    assert "mixed" in picture
    assert ("cuda-graph" in picture) == torch.cuda.is_available()


@pytest.mark.study
def test_the_command_says_what_it_does_not_know(capsys):
    command = ["bench", "acceleration", "--json", "--problems"]
    assert main([*command, "kdv_discrete_inverse", "--configurations", "cuda-graph"]) == 0
    assert {row["configuration"] for row in json.loads(capsys.readouterr().out)} == {
        "eager",
        "cuda-graph",
    }
    assert main([*command, "burger"]) == 2
    assert "--problems: there is no burger. Known: allen_cahn_discrete" in capsys.readouterr().err
