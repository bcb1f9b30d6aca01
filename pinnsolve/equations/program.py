"""Values of sympy expressions, in elementary steps.

An expression becomes a list of steps, each common subexpression once, and the steps are executed
with the functions of the library that the arguments come from. No code is generated.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import sympy
from sympy import Expr, Symbol

from pinnsolve.equations.functions import Composite
from pinnsolve.equations.library import NAMES, NUMPY, Array, Operation, library


@dataclass(frozen=True)
class Program:
    """Expressions as elementary steps.

    Attributes
    ----------
    inputs
        How many arguments the program takes; they fill the first slots.
    constants
        Numbers in the slots after them.
    steps
        Operations and the slots of their operands; each result fills the next slot.
    outputs
        Slots of the values of the expressions.
    """

    inputs: int
    constants: tuple[float, ...]
    steps: tuple[tuple[str, tuple[int, ...]], ...]
    outputs: tuple[int, ...]

    def __call__(self, *arguments: Array) -> tuple[Array, ...]:
        """Return the values of the expressions; numbers where they depend on no argument.

        Infinities and NaN are results like any other: it is the caller who knows whether they
        matter.
        """
        functions = library(arguments)
        if functions is NUMPY:
            with np.errstate(all="ignore"):
                return self._run(arguments, functions)
        return self._run(arguments, functions)

    def _run(
        self, arguments: Sequence[Array], functions: Mapping[str, Operation]
    ) -> tuple[Array, ...]:
        slots = [*arguments, *self.constants]
        for name, operands in self.steps:
            slots.append(functions[name](*[slots[i] for i in operands]))
        return tuple(slots[i] for i in self.outputs)


def program(expressions: Sequence[Expr], symbols: Sequence[Symbol]) -> Program:
    """Compile expressions in the given symbols.

    >>> x = Symbol("x")
    >>> program([x**2 + 1, x / 2], [x])(3.0)
    (10.0, 1.5)
    """
    return _compile(expressions, symbols, fold=True)


def number(e: Expr) -> float:
    """Return the value of an expression without symbols; NaN or infinite if it has no other."""
    if e.is_Rational:
        return float(_atom(e))
    (value,) = _compile([e], [], fold=False)()
    return float(value)


def _compile(expressions: Sequence[Expr], symbols: Sequence[Symbol], *, fold: bool) -> Program:
    compiler = _Compiler({symbol: i for i, symbol in enumerate(symbols)}, len(symbols), fold)
    outputs = [compiler.slot(e) for e in expressions]
    first = len(symbols) + len(compiler.constants)

    def final(slot: int) -> int:
        return slot if slot >= 0 else first - 1 - slot

    return Program(
        len(symbols),
        tuple(compiler.constants),
        tuple((name, tuple(map(final, operands))) for name, operands in compiler.steps),
        tuple(map(final, outputs)),
    )


@dataclass
class _Compiler:
    """Turns expressions into steps; results are numbered -1, -2, … until all constants are known.

    Attributes
    ----------
    slots
        Where the value of each expression met so far is found.
    fold
        Whether expressions without symbols become constants.
    """

    slots: dict[Expr, int]
    inputs: int
    fold: bool
    constants: list[float] = field(default_factory=list)
    steps: list[tuple[str, tuple[int, ...]]] = field(default_factory=list)

    def slot(self, e: Expr) -> int:
        """Return the slot of an expression, adding the steps that fill it."""
        if e not in self.slots:
            self.slots[e] = self._constant(e) if self._is_constant(e) else self._steps(e)
        return self.slots[e]

    def _is_constant(self, e: Expr) -> bool:
        return not e.free_symbols if self.fold else e.is_Atom

    def _constant(self, e: Expr) -> int:
        # NumPy's floats, unlike Python's, return infinity where they overflow or divide by 0
        self.constants.append(number(e) if self.fold else np.float64(_atom(e)))
        return self.inputs + len(self.constants) - 1

    def _step(self, name: str, *operands: int) -> int:
        self.steps.append((name, operands))
        return -len(self.steps)

    def _steps(self, e: Expr) -> int:
        if e.is_Symbol:
            raise LookupError(f"the value of {e} is not known")
        if e.is_Add:
            return self._sum(e)
        if e.is_Mul:
            return self._product(e)
        if e.is_Pow:
            return self._power(*e.as_base_exp())
        if isinstance(e, Composite):
            return self.slot(e.formula(*e.args))
        return self._step(NAMES[e.func], *(self.slot(argument) for argument in e.args))

    def _sum(self, e: Expr) -> int:
        # what is added goes first, so that a - b needs one step and not two
        terms = sorted(e.args, key=lambda term: term.could_extract_minus_sign())
        total = self.slot(terms[0])
        for term in terms[1:]:
            minus = term.is_Mul and term.could_extract_minus_sign()
            total = self._step(
                "sub" if minus else "add", total, self.slot(-term if minus else term)
            )
        return total

    def _product(self, e: Expr) -> int:
        above = [f for f in e.args if not _is_divisor(f)]
        below = [1 / f for f in e.args if _is_divisor(f)]
        negative = sympy.S.NegativeOne in above
        if negative:
            above.remove(sympy.S.NegativeOne)
        value = self._chain(above) if above else self.slot(sympy.S.One)
        if below:
            value = self._step("div", value, self._chain(below))
        return self._step("neg", value) if negative else value

    def _chain(self, factors: Sequence[Expr]) -> int:
        """Multiply what needs no field and no coordinate first: it is a number."""
        value, *others = (self.slot(f) for f in factors)
        for other in others:
            value = self._step("mul", value, other)
        return value

    def _power(self, base: Expr, exponent: Expr) -> int:
        names = {2: "square", 3: "cube", sympy.S.Half: "sqrt"}
        if exponent in names:
            return self._step(names[exponent], self.slot(base))
        # of two numbers sympy would look for the value, which may take for ever
        if not (base.is_number and exponent.is_number) and _is_divisor(base**exponent):
            return self._step("div", self.slot(sympy.S.One), self.slot(base**-exponent))
        return self._step("pow", self.slot(base), self.slot(exponent))


def _is_divisor(e: Expr) -> bool:
    """Return whether an expression is one over something, as the user wrote a quotient."""
    return bool(e.is_Pow and e.exp.is_Rational and e.exp.is_negative)


def _atom(e: Expr) -> float:
    """Return the value of an indivisible number."""
    try:
        return e.p / e.q if e.is_Rational else float(e)
    except OverflowError:
        return np.inf
    except TypeError:  # the imaginary unit
        return np.nan
