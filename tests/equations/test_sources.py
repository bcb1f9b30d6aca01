"""Point sources, spread: the kernel has integral one, and no second moments."""

from math import gamma, pi

import numpy as np
import pytest

from pinnsolve.equations.expression import ExpressionError, Symbols, evaluate, parse
from pinnsolve.equations.sources import Delta, places

NAMES = ("x", "y", "z")
WIDTH = 0.7


def kernel(dim, r):
    """Return the values of a spread source at distances along the first axis."""
    names = NAMES[:dim]
    e = parse(f"delta({', '.join(names)})", Symbols(names, sources=True))
    (source,) = e.atoms(Delta)
    (place,) = places(e, names)
    data = {place.width: lambda x: np.full(len(x), WIDTH)}
    x = np.zeros((len(r), dim))
    x[:, 0] = r
    assert source.width.meaning.name == place.width
    return evaluate([e], Symbols(names, data=data), x)[0]


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_a_spread_source_is_one_in_all_without_second_moments(dim):
    nodes, weights = np.polynomial.legendre.leggauss(12)  # exact: a polynomial within its width
    r, weights = WIDTH * (nodes + 1) / 2, WIDTH * weights / 2
    shells = 2 * pi ** (dim / 2) / gamma(dim / 2) * r ** (dim - 1) * weights
    values = kernel(dim, r)
    assert shells @ values == pytest.approx(1, rel=1e-12)
    assert shells @ (r**2 * values) == pytest.approx(0, abs=1e-12)
    assert not kernel(dim, np.array([WIDTH, 2 * WIDTH])).any()


def test_a_source_may_be_written_from_either_end():
    symbols = Symbols(("x", "y", "t"), constants={"a": 0.25}, sources=True)
    one = parse("3*delta(x - a - 2*t, y)", symbols)
    assert one == parse("3*delta(2*t + a - x, -y)", symbols)
    (place,) = places(one, ("x", "y"))
    assert [str(e) for e in place.at] == ["2*t + 1/4", "0"]


WRONG = {
    "delta(x - a)": "a point source has one argument for each of x, y: 1 found. "
    "Write delta(x - …, y - …).",
    "delta(2*x, y)": "this does not say where along x the source is. "
    "Write x - a, with a number or a formula of t and constants for a.",
    "delta(x, y - x)": "this does not say where along y the source is. "
    "Write y - a, with a number or a formula of t and constants for a.",
    "d(delta(x, y), x)": "a point source has no derivative. Write a smooth function.",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_no_place_is_refused(text):
    with pytest.raises(ExpressionError) as caught:
        parse(text, Symbols(("x", "y"), constants={"a": 0.25}, sources=True))
    assert str(caught.value) == WRONG[text]


def test_a_source_elsewhere_than_in_an_equation_is_refused():
    with pytest.raises(ExpressionError, match=r"stands in \[pde\] equations alone"):
        parse("delta(x)", Symbols(("x",)))
