"""The type checker of test runs: beartype, which reads each signature once.

A function defined within another is decorated whenever that one is called, and for it jaxtyping
makes functions of the same signature that do nothing but check it. Those of equal signatures are
equal; to make them again and again would take a quarter of the time of all tests.
"""

from beartype import BeartypeConf, beartype

CHECKS = {}
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
        found = CHECKS[key] = by_beartype(function)
    return found
