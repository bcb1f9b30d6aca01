"""The shell completes commands, options, names."""

import subprocess
import sys

import pytest

from pinnsolve.cli import app, completion
from pinnsolve.cli.templates import TEMPLATES


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("pinnsolve so", ["solve"]),
        ("pinnsolve solve --time", ["--time-limit"]),
        ("pinnsolve solve --method d", ["dt-pinn"]),
        ("pinnsolve new --template p", ["poisson", "plate"]),
        ("pinnsolve problems copy kov", ["kovasznay"]),
    ],
)
def test_words_are_completed(words, completed, monkeypatch, capsys):
    monkeypatch.setenv("_PINNSOLVE_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(words.count(" ")))
    assert app.main([]) == 0
    out, err = capsys.readouterr()
    assert (out.split(), err) == (completed, "")


def test_every_template_is_completed_and_no_answer_needs_torch():
    assert completion.templates() == list(TEMPLATES)
    loaded = "import sys; from pinnsolve.cli import completion as c; "
    loaded += "c.methods(), c.templates(), c.shipped_names(); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True)
    assert done.stdout == "False\n"
