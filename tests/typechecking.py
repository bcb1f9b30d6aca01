"""The type checker of test runs: beartype, which reads each signature once.

It reads a signature when the function is called first, for that takes milliseconds, and of the
thousands of functions of the package a process of the tests calls some.

A function defined within another is decorated whenever that one is called, and for it jaxtyping
makes functions of the same signature that do nothing but check it. Those of equal signatures are
equal; to make them again and again would take a quarter of the time of all tests.

What a test calls very often is checked at its first calls alone: a third of the time of all
tests were checks of the same few functions. One within another is left as it is once those before
it have been checked as often: to wrap it takes longer than most of what it does.
"""

import sys
from types import FunctionType

import jaxtyping
from beartype import BeartypeConf, beartype

ENOUGH = 10  # checks of a function in one test: of parameters and results, hence five calls
CHECKS = {}
counts, left = {}, []  # checks by function; functions that are left alone until the next test
within = {}  # functions within others that are checked, by function
jaxtyped = jaxtyping.jaxtyped
by_beartype = beartype(conf=BeartypeConf(is_pep484_tower=True))  # an int is a float, too


def checked(function):
    """Return the function that checks its arguments and does nothing else, as jaxtyping made it."""
    code = function.__code__
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    key = (function.__module__, function.__qualname__, names, *function.__annotations__.items())
    try:
        found = CHECKS.get(key)
    except TypeError:  # an annotation that has no hash
        return by_beartype(function)
    if found is None:
        found = CHECKS[key] = _counted(function, *key[:2])
    return found


def sparingly(**options):
    """Return the decorator of jaxtyping, which leaves functions within others once it is enough."""

    def decorated(function):
        if isinstance(function, FunctionType) and "<locals>" in function.__qualname__:
            place = (function.__module__, function.__qualname__)
            before = within.setdefault(place, [])
            if max(counts.get(place, 0), len(before)) >= ENOUGH:
                return function
            before.append(function)
        return jaxtyped(function, **options)

    return decorated


jaxtyping.jaxtyped = sparingly  # the name by which it is called in what is imported from now on


def begin():
    """Check all functions again, as often as is enough."""
    counts.clear()
    within.clear()
    while left:
        del left.pop().__no_type_check__


def _counted(function, module, name):
    """Return a check that has its function left alone once it has been made often enough."""
    place, check = (module, name), None

    def counted(*args, **kwargs):
        nonlocal check
        check = check or by_beartype(function)
        count = counts[place] = counts.get(place, 0) + 1
        if count == ENOUGH:
            _leave(module, name)
        return check(*args, **kwargs)

    return counted


def _leave(module, name):
    """Have jaxtyping leave a function of a module, of a class in it, or within another alone."""
    for function in within.pop((module, name), ()):
        function.__no_type_check__ = True
        left.append(function)
    found = sys.modules.get(module)
    for part in name.split("."):
        found = vars(found).get(part) if hasattr(found, "__dict__") else None
    for part in ("fget", "__func__"):  # of properties, and of methods of classes
        found = getattr(found, part, None) or found
    if getattr(found, "__wrapped__", None) is not None:
        found.__no_type_check__ = True
        left.append(found)
