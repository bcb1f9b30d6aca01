"""Periodic problems in time with a reference, for tests that need many of them."""

from tests.posing import written

INTERVAL = 'shape = "interval"\nbounds = [{low}, {high}]'
SQUARE = 'shape = "rectangle"\nlower = [{low}, {low}]\nupper = [{high}, {high}]'
JOINED = '[[boundary]]\non = ["left", "right"]\nperiodic = true\n'
UP = '[[boundary]]\non = ["bottom", "top"]\nperiodic = true\n'
TEXT = """\
[domain]
{domain}
time = [0.0, {end}]
[nodes]
count = 40
time_levels = 5
[unknowns]
fields = {fields}
{unknowns}
[pde]
equations = {equations}
{boundary}
{initial}
[reference]
{reference}
[solver]
method = "{method}"
{more}
"""


def evolving(folder, *equations, initial, dim=1, low=0.0, high="2*pi", end=1.0, **parts):
    """Return a problem in time; `initial` gives the initial values by name, None for none."""
    place = {"low": f'"{low}"', "high": f'"{high}"'}
    domain = parts.pop("domain", INTERVAL if dim == 1 else SQUARE).format(**place)
    given = "".join(f'{name} = "{text}"\n' for name, text in (initial or {}).items())
    fields = parts.pop("fields", [name for name in ("u", "v") if any(name in e for e in equations)])
    defaults = {
        "boundary": JOINED if dim == 1 else JOINED + UP,
        "reference": 'solver = "fourier"',
        "method": "rbf-fd",
        "unknowns": "",
        "more": "",
    }
    text = TEXT.format(
        domain=domain,
        end=end,
        fields=str(list(fields)).replace("'", '"'),
        equations=str(list(equations)).replace("'", '"'),
        initial=f"[initial]\n{given}" if given else "",
        **{**defaults, **parts},
    )
    return written(folder, text)
