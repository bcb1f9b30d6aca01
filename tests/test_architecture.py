"""The rules of the house that no type checker knows."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import get_args

import pytest
from importlinter.cli import lint_imports

import pinnsolve
from pinnsolve.geometry.shapes import SHAPES
from pinnsolve.methods import METHODS
from pinnsolve.networks.embedding import EMBEDDINGS
from pinnsolve.networks.mlp import ACTIVATIONS
from pinnsolve.optimizers import OPTIMIZERS
from pinnsolve.problem.abilities import ABILITIES, SOLVERS
from pinnsolve.problem.schema.domain import SHAPES as DOMAINS
from pinnsolve.problem.schema.file import Phase, Solver
from pinnsolve.problem.schema.network import Network
from pinnsolve.references import PLANS, REFERENCES, TRUTHS

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "pinnsolve").rglob("*.py"))
MAY_PRINT = {"terminal.py"}
MAY_EXIT = {"app.py", "interruption.py", "machine.py"}  # the last a copy of the process


@cache
def calls(module):
    """Return the plain and dotted names that a module calls."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    return {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}


def modules_after(code):
    """Return the modules that a fresh interpreter has loaded after some code."""
    code += "\nimport sys; print(*sorted(sys.modules), file=sys.stderr)"
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return set(ran.stderr.split())


def test_imports_point_downward(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert lint_imports(no_cache=True) == 0


def test_no_module_is_long():
    lengths = {m: len(m.read_text(encoding="utf-8").splitlines()) for m in MODULES}
    assert {m.name: length for m, length in lengths.items() if length > 400} == {}


def test_only_the_command_line_prints_or_exits():
    called = {module: calls(module) for module in MODULES}
    assert {m.name for m in MODULES if "print" in called[m]} <= MAY_PRINT
    assert {m.name for m in MODULES if called[m] & {"sys.exit", "os._exit", "exit"}} <= MAY_EXIT


def test_docstrings_name_what_is_returned():
    vague = re.compile(r'"""Return (what|how|where|why|which|when)\b')
    assert {m.name for m in MODULES if vague.search(m.read_text(encoding="utf-8"))} == set()


def test_nothing_runs_text_as_code():
    assert [m.name for m in MODULES if calls(m) & {"eval", "exec", "compile", "__import__"}] == []


def test_importing_the_package_loads_nothing_heavy():
    loaded = modules_after("import pinnsolve")
    assert not loaded & {"torch", "numpy", "scipy", "sympy", "pydantic", "typer", "rich"}


@pytest.mark.parametrize("arguments", [["--help"], ["solve", "--help"]])
def test_help_loads_few_modules_and_nothing_heavy(arguments):
    loaded = modules_after(f"from pinnsolve.cli.app import main\nmain({arguments})")
    assert not loaded & {"torch", "numpy", "scipy", "sympy", "pinnsolve.problem", "rich"}
    assert len(loaded) < 350  # half a millisecond each: what a person does not notice
    assert len([name for name in loaded if name.startswith("pinnsolve")]) < 24


def test_a_check_does_not_load_what_solves_or_draws():
    problem = ROOT / "problems" / "disk_poisson.toml"
    loaded = modules_after(f"from pinnsolve.cli.app import main\nmain(['check', {str(problem)!r}])")
    assert not loaded & {"torch", "matplotlib", "h5py", "meshio", "rich", "vtk"}
    # slow to import themselves, and of no use before there is a solution
    assert not loaded & {"scipy.stats", "scipy.integrate", "scipy.interpolate"}
    assert len(loaded) < 1730  # half of them sympy's and scipy's: half a second


def test_public_names_are_what_they_say_and_no_module_hides_them():
    for name in pinnsolve.__all__:
        assert name == "__version__" or callable(getattr(pinnsolve, name))
        assert ROOT / "pinnsolve" / f"{name}.py" not in MODULES
    assert dir(pinnsolve) == sorted(pinnsolve.__all__)


def test_an_unknown_public_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"^module 'pinnsolve' has no attribute 'slove'$"):
        _ = pinnsolve.slove


NAMES_A_METHOD = {  # and nothing else does; where a name is also that of a derivative, say so
    "problem/abilities.py": "the table of what a file may ask",
    "methods/__init__.py": "the table of the methods",
    "references/__init__.py": "the table of the references",
    "problem/schema/file.py": "derivatives, of which one has the name of a method",
    "problem/schema/operator.py": "the section of a family, which has the name of its method",
    "bench/depth.py": "the same, timed",
}


def texts(module):
    """Return the strings of a module's code: neither docstrings nor help of the command line."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    documents = (
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    )
    helps = (
        part
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and node.arg == "help"
        for part in ast.walk(node.value)
    )
    apart = {id(node) for node in (*documents, *helps)}
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in apart
    ]


def test_no_module_but_the_tables_knows_the_name_of_a_method():
    found = {
        str(module.relative_to(ROOT / "pinnsolve"))
        for module in MODULES
        for text in texts(module)
        if set(ABILITIES) & {part.strip() for part in text.split(",")}
    }
    assert found == set(NAMES_A_METHOD)


def test_what_the_tables_name_is_the_same_everywhere():
    assert list(ABILITIES) == list(METHODS)
    assert list(ABILITIES) == list(get_args(Solver.model_fields["method"].annotation))
    derivatives = get_args(Solver.model_fields["derivatives"].annotation)
    assert {name for able in ABILITIES.values() for name in able.derivatives} == set(derivatives)
    assert {able.reference for able in ABILITIES.values()} <= {*REFERENCES, None}
    assert [*SOLVERS, "file"] == list(TRUTHS)
    assert list(SOLVERS) == list(PLANS)
    optimizers = get_args(Phase.model_fields["optimizer"].annotation)
    # which also draw what they train
    assert set(optimizers) == {*OPTIMIZERS, "continuation", "grow"}
    assert {name for able in ABILITIES.values() for name in able.optimizers} == set(optimizers)
    assert set(get_args(Network.model_fields["activation"].annotation)) == set(ACTIVATIONS)
    embeddings = set(get_args(Network.model_fields["embedding"].annotation))
    assert embeddings == {"none", *EMBEDDINGS}
    assert set(SHAPES) == set(DOMAINS)


def test_the_readme_has_a_line_for_each_method():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    table = text[text.index("| `method` |") :].split("\n\n")[0]
    assert re.findall(r"^\| `([a-z-]+)` \| (?!what)", table, re.MULTILINE) == list(ABILITIES)


ZERO = '''"""A method that answers zero, whatever is asked."""

import numpy as np

from pinnsolve.methods.method import Method
from pinnsolve.process import Step
from pinnsolve.solution.solution import Sample


class Zero:
    def __init__(self, fields):
        self.fields = fields

    size = 0

    def __call__(self, x):
        return np.zeros((len(x), self.fields))

    def jet(self, x, terms):
        return {term: np.zeros(len(x)) for term in terms}

    def state(self):
        return {"fields": self.fields}


class Work:
    def __init__(self, setup):
        self.setup = setup

    def step(self):
        return Step(0.0, 1, "nothing was to be done", stage="solution")

    def answer(self):
        return Zero(len(self.setup.problem.fields))

    def state(self):
        return {}

    def restore(self, state):
        pass


METHOD = Method(
    start=Work,
    sample=lambda setup, answer: Sample(setup.nodes, answer(setup.nodes.x[setup.nodes.rows])),
    estimate=lambda setup, process, answer, sample: None,
    read=lambda setup, state: Zero(state["fields"]),
    memory=lambda problem, nodes, conditions, trained: {"nothing": 0.0},
)
'''
ABLE = """    "zero": Abilities(
        title="Zero", summary="zero", description="no work", derivatives=("taylor",)
    ),
"""


@pytest.mark.slow
def test_another_method_is_one_module_and_one_line_in_each_table(tmp_path):
    """It is solved with, checked, stored, read back and reported, and assembles no operators."""
    shutil.copytree(ROOT / "pinnsolve", tmp_path / "pinnsolve")
    shutil.copytree(ROOT / "problems", tmp_path / "problems")
    package = tmp_path / "pinnsolve"
    (package / "methods" / "zero.py").write_text(ZERO)
    for table, before, line in (
        (package / "problem" / "abilities.py", "}\nDEFAULT_METHOD", ABLE),
        (package / "methods" / "__init__.py", "}\n", '    "zero": zero.METHOD,\n'),
        (package / "methods" / "__init__.py", "from pinnsolve.methods import ", "zero, "),
    ):
        text = table.read_text()
        end = text.rindex(before) + (len(before) if before.endswith(" ") else 0)
        table.write_text(text[:end] + line + text[end:])

    def run(*arguments):
        environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
        command = [sys.executable, *arguments]
        ran = subprocess.run(
            command, capture_output=True, text=True, cwd=tmp_path, env=environment, check=False
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    chosen = ["problems/disk_poisson.toml", "--set", "solver.method=zero", "--set"]
    few = [*chosen, "nodes.count=200", "--set", "output.test_points=100"]
    assert "zero: zero" in " ".join(run("-m", "pinnsolve", "schema").split())
    assert "zero" in run("-m", "pinnsolve", "check", *few)
    metrics = json.loads(
        run("-m", "pinnsolve", "solve", *few, "--accept", "--json", "--out", "out")
    )
    assert metrics["method"] == "zero"
    assert metrics["status"] == "finished"
    assert metrics["relative_l2"]["u"] >= 1.0  # relative to the variation of what it should be
    assert "operators" not in metrics["seconds"]
    assert "Solved by no work" in (tmp_path / "out" / "report.html").read_text()
    read = "import pinnsolve; print(pinnsolve.load_solution('out').sample.values.any())"
    assert run("-c", read) == "False\n"


def test_no_benchmark_hides_a_module_of_the_standard_library():
    """Python looks beside a script first: one called operator.py would break all others."""
    names = {path.stem for path in (ROOT / "benchmarks").glob("*.py")}
    assert not names & sys.stdlib_module_names
