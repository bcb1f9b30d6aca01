"""The command line: what it writes where, and the exit code it leaves."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from pinnsolve.cli.app import EXIT_STATUS, main
from pinnsolve.cli.templates import TEMPLATES
from pinnsolve.errors import Stopped
from pinnsolve.output.numbers import duration
from pinnsolve.progress import Progress
from pinnsolve.solution.course import Outcome
from pinnsolve.solution.verdict import Verdict

pytestmark = pytest.mark.usefixtures("no_pictures")

ROOT = Path(__file__).parents[2]
DISK = """\
title = "A small disk"
[domain]
shape = "disk"
radius = 1.0
[nodes]
count = 200
[unknowns]
fields = ["u"]
[functions]
f = "manufactured"
g = "manufactured"
[pde]
equations = ["laplace(u) = f"]
[[boundary]]
on = "all"
condition = "u = g"
[exact]
u = "sin(x)*cosh(y)"
[solver]
method = "rbf-fd"
order = 3
[output]
test_points = 500
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty current folder, with threads already decided."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    return tmp_path


@pytest.fixture
def disk(folder):
    """A small problem that is solved directly."""
    path = folder / "disk.toml"
    path.write_text(DISK)
    return path


@pytest.fixture
def outcome(monkeypatch):
    """Let a solve end at once, in a way that the test decides."""
    asked = SimpleNamespace(status="finished", word="resolved", error=None, watched=0)
    asked.directory = asked.problem = None

    def solve(problem, *, watch, **_):
        asked.problem = problem
        for _ in range(asked.watched):
            watch(Progress("training"))
        if asked.error:
            raise asked.error
        return SimpleNamespace(
            outcome=Outcome(asked.status, "", ("something is odd.",)),
            verdict=Verdict(asked.word, ""),
            metrics=lambda: {"status": asked.status},
        )

    def write(_, directory, watch):  # noqa: ARG001  # the signature of `run.write`
        asked.directory = directory
        return [directory / "solution.hdf"]

    monkeypatch.setattr("pinnsolve.run.solve", solve)
    monkeypatch.setattr("pinnsolve.run.write", write)
    monkeypatch.setattr(
        "pinnsolve.cli.summary.summary", lambda solution, _: [solution.outcome.status]
    )
    return asked


def test_solve_sums_up_on_standard_output_and_writes_files(disk, capsys):
    assert main(["solve", str(disk), "--quiet"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.startswith("A small disk\nrbf-fd on 200 nodes, cpu, float64: finished in ")
    assert "500 test points" in out
    assert {"problem.toml", "metrics.json", "solution.hdf"} <= set(os.listdir("runs/disk"))


def test_a_run_has_one_time_from_the_start_of_the_process(disk, capsys):
    assert main(["solve", str(disk), "--quiet"]) == 0
    out, _ = capsys.readouterr()
    seconds = json.loads(Path("runs/disk/metrics.json").read_text())["seconds"]
    taken = duration(seconds.pop("total"))
    assert f": finished in {taken}\n" in out
    report = Path("runs/disk/report.html").read_text()
    assert f"nodes in {taken}." in report
    assert f"<dd>{taken}</dd>" in report
    assert {"start-up", "solution", "output"} <= set(seconds)
    assert all(f"<th>{stage}</th>" in report for stage in seconds)


def test_json_is_all_there_is_on_standard_output(disk, capsys):
    assert main(["solve", str(disk), "--json", "--out", "results"]) == 0
    out, err = capsys.readouterr()
    metrics = json.loads(out)
    assert err == ""
    assert metrics["relative_l2"]["u"] < 1e-2  # order 3 on 200 nodes
    assert "results/solution.hdf" in metrics["files"]


@pytest.mark.slow
def test_the_resolved_problem_solves_to_the_same_numbers(disk, capsys):
    main(["solve", str(disk), "--json", "--out", "a"])
    first = json.loads(capsys.readouterr().out)
    main(["solve", "a/problem.toml", "--json", "--out", "b"])
    second = json.loads(capsys.readouterr().out)
    assert first["relative_l2"] == second["relative_l2"]


@pytest.mark.slow
def test_a_result_out_of_reach_is_3(disk, capsys):
    assert main(["solve", str(disk), "-q", "--set", "solver.accuracy=1e-14"]) == 3
    assert "accuracy missed" in capsys.readouterr().out


@pytest.mark.parametrize(("status", "code"), EXIT_STATUS.items())
def test_each_status_has_its_exit_code(disk, outcome, status, code, capsys):
    outcome.status = status
    assert main(["solve", str(disk)]) == code
    assert capsys.readouterr().out == f"{status}\n"


@pytest.mark.parametrize("word", ["not resolved", "unknown"])
def test_a_doubtful_result_is_7_unless_it_is_accepted(disk, outcome, word):
    outcome.word = word
    assert main(["solve", str(disk), "-q"]) == 7
    assert main(["solve", str(disk), "-q", "--accept"]) == 0
    outcome.status = "accuracy missed"
    assert main(["solve", str(disk), "-q", "--accept"]) == 3


def test_what_casts_doubt_on_a_result_is_told_beside_it(disk, outcome, capsys):
    assert main(["solve", str(disk), "--json"]) == 0
    assert capsys.readouterr().err == "pinnsolve: warning: something is odd.\n"
    assert outcome.error is None


def test_flags_override_the_file(disk, outcome):
    flags = "--method dt-pinn --order 5 --seed 7 --device cpu"
    flags += " --set network.hidden=[8,8] --set nodes.count=150"
    assert main(["solve", str(disk), *flags.split()]) == 0
    settings = outcome.problem.settings
    solver = settings.solver
    assert (solver.method, solver.order, solver.seed, solver.device) == ("dt-pinn", 5, 7, "cpu")
    assert list(settings.network.hidden) == [8, 8]
    assert settings.nodes.count == 150


def test_results_go_to_the_folder_named(disk, outcome):
    main(["solve", str(disk)])
    assert outcome.directory == Path("runs/disk")
    main(["solve", str(disk), "--out", "here", "--overwrite"])
    assert outcome.directory == Path("here")


def test_a_folder_that_cannot_be_written_is_refused_before_the_work(disk, outcome, capsys):
    assert main(["solve", str(disk), "--out", str(disk / "results")]) == 6
    assert outcome.problem is None
    message = f"{disk} is not a folder that can be written. Choose another one by --out."
    assert capsys.readouterr().err == f"pinnsolve: {message}\n"


def test_the_time_limit_is_75(disk, outcome, capsys):
    outcome.watched = 1
    assert main(["solve", str(disk), "-q", "--time-limit", "0"]) == Stopped.exit_code
    assert capsys.readouterr().err == "pinnsolve: the time limit of 0 s was reached.\n"


def test_progress_goes_to_standard_error(disk, outcome, capsys):
    outcome.watched = 1
    main(["solve", str(disk)])
    out, err = capsys.readouterr()
    assert out == "finished\n"
    assert err.startswith("pinnsolve: start-up, loading torch, ")  # silence would be seconds long


def test_a_bug_is_1_and_leaves_a_report(disk, outcome, folder, capsys):
    outcome.error = ZeroDivisionError("division by zero")
    assert main(["solve", str(disk)]) == 1
    assert "internal error: ZeroDivisionError" in capsys.readouterr().err
    assert len(list(folder.glob("pinnsolve-crash-*.txt"))) == 1


def test_a_fault_in_the_file_is_2_with_its_place(disk, capsys):
    disk.write_text(DISK.replace("radius", "raduis"))
    assert main(["solve", str(disk)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "disk.toml:4" in err
    assert "radius" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sovle"], "no such command 'sovle'. Did you mean 'solve'? See pinnsolve --help."),
        (["solve"], "missing argument"),
        (["check", "a.toml", "--jsno"], "no such option: --jsno"),
        (["solve", "a.toml", "--threads", "0"], "invalid value for '--threads'"),
        (["solve", "a.toml", "--set", "order"], "--set order: is not of the form key=value."),
        (["new", "--template", "poison"], 'no template "poison". Did you mean "poisson"?'),
    ],
)
def test_wrong_usage_is_2_and_one_line(arguments, message, capsys):
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("pinnsolve: ")
    assert message in err
    assert len(err.splitlines()) == 1


def test_a_missing_file_is_6(capsys):
    assert main(["solve", "nowhere.toml"]) == 6
    assert "nowhere.toml" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["disk_poisson", "disk_poisson.toml"])
def test_the_name_of_a_shipped_problem_leads_to_its_file(name, capsys):
    assert main(["solve", name]) == 6
    assert capsys.readouterr().err == (
        f"pinnsolve: there is no file {name}. A problem of this name comes with pinnsolve: "
        "run pinnsolve problems copy disk_poisson, then use disk_poisson.toml.\n"
    )
    assert main(["problems", "copy", "disk_poisson"]) == 0
    assert capsys.readouterr().out == "disk_poisson.toml\n"
    assert main(["check", "disk_poisson.toml"]) == 0


def test_problems_are_listed(capsys):
    assert main(["problems"]) == 0
    listed = capsys.readouterr().out
    assert main(["problems", "list"]) == 0
    assert capsys.readouterr().out == listed
    assert "disk_poisson" in listed
    assert main(["problems", "list", "--json"]) == 0
    shipped = {path.stem for path in (ROOT / "problems").glob("*.toml")}
    assert {entry["name"] for entry in json.loads(capsys.readouterr().out)} == shipped


def test_check_describes_a_problem(disk, capsys):
    assert main(["check", str(disk)]) == 0
    out, err = capsys.readouterr()
    assert "laplace(u) = f" in out
    assert err == ""
    assert main(["check", str(disk), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["warnings"] == []


def test_nodes_are_described_written_and_drawn(disk, folder, capsys):
    arguments = ["nodes", str(disk), "-q", "--out", "cloud.h5", "--picture", "nodes.png"]
    assert main(arguments) == 0
    assert capsys.readouterr().out.startswith("200 nodes: ")
    assert {"cloud.h5", "nodes.png"} <= set(os.listdir(folder))
    assert main(["nodes", str(disk), "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["interior"] + figures["boundary"] == 200


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_is_a_well_posed_problem(template, capsys):
    assert main(["new", "mine", "--template", template]) == 0
    assert capsys.readouterr().out == "mine.toml\n"
    assert main(["check", "mine.toml", "--set", "nodes.count=300"]) == 0


def test_the_help_names_every_template(capsys):
    main(["new", "--help"])
    text = capsys.readouterr().out
    assert [name for name in TEMPLATES if name not in text] == []


def test_a_picture_is_of_the_kind_that_its_name_says(disk, capsys):
    assert main(["nodes", str(disk), "--picture", "nodes.jpg"]) == 2
    assert "--picture must end in .png, but is nodes.jpg." in capsys.readouterr().err


def test_new_never_overwrites(folder):
    main(["new", "mine.toml"])
    (folder / "mine.toml").write_text("precious")
    assert main(["new", "mine"]) == 6
    assert (folder / "mine.toml").read_text() == "precious"


def test_schema_is_text_or_json(capsys):
    assert main(["schema"]) == 0
    assert "[solver]" in capsys.readouterr().out
    assert main(["schema", "--json-schema"]) == 0
    assert "solver" in json.loads(capsys.readouterr().out)["properties"]


def test_doctor_is_text_or_json(capsys):
    assert main(["doctor"]) == 0
    assert capsys.readouterr().out.startswith("pinnsolve ")
    assert main(["doctor", "--json"]) == 0
    assert "torch" in json.loads(capsys.readouterr().out)


def test_no_command_shows_the_help(capsys):
    assert main([]) == 0
    assert capsys.readouterr().out.startswith("Usage: pinnsolve")


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("pinnsolve 0")


@pytest.mark.slow
def test_a_reader_that_leaves_early_is_no_fault():
    command = [sys.executable, "-m", "pinnsolve", "schema"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT, text=True
    ) as process:
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(timeout=30) == 141


@pytest.mark.slow
def test_check_and_solve_without_a_network_load_no_torch(disk):
    code = (
        "import sys\nfrom pinnsolve.cli.app import main\n"
        f"main(['check', {str(disk)!r}]); main(['solve', {str(disk)!r}, '-q'])\n"
        "sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
