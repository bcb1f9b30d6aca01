"""Problems in a few words, for tests that need many of them."""

import re

from pinnsolve import load

SQUARE = 'shape = "rectangle"\nlower = [0, 0]\nupper = [1, 1]'
INTERVAL = 'shape = "interval"\nbounds = [0, 1]'
PIN = 'pieces = [{ name = "pin", where = "x < 0.08 and y < 0.08" }]'
STATED = {"periodic": "periodic = true\n", "hard": "periodic = true\nhard = true\n"}
TEXT = """\
[domain]
{domain}
[nodes]
count = {count}
[unknowns]
fields = {fields}
[pde]
equations = {equations}
{boundary}
[solver]
method = "rbf-fd"
order = {order}
{more}
"""


def text_of(*equations, on, domain=SQUARE, count=300, order=3, more=""):
    """Return a problem file; `on` gives pairs of pieces, separated by spaces, and a condition.

    A condition may be "periodic", or "hard": periodic, built into the network.
    """
    fields = [name for name in "uvp" if re.search(rf"\b{name}(\b|_)", " ".join(equations))]
    boundary = "".join(
        f"[[boundary]]\non = {_list(pieces.split())}\n{STATED.get(condition) or stated(condition)}"
        for pieces, condition in on
    )
    return TEXT.format(
        domain=domain,
        count=count,
        fields=_list(fields),
        equations=_list(equations),
        boundary=boundary,
        order=order,
        more=more,
    )


def stated(condition):
    """Return the line that states a condition, or that there is none."""
    return f'condition = "{condition}"\n'


def pose(folder, *equations, **parts):
    """Return the problem of `text_of`, read from a file problem.toml."""
    path = folder / "problem.toml"
    path.write_text(text_of(*equations, **parts))
    return load(path)


def _list(items):
    return "[" + ", ".join(f'"{item}"' for item in items) + "]"
