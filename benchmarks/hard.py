"""Problems that nodes may not resolve, drawn at random: texts of problem files, by kind and seed.

Each has an exact solution. Width, place, amplitude, contrast, frequency, order and node count
follow from the seed; widths run from far below the spacing of the nodes to far above it, so that
about half of the problems are resolved.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

DISK = 'shape = "disk"\nradius = 1.0'
SQUARE = 'shape = "rectangle"\nlower = [-1, -1]\nupper = [1, 1]'
INTERVAL = 'shape = "interval"\nbounds = [-1, 1]'
ANNULUS = 'shape = "annulus"\ninner = 0.4\nouter = 1.0'
AREA = {DISK: np.pi, SQUARE: 4.0, ANNULUS: np.pi * 0.84}


@dataclass(frozen=True)
class Draw:
    """What chance has chosen.

    Attributes
    ----------
    rng
        For whatever else is to be chosen.
    count, order
        Of nodes, of accuracy.
    """

    rng: np.random.Generator
    count: int
    order: int

    def width(self, spacing: float, least: float = 0.2, most: float = 20.0) -> float:
        """Return a length between multiples of a spacing."""
        return float(spacing * np.exp(self.rng.uniform(np.log(least), np.log(most))))

    def place(self, reach: float = 0.5) -> tuple[float, float]:
        """Return a point not too far from the origin."""
        a, b = self.rng.uniform(-reach, reach, 2)
        return float(a), float(b)

    def one_of(self, *choices: str) -> str:
        """Return one of some texts."""
        return str(self.rng.choice(choices))

    def plane(self) -> tuple[str, float]:
        """Return a domain in the plane, and the spacing of its nodes."""
        domain = self.one_of(DISK, SQUARE, ANNULUS)
        return domain, float(np.sqrt(AREA[domain] / self.count))


def posed(
    domain: str,
    equation: str,
    exact: str,
    draw: Draw,
    *,
    condition: str = "u = g",
    more: str = "",
    tail: str = "",
) -> str:
    """Return a problem file; functions that are named but not given are manufactured."""
    functions = "".join(
        f'{name} = "manufactured"\n'
        for name, text in (("f", equation), ("g", condition))
        if name in text.replace("grad", "").replace("df", "")
    )
    return f"""
[domain]
{domain}
[nodes]
count = {draw.count}
seed = {draw.rng.integers(1000)}
{tail}
[unknowns]
fields = ["u"]
[functions]
{functions}{more}
[pde]
equations = ["{equation}"]
[[boundary]]
on = "all"
condition = "{condition}"
[exact]
u = "{exact}"
[solver]
method = "rbf-fd"
order = {draw.order}
"""


def pulse(draw: Draw) -> str:
    """Return a narrow peak on something smooth."""
    domain, h = draw.plane()
    (a, b), w = draw.place(), draw.width(h)
    size = draw.rng.choice([0.1, 1.0, 10.0])
    exact = f"1 + x*y + {size}*exp(-((x - ({a:.3f}))^2 + (y - ({b:.3f}))^2)/{w:.6f}^2)"
    equation = draw.one_of("laplace(u) = f", "laplace(u) - u = f", "div((1 + x^2)*grad(u)) = f",
                           "laplace(u) = u^3 + f")  # fmt: skip
    return posed(domain, equation, exact, draw, condition=draw.one_of("u = g", "dn(u) + u = g"))


def source(draw: Draw) -> str:
    """Return a narrow source of unit strength in the disk, whose solution is known in closed form.

    ``-laplace(u) = exp(-r^2/w^2)/(pi w^2)`` has ``u = (E1(r^2/w^2) + log(r^2/w^2))/(4 pi)`` up to
    harmonic functions; where it is wide it is replaced by its like with a rational profile,
    ``-laplace(u) = w^2/(pi (w^2 + r^2)^2)`` with ``u = -log(w^2 + r^2)/(4 pi)``.
    """
    h = float(np.sqrt(np.pi / draw.count))
    (a, b), w = draw.place(), draw.width(h, 0.02, 20)
    r2 = f"((x - ({a:.3f}))^2 + (y - ({b:.3f}))^2)"
    exact = f"-log({w**2:.9f} + {r2})/(4*pi)"
    text = f'f = "{w**2:.9f}/(pi*({w**2:.9f} + {r2})^2)"\n'
    file = posed(DISK, "-laplace(u) = f", exact, draw, more=text)
    return file.replace('f = "manufactured"\n', "")


def layer(draw: Draw) -> str:
    """Return a boundary layer, an inner one, or a front that is carried."""
    domain, h = draw.plane()
    (a, _), w = draw.place(), draw.width(h)
    phi = draw.rng.uniform(0, np.pi)
    s = f"({np.cos(phi):.4f}*x + {np.sin(phi):.4f}*y - ({a:.3f}))"
    match draw.rng.integers(3):
        case 0:
            return posed(
                SQUARE, f"-{w**2:.3e}*laplace(u) + u = f", f"x + exp((x - 1)/{w:.6f})", draw
            )
        case 1:
            return posed(domain, draw.one_of("laplace(u) = f", "laplace(u) - u^3 = f"),
                         f"x + tanh({s}/{w:.6f})", draw)  # fmt: skip
    equation = f"-{w * 0.5:.3e}*laplace(u) + u_x - u_y/2 = f"
    return posed(domain, equation, f"y + tanh({s}/{w:.6f})", draw)


def corner(draw: Draw) -> str:
    """Return values that jump at a corner, or a corner into the domain.

    In polar coordinates about a corner of the square ``u = J theta`` is harmonic and jumps by
    ``J pi/2`` there. About the tip of an L ``u = r^(2/3) sin(2 theta/3)``, or with a power that is
    smoother.
    """
    if draw.rng.random() < 0.6:
        jump = float(10 ** draw.rng.uniform(-5, 0))
        angle = f"{jump:.3e}*atan2(y + 1, x + 1)"
        file = posed(SQUARE, "laplace(u) = 0", f"2 + x + {angle}", draw)
        sides = {"right": "g", "top": "g", "left": f"2 + x + {jump:.3e}*pi/2", "bottom": "2 + x"}
        stated = "".join(
            f'[[boundary]]\non = "{k}"\ncondition = "u = {v}"\n' for k, v in sides.items()
        )
        return file.replace('[[boundary]]\non = "all"\ncondition = "u = g"\n', stated)
    power = draw.one_of("2/3", "4/3", "8/3", "14/3")
    domain = 'shape = "polygon"\nvertices = [[0, 0], [1, 0], [1, 1], [-1, 1], [-1, -1], [0, -1]]'
    theta = "(pi - atan2(y, -x))"  # from the edge along the first axis, round to the other one
    exact = f"1 + (x^2 + y^2)^(({power})/2)*sin(({power})*{theta})"
    return posed(domain, "laplace(u) = 0", exact, draw)


def hole(draw: Draw) -> str:
    """Return a domain with a small hole, at which the solution is steep."""
    h = float(np.sqrt(4 / draw.count))
    (a, b), radius = draw.place(0.4), draw.width(h, 0.6, 6)
    domain = f"""shape = "difference"
of = [{{ shape = "rectangle", lower = [-1, -1], upper = [1, 1] }},
      {{ shape = "disk", name = "hole", center = [{a:.3f}, {b:.3f}], radius = {radius:.4f} }}]"""
    r2 = f"((x - ({a:.3f}))^2 + (y - ({b:.3f}))^2)"
    power = draw.rng.integers(3)
    exact = (f"1 + log({r2})/10", f"x + {radius**2:.3e}*x/{r2}", "cos(2*x)*y")[power]
    return posed(
        domain, "laplace(u) = f", exact, draw, condition=draw.one_of("u = g", "dn(u) + u = g")
    )


def jump(draw: Draw) -> str:
    """Return a source, or a reaction, that jumps across a circle: the solution is known."""
    r0 = float(draw.rng.uniform(0.2, 0.8))
    size = float(10 ** draw.rng.uniform(-1, 3))
    r2 = "(x^2 + y^2)"
    inside = f"{size:.4e}*({r2} - {r0**2:.6f})/4"
    outside = f"{size * r0**2 / 2:.6e}*log(max({r2}, 1e-9)/{r0**2:.6f})/2"
    h = f"heaviside({r0**2:.6f} - {r2})"
    exact = f"1 + x + ({inside})*{h} + ({outside})*(1 - {h})"
    file = posed(DISK, "laplace(u) = f", exact, draw, more=f'f = "{size:.4e}*{h}"\ng = "{exact}"\n')
    return file.replace('f = "manufactured"\n', "").replace('g = "manufactured"\n', "")


def alias(draw: Draw) -> str:
    """Return a source that oscillates about as fast as its evenly spaced nodes lie on a line."""
    count = int(draw.count // 10)
    h = 2 / (count - 1)
    turns = draw.rng.integers(1, 3)
    k = float(2 * np.pi * turns / h * draw.rng.choice([1.0, 0.998, 0.5, 0.25, 0.1]))
    strength = float(10 ** draw.rng.uniform(0, 4))
    exact = f"1 + x^2 - {strength / k**2:.6e}*cos({k:.9f}*x)"
    file = posed(
        INTERVAL, "u_xx = f", exact, draw, more=f'f = "2 + {strength:.6e}*cos({k:.9f}*x)"\n'
    )
    return file.replace('f = "manufactured"\n', "").replace(
        f"count = {draw.count}", f"count = {count}"
    )


def wave(draw: Draw) -> str:
    """Return a solution that oscillates, with the operator of Poisson or of Helmholtz."""
    domain, h = draw.plane()
    k = float(1 / draw.width(h, 0.25, 12))
    phi = draw.rng.uniform(0, np.pi)
    exact = f"2 + sin({k * np.cos(phi):.5f}*x + {k * np.sin(phi):.5f}*y)"
    equation = draw.one_of(
        "laplace(u) = f", "laplace(u) + 20*u = f", "div((1 + u^2/9)*grad(u)) = f"
    )
    return posed(domain, equation, exact, draw)


def in_time(draw: Draw) -> str:
    """Return a front that moves, a pulse in time, or an oscillation between the time levels."""
    count, levels = int(draw.count // 16), int(draw.rng.integers(8, 26))
    h, step = 2 / count, 1 / (levels - 1)
    w = draw.width(h, 0.3, 15)
    match draw.rng.integers(4):
        case 0:
            exact = f"x + tanh((x - 0.5*t)/{w:.6f})"
        case 1:
            width, at = draw.width(step, 0.02, 5), draw.rng.uniform(0.2, 0.8)
            exact = f"1 + x + cos(pi*x)*tanh((t - {at:.4f})/{width:.6f})"
        case 2:
            k = 2 * np.pi / step * draw.rng.choice([1.0, 0.5, 0.2, 0.05])
            exact = f"1 + cos(pi*x)*cos({k:.9f}*t)"
        case _:
            exact = f"x + exp(-t)*sin({1 / w:.6f}*x)"
    equation = draw.one_of("u_t = u_xx + f", "u_t = 0.1*u_xx - u_x + f", "u_t = u_xx - u^3 + f")
    domain = INTERVAL + "\ntime = [0, 1]"
    tail = f"time_levels = {levels}"
    file = posed(domain, equation, exact, replace(draw, count=count), tail=tail)
    return file.replace("[exact]", '[initial]\nu = "manufactured"\n[exact]')


KINDS: dict[str, Callable[[Draw], str]] = {
    "pulse": pulse,
    "source": source,
    "layer": layer,
    "corner": corner,
    "hole": hole,
    "jump": jump,
    "alias": alias,
    "wave": wave,
    "in time": in_time,
}


def drawn(kind: str, seed: int) -> str:
    """Return the text of a problem file of a kind."""
    rng = np.random.default_rng([list(KINDS).index(kind), seed])
    return KINDS[kind](Draw(rng, int(rng.integers(500, 1600)), int(rng.integers(2, 7))))
