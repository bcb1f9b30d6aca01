"""Problems in a few words, for tests that need many of them."""

import re

from pinnsolve import load

SQUARE = 'shape = "rectangle"\nlower = [0, 0]\nupper = [1, 1]'
INTERVAL = 'shape = "interval"\nbounds = [0, 1]'
DISK = 'shape = "disk"\nradius = 1'
PIN = 'pieces = [{ name = "pin", where = "x < 0.08 and y < 0.08" }]'
STATED = {"periodic": "periodic = true\n", "hard": "periodic = true\nhard = true\n"}
TEXT = """\
[domain]
{domain}
[nodes]
{count}[unknowns]
fields = {fields}
[pde]
equations = {equations}
{boundary}
[solver]
method = "{method}"
order = {order}
{more}
"""


def text_of(*equations, on, domain=SQUARE, count=300, order=3, method="rbf-fd", more=""):
    """Return a problem file; `on` gives pairs of pieces, separated by spaces, and a condition.

    A condition may be "periodic", or "hard": periodic, built into the network. One that ends in
    " hard" is built in, too. Without a count the domain has its own nodes.
    """
    fields = [name for name in "uvp" if re.search(rf"\b{name}(\b|_)", " ".join(equations))]
    boundary = "".join(
        f"[[boundary]]\non = {_list(pieces.split())}\n{STATED.get(condition) or stated(condition)}"
        for pieces, condition in on
    )
    return TEXT.format(
        domain=domain,
        count="" if count is None else f"count = {count}\n",
        fields=_list(fields),
        equations=_list(equations),
        boundary=boundary,
        method=method,
        order=order,
        more=more,
    )


def stated(condition):
    """Return the lines that state a condition."""
    text = condition.removesuffix(" hard")
    return f'condition = "{text}"\n' + ("" if text == condition else "hard = true\n")


def manufactured(*functions, **exact):
    """Return the sections of an exact solution, by field, and of functions made to fit it."""
    made = "".join(f'{name} = "manufactured"\n' for name in functions)
    solution = "".join(f'{field} = "{formula}"\n' for field, formula in exact.items())
    return (f"[functions]\n{made}" if made else "") + f"[exact]\n{solution}"


def pose(folder, *equations, **parts):
    """Return the problem of `text_of`, read from a file problem.toml."""
    return written(folder, text_of(*equations, **parts))


def written(folder, text, overrides=None):
    """Return a problem, read from a file problem.toml."""
    path = folder / "problem.toml"
    path.write_text(text)
    return load(path, overrides or {})


def _list(items):
    return "[" + ", ".join(f'"{item}"' for item in items) + "]"
