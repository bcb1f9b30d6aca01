"""``pinnsolve distil``: a smaller network for a finished run, or a reason why there is none."""

import json
import shutil
from pathlib import Path

import pytest

from pinnsolve import load_solution
from pinnsolve.cli.app import main
from tests.training.test_growth import HOLE

pytestmark = pytest.mark.usefixtures("no_pictures")

PROBLEM = HOLE.replace("700", "200") + '[output]\nformats = ["hdf"]\ntest_points = 500\n'


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A folder with the runs of a network that has grown and of a direct solution."""
    folder = tmp_path_factory.mktemp("runs")
    (folder / "hole.toml").write_text(PROBLEM)
    file = str(folder / "hole.toml")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pinnsolve.output.report.report.contents", lambda *_: [])
        for method in ("dt-pinn", "rbf-fd"):
            options = ["--method", method, "-o", str(folder / method), "-q", "--accept"]
            assert main(["solve", file, *options]) == 0
    return folder


@pytest.fixture(autouse=True)
def _folder(runs, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("dt-pinn", "rbf-fd"):
        shutil.copytree(runs / name, tmp_path / name)


def test_a_smaller_network_is_a_run_of_its_own_and_both_are_told(capsys):
    capsys.readouterr()
    assert main(["distil", "dt-pinn", "--weights", "200", "-q", "--accept"]) == 0
    said = capsys.readouterr().out
    larger, smaller = load_solution("dt-pinn"), load_solution("dt-pinn-200")
    assert smaller.answer.size <= 200 < larger.answer.size
    assert smaller.verdict.error < 1.5 * larger.verdict.error  # both at the discretisation's
    assert smaller.accuracy.estimate is not None
    assert [phase.optimizer for phase in smaller.course.phases] == ["grow", "variable-projection"]
    for name, solution in (("dt-pinn", larger), ("dt-pinn-200", smaller)):
        error = f"relative error {solution.verdict.error:.1e}"
        assert f"{name}: {solution.answer.size:,} weights, {error}" in said
    assert main(["solve", "dt-pinn-200/problem.toml", "-q", "-o", "again", "--accept"]) == 0
    assert load_solution("again").accuracy.errors == smaller.accuracy.errors


def test_in_json_both_are_told_too(capsys):
    capsys.readouterr()
    options = ["--weights", "70", "--accept", "--json", "-o", "small"]
    assert main(["distil", "dt-pinn/solution.hdf", *options]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["parameters"] <= 70
    assert told["distilled"]["small"]["parameters"] == told["parameters"]
    assert told["distilled"]["dt-pinn/solution.hdf"]["parameters"] > 500


def damaged():
    path = Path("dt-pinn/solution.hdf")
    path.write_bytes(path.read_bytes()[:5000])


@pytest.mark.parametrize(
    ("run", "weights", "spoil", "message"),
    [
        (
            "rbf-fd",
            200,
            None,
            "rbf-fd: rbf-fd trains no network that could be made smaller. Solve the problem by "
            "dt-pinn or pinn first.",
        ),
        ("dt-pinn", 100_000, None, "weights, no more than the 100,000 asked for. Ask for fewer."),
        ("dt-pinn", 20, None, "20 weights are too few for any network. Allow it at least 65,"),
        ("dt-pinn", 200, damaged, "or solve its problem.toml again."),
        ("nowhere", 200, None, "there is no such file. Give the folder of a run that has finished"),
    ],
)
def test_what_cannot_be_made_smaller_is_refused(run, weights, spoil, message, capsys):
    if spoil:
        spoil()
    assert main(["distil", run, "--weights", str(weights), "-q"]) == 2
    assert message in capsys.readouterr().err
    assert not Path(f"{run}-{weights}").exists()


def test_a_run_of_another_version_is_refused(capsys, monkeypatch):
    monkeypatch.setattr("pinnsolve.training.distillation.version", lambda _: "9.9")
    assert main(["distil", "dt-pinn", "--weights", "200", "-q"]) == 2
    message = "has written it, and this is 9.9. Solve its problem.toml again."
    assert message in capsys.readouterr().err
