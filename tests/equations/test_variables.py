"""Variables: what they stand for survives whatever sympy does with their symbols."""

import pickle
from copy import deepcopy
from itertools import pairwise

import pytest
import sympy

from pinnsolve.equations import variables
from pinnsolve.equations.expression import Symbols, parse
from pinnsolve.equations.variables import (
    Constant,
    Coordinate,
    Data,
    Derivative,
    Normal,
    Source,
    Symbol,
    occurring,
)

MEANINGS = [
    Coordinate("x"),
    Coordinate("field"),
    Derivative(0, (2, 0)),
    Derivative(0, (0, 2)),
    Derivative(1, (2, 0)),
    Derivative(12, (0, 11)),
    Constant(0, "nu"),
    Constant(0, "x"),
    Constant(1, "nu"),
    Normal(0),
    Data("x"),
    Source("x"),
]


@pytest.mark.parametrize("meaning", MEANINGS, ids=str)
def test_a_symbol_keeps_its_meaning_through_copies(meaning):
    symbol = Symbol(meaning)
    for copy in (deepcopy(symbol), pickle.loads(pickle.dumps(symbol)), symbol.func(meaning)):
        assert copy == symbol
        assert hash(copy) == hash(symbol)
        assert copy.meaning == meaning


def test_symbols_are_equal_if_their_meanings_are():
    symbols = [Symbol(meaning) for meaning in MEANINGS]
    assert len({*symbols, *map(Symbol, MEANINGS)}) == len(MEANINGS)
    assert len(set(map(str, symbols))) == len(MEANINGS)


def test_meanings_survive_sorting_printing_and_the_rules_of_algebra():
    symbols = [Symbol(meaning) for meaning in MEANINGS]
    product, total = sympy.Mul(*symbols), sympy.Add(*(s**2 for s in symbols))
    e = sympy.expand((product + total) ** 2).diff(symbols[0])
    assert {s.meaning for s in e.free_symbols} == set(MEANINGS)
    assert sorted(product.args, key=sympy.default_sort_key) == sorted(symbols, key=str)
    assert all(str(meaning) in str(product) for meaning in MEANINGS)


def test_the_order_of_sums_is_that_of_plain_symbols_spelt_alike():
    """Rounding hangs on the order in which sympy adds and multiplies."""
    symbols = [Symbol(meaning) for meaning in MEANINGS]
    plain = {symbol: sympy.Symbol(str(symbol)) for symbol in symbols}
    for e in (
        sympy.Add(*(s**k for k, s in enumerate(symbols, 1))),
        sympy.Mul(*(sympy.exp(s) + s for s in symbols)),
        sympy.Add(*(a * b for a, b in pairwise(symbols))),
    ):
        known = e.xreplace(plain)
        assert [a.xreplace(plain) for a in e.args] == list(known.args)
        assert str(e) == str(known)


def test_symbols_of_one_kind_are_found_in_the_order_of_their_meanings():
    symbols = Symbols(("x", "y"), fields=("u", "v"), parameters={"b": None, "a": 1.0})
    e = parse("a*v_xx + exp(b)*u_y*x + v*u", symbols)
    found = occurring(Derivative, e)
    assert list(found.values()) == [
        Derivative(0, (0, 0)),
        Derivative(0, (0, 1)),
        Derivative(1, (0, 0)),
        Derivative(1, (2, 0)),
    ]
    assert [constant.name for constant in occurring(Constant, e).values()] == ["b", "a"]
    assert list(occurring(Coordinate, e)) == [variables.coordinate("x")]
    assert not occurring(Data, e)
