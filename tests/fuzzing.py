"""Problem files that nobody would write: right ones with values put wrong, and formulas at random.

What is drawn is judged by `examine`: a file is a problem or a `PinnsolveError`, nothing else.
"""

import copy
import datetime
from pathlib import Path

import numpy as np
import tomli_w
from hypothesis import strategies as st

from pinnsolve.errors import PinnsolveError
from pinnsolve.problem.load import build
from pinnsolve.problem.text.source import Source

STEADY = {
    "domain": {
        "shape": "rectangle",
        "lower": [0.0, 0.0],
        "upper": [1.0, 1.0],
        "pieces": [{"name": "pin", "where": "x < 0.1 and abs(y) < 0.2"}],
    },
    "nodes": {"count": 200, "refine": "1 + x"},
    "constants": {"lam": "2*pi", "k": 3.0},
    "functions": {"f": "manufactured", "g": "sin(x)*y", "h": ["x", "y"], "j": "g_x + k"},
    "unknowns": {"fields": ["u"], "parameters": {"a": {"initial": 1.0, "true": 2.0}}},
    "pde": {
        "equations": ["div((1 + g^2)*grad(u)) + a*u = f"],
        "definitions": {"w": "u_x^2"},
        "extra": [{"equation": "d(residual, x) + w = w", "where": "x < 0.5", "points": 10}],
    },
    "boundary": [
        {"on": ["left", "right"], "condition": "dn(u) + lam*u = sin(lam*x)"},
        {"on": ["bottom", "top"], "condition": "u = g", "hard": True},
    ],
    "exact": {"u": "sin(x)*y"},
    "solver": {"method": "pinn", "order": 4},
    "network": {"hidden": [10, 20], "symmetry": {"u": "odd"}},
    "training": [{"optimizer": "adam", "iterations": 10}],
}
IN_TIME = {
    "domain": {"shape": "interval", "bounds": [0, 1], "time": [0.0, 1.0]},
    "nodes": {"spacing": 0.05, "time_levels": 20},
    "unknowns": {"fields": ["u", "v"]},
    "functions": {"f": "manufactured"},
    "pde": {"equations": ["u_tt = u_xx + v + f", "v_t = u*v_xx"]},
    "boundary": [{"on": ["left", "right"], "periodic": True}],
    "initial": {"u": "sin(x)", "u_t": "manufactured", "v": "max(x, 0.5)"},
    "exact": {"u": "cos(t)*sin(x)", "v": "exp(-t)*abs(x)"},
    "solver": {"method": "rbf-fd"},
}
IN_SPACE = {
    "domain": {
        "shape": "difference",
        "of": [
            {"shape": "box", "lower": [0, 0, 0], "upper": [1, 1, 1], "name": "block"},
            {"shape": "ball", "center": [0.5, 0.5, 0.5], "radius": "1/4", "name": "hole"},
        ],
    },
    "nodes": {"count": 500},
    "unknowns": {"fields": ["u", "v", "p"]},
    "pde": {"equations": ["laplace(u) = p_x", "laplace(v) = p_y*u^2", "u_x + v_y = p"]},
    "boundary": [
        {"on": "all", "condition": "u = 0"},
        {"on": "all", "condition": "v = n_x*norm(X)"},
        {"on": "hole.surface", "condition": "dn(p) = 0", "weight": 2.0},
    ],
    "solver": {"method": "dt-pinn", "order": 3},
}
BASES = (STEADY, IN_TIME, IN_SPACE)

NUMBERS = (
    *("0", "1", "2", "-1", "0.5", "0.1", "1/3", "3", "7", "16", "1000", "1e308", "1e-308", "1e299"),
    *("123456789123456789", "1e400", "99999.99999", "1e-17", "pi", "pi/2"),
)
NAMES = (
    *("x", "y", "z", "t", "u", "v", "p", "f", "g", "h", "j", "k", "a", "w", "lam", "X", "n", "n_x"),
    *("u_x", "u_xx", "u_xxyy", "u_t", "v_y", "g_x", "u_q", "residual", "nobody", "X_x", "e", "i"),
)
OF_ONE = (
    *("sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "sech", "exp", "log"),
    *("sqrt", "abs", "sign", "heaviside", "erf", "gauss"),
    *("laplace", "biharmonic", "grad", "div", "dn", "norm", "sum"),
)
TOKENS = (
    *NUMBERS,
    *NAMES,
    *OF_ONE,
    *("(", ")", "[", "]", ",", "+", "-", "*", "/", "^", "**", "=", "<", "==", "and", "not", "."),
    *("__import__('os').system('false')", "().__class__", "lambda: 0", "\0", "π", "'", '"', "\n"),
)


def _chains() -> st.SearchStrategy[str]:
    """Return formulas in which one thing is done many times."""
    steps = st.sampled_from(
        [
            *(f"{name}({{}})" for name in OF_ONE),
            *("({} + x)", "({})*({})", "({})^2", "({})^1000", "2^({})", "({})^({})", "x/({})"),
            *("max({}, y, u)", "({} + 1)*(u + 2)", "d({}, x)", "d({}*x, x, 2)", "-({})", "[{}, x]"),
            *("{} + {}", "{}*1e299", "({})^0.3333333333", "atan2({}, x)", "({})^(-1/2)"),
        ]
    )
    starts = st.sampled_from((*NAMES, *NUMBERS))

    def repeated(step: str, start: str, times: int) -> str:
        for _ in range(times):
            start = step.replace("{}", start)
            if len(start) > 12_000:
                break
        return start

    once = st.builds(repeated, steps, starts, st.integers(1, 60))
    return st.builds(repeated, steps, once, st.integers(1, 6))


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return formulas made of smaller ones."""
    several = st.lists(inner, min_size=2, max_size=6).map(", ".join)
    return st.one_of(
        st.builds("{}({})".format, st.sampled_from(OF_ONE), inner),
        st.builds("({} {} {})".format, inner, st.sampled_from("+-*/^"), inner),
        st.builds("{}({})".format, st.sampled_from(("min", "max", "atan2", "dot")), several),
        st.builds("d({}, {})".format, inner, st.sampled_from(("x", "y", "t", "x, 3", "x, y"))),
        st.builds("[{}]".format, several),
        st.builds("-{}".format, inner),
    )


TAME = st.recursive(  # which mean something almost everywhere
    st.sampled_from(("x", "x", "2", "0.5", "pi", "1e3")),
    lambda inner: st.one_of(
        st.builds("{}({})".format, st.sampled_from(OF_ONE[:18]), inner),
        st.builds("({} {} {})".format, inner, st.sampled_from("+-*/^"), inner),
        st.builds("max({}, {})".format, inner, inner),
    ),
    max_leaves=12,
)
FORMULAS = st.one_of(
    TAME,
    TAME,
    st.recursive(st.sampled_from((*NAMES, *NUMBERS)), _grown, max_leaves=25),
    _chains(),
    _chains(),
    _chains(),
    st.lists(st.sampled_from(TOKENS), max_size=40).map(" ".join),
    st.text(max_size=30),
)
STATEMENTS = st.one_of(
    FORMULAS,
    st.builds("{} = {}".format, FORMULAS, FORMULAS),
    st.builds("{} = {}".format, st.sampled_from(("u", "laplace(u)", "u*u_x", "u_t")), TAME),
)
SCALARS = st.one_of(
    STATEMENTS,
    STATEMENTS,
    st.integers(-(10**20), 10**20),
    st.floats(),
    st.booleans(),
    st.sampled_from(("u", "x", "manufactured", "left", "all", "pinn", "disk", "p.toml", "/", "")),
    st.sampled_from((datetime.date(1979, 5, 27), datetime.time(7, 32))),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=5),
        st.dictionaries(st.one_of(st.sampled_from(NAMES), st.text(max_size=8)), inner, max_size=4),
    ),
    max_leaves=8,
)


@st.composite
def files(draw: st.DrawFn) -> str:
    """Return the text of a problem file with one to four wrong places."""
    document = copy.deepcopy(draw(st.sampled_from(BASES)))
    for _ in range(draw(st.sampled_from((1, 1, 1, 2, 4)))):
        places = _places(document)
        formulas = [place for place in places if isinstance(place[0][place[1]], str)]
        table, key = draw(st.sampled_from(draw(st.sampled_from((places, formulas or places)))))
        change = draw(st.integers(0, 9))
        if change == 0:
            del table[key]
        elif change == 1 and isinstance(table, dict):
            table[draw(st.one_of(st.sampled_from(NAMES), st.text(max_size=8)))] = draw(VALUES)
        elif isinstance(table[key], str):
            table[key] = draw(st.one_of(STATEMENTS, STATEMENTS, STATEMENTS, VALUES))
        else:
            table[key] = draw(VALUES)
        if not _places(document):
            break
    return tomli_w.dumps(document)


def _places(value: object) -> list[tuple[dict | list, str | int]]:
    """Return every key of a table and entry of a list, with what it is in."""
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, inner in entries:
        found.append((value, key))
        if isinstance(inner, dict | list):
            found += _places(inner)
    return found


def examine(text: str) -> str:
    """Read a file, evaluate its equations at points; return what came of it: a word."""
    try:
        problem = build(Source(Path("p.toml"), text))
        problem.to_toml()
        rng = np.random.default_rng(0)
        dim = len(problem.coordinates)
        x = rng.uniform(0, 1, (4, dim + (problem.time is not None)))
        normals = np.full((4, dim), dim**-0.5)
        for equation in problem.equations:
            equation.bind(x)
        for condition in problem.boundary:
            condition.equation.bind(x, normals)
    except PinnsolveError as error:
        return type(error).__name__
    return "problem"
