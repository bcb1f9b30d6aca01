"""Names that the shell completes: of methods, templates, and problems that come with pinnsolve.

What is imported here is light, for the shell waits at every press of the key.
"""


def methods() -> list[str]:
    """Return the names of the methods."""
    from pinnsolve.problem.abilities import ABILITIES

    return list(ABILITIES)


def templates() -> list[str]:
    """Return the names of the templates."""
    from pinnsolve.cli.templates import TEMPLATES

    return list(TEMPLATES)


def shipped_names() -> list[str]:
    """Return the names of the problems that come with pinnsolve."""
    from pinnsolve.cli import shipped

    return shipped.names()
