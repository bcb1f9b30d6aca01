"""The rules of the house that no type checker knows."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

import pinnsolve

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "pinnsolve").rglob("*.py"))
MAY_PRINT = {"terminal.py"}
MAY_EXIT = {"app.py", "interruption.py", "machine.py"}  # the last a copy of the process


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
    assert len([name for name in loaded if name.startswith("pinnsolve")]) < 20


def test_a_check_does_not_load_what_solves_or_draws():
    problem = ROOT / "problems" / "disk_poisson.toml"
    loaded = modules_after(f"from pinnsolve.cli.app import main\nmain(['check', {str(problem)!r}])")
    assert not loaded & {"torch", "matplotlib", "h5py", "meshio", "rich", "vtk"}
    # slow to import themselves, and of no use before there is a solution
    assert not loaded & {"scipy.stats", "scipy.integrate", "scipy.interpolate"}
    assert len(loaded) < 1700  # half of them sympy's and scipy's: half a second


def test_public_names_are_what_they_say_and_no_module_hides_them():
    for name in pinnsolve.__all__:
        assert callable(getattr(pinnsolve, name))
        assert ROOT / "pinnsolve" / f"{name}.py" not in MODULES
    assert dir(pinnsolve) == sorted(pinnsolve.__all__)


def test_an_unknown_public_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"^module 'pinnsolve' has no attribute 'slove'$"):
        _ = pinnsolve.slove
