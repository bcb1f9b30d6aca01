"""The reference of problem files, made from the models that check them.

What ``pinnsolve schema`` prints: every section and key with its type, default and meaning, the
shapes and the names of their boundary pieces, and the language of the formulas.
"""

import json
import re
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic.fields import FieldInfo

from pinnsolve.equations.translate import CALLABLE
from pinnsolve.problem.schema.domain import SHAPES
from pinnsolve.problem.schema.file import (
    Extra,
    Parameter,
    Piece,
    ProblemFile,
    TabulatedFunction,
    UnknownFunction,
)
from pinnsolve.problem.schema.operator import SECTION, Family
from pinnsolve.problem.schema.shape import Shape
from pinnsolve.problem.schema.unknowns import Eigenvalue
from pinnsolve.problem.schema.values import Section
from pinnsolve.problem.text.validation import LATER_VALUES, LISTS, is_reserved, section_in

WIDTH = 98
INTRODUCTION = """
A problem file is TOML 1.0: sections in brackets, one key = value per line, # starts a comment.
It states one problem in the order in which a person writes it down. Lengths and fields are
dimensionless. A number may be written as an expression in quotes, "1/2" or "0.01/pi", in which
[constants] may be used. Paths are relative to the problem file, then to the current folder.
Any key can be overridden on the command line: --set nodes.count=4000.
"""
PIECES = {
    "interval": "left, right; or by coordinate x-low, x-high",
    "rectangle": "left, right, bottom, top; or x-low, x-high, y-low, y-high",
    "box": "x-low, x-high, y-low, y-high, z-low, z-high, by the names of the coordinates; in three "
    "dimensions also left, right (of x), bottom, top (of y), front, back (of z); in any dimension "
    "low-x1, high-x1, …",
    "disk": "surface",
    "ball": "surface",
    "ellipse": "surface",
    "annulus": "inner, outer",
    "star": "surface",
    "polygon": "edge1, edge2, …, counter-clockwise from the first vertex",
    "cylinder": "side, start, end",
    "cone": "side, start, end; a tip is none",
    "torus": "surface",
    "extrusion": "those of the shape in the plane; front at z = 0, back at the height",
    "revolution": "those of the shape in the half plane that do not lie on the axis",
    "surface": "surface, or the groups of the file; of holes in the plane hole1, hole2, …",
    "points": "surface, or the file's tags",
    "unbounded": "none",
    "union": "those of the parts; a part with a name gives name.piece, as hole.surface; equal "
    "names of parts without one are numbered, as part2.surface",
    "intersection": "as for union",
    "difference": "as for union; the first part minus the others",
}
WITHIN: dict[
    str, tuple[tuple[str, type[Section]], ...]
] = {  # tables of a section that have keys of their own
    "unknowns": (
        ("[unknowns.parameters]   name = { … }, an unknown number each", Parameter),
        ("[unknowns.eigenvalue]", Eigenvalue),
        ("[unknowns.functions]   name = { … }, an unknown function each", UnknownFunction),
    ),
    SECTION: (("[operator.family]   of one input; of several [operator.family.NAME]", Family),),
    "pde": (("[[pde.extra]]   a further residual each", Extra),),
}
OPERATORS = {
    "d": "d(e, x), d(e, x, 4): derivative of any expression along a coordinate",
    "laplace": "laplace(e): sum of the second derivatives",
    "biharmonic": "biharmonic(e): laplace(laplace(e))",
    "grad": "grad(e): vector of the first derivatives",
    "div": "div(v): divergence of a vector",
    "dn": "dn(e): derivative along the outward normal, in conditions on the boundary",
    "dot": "dot(a, b): product of two vectors",
    "norm": "norm(v): length of a vector",
    "prod": "prod(v): product of the components of a vector",
    "sum": "sum(v): sum of the components of a vector",
    "integral": 'integral(e), integral(e, on = "left"): over the domain, or a piece of the '
    "boundary; in [[constraint]] only",
    "mean": 'mean(e), mean(e, on = "left"): the integral by the size of what it extends over; in '
    "[[constraint]] only",
}
LANGUAGE = """
gauss(z) is exp(-z^2), sech(z) is 1/cosh(z), heaviside(0) is 1/2.
delta(x - a, y - b), with an argument for each coordinate of space, is a point source, of [pde]
equations only; a and b may hold t. It is spread over some spacings of the nodes.
Arithmetic: + - * / and ** or ^ for powers. Comparisons, and, or, not: in "where" only.
Coordinates: x; x, y; x, y, z; above three dimensions x1, x2, …; or those in [domain] coordinates.
With coordinates = "axisymmetric" they are r and z.
Of a problem in time, [domain] time = [t0, t1], t is a further coordinate: u_t, u_tt, u_xt; sources
and conditions may hold t. laplace, grad, div and dn act on space only.
Derivatives of fields: u_x, u_xx, u_xxyy: after the _ the coordinates along which to differentiate.
What jumps is not differentiated: heaviside and sign, abs, min and max twice. Beside the
derivatives, as in a source or k*laplace(u), they may stand. If it jumps across a surface in space,
as heaviside(x - 0.5), each side is a region of its own; across four surfaces at most.
A conductivity k of div(k*grad(u)) may jump where u passes a value, as 1 + heaviside(u - 0.5), if it
is positive, and linear in u in between: every method then solves for the integral of k over u.
Vectors: [a, b] in square brackets; X is the vector of the coordinates. A number added to a vector
is added to each component; powers, min and max are taken component by component.
On the boundary: n is the unit outward normal, n_x, n_y, … are its components.
Between regions, in [[interface]]: fields, and constants and functions that differ, have the name
of their region behind them: u.inside, u_x.inside, dn(u.inside), k.inside; n points from the first
region into the second.
Numbers: pi, the names in [constants], and in equations those in [unknowns.parameters] and of the
eigenvalue, which may be lambda. Those in [unknowns.functions] stand in formulas as fields do:
 k, k_x, div(k*grad(u)).
An equation is "lhs = rhs", or "expression" for expression = 0.
A function given as "manufactured" is derived from [exact] such that the equation in which it
stands holds; it must appear linearly in one equation, or in conditions on the boundary, each of
which then has its own.
"""


def text() -> str:
    """Return the reference as text for a terminal."""
    parts = [INTRODUCTION.strip(), _section("top level", _plain_keys(ProblemFile))]
    for name, info in ProblemFile.model_fields.items():
        if name == "domain":
            parts += [_section("[domain]", _keys(Shape, but=("name",))), _shapes()]
        elif not is_reserved(info) and name not in dict(_plain_keys(ProblemFile)):
            parts.append(_section_of(name, info))
            parts += [_section(title, _keys(model)) for title, model in WITHIN.get(name, ())]
    parts += [_language(), _later()]
    return "\n\n".join(parts)


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of problem files, for editors."""
    schema = ProblemFile.model_json_schema()
    for table in (schema, *schema["$defs"].values()):
        keys = table.get("properties", {})
        for name in [name for name, key in keys.items() if "not" in key]:  # reserved
            del keys[name]
    alone = {  # a domain of time, and of no space
        "type": "object",
        "properties": {
            "time": schema["$defs"]["Interval"]["properties"]["time"],
            "coordinates": {"type": "array", "maxItems": 0},
        },
        "required": ["time"],
        "additionalProperties": False,
    }
    schema["properties"]["domain"] = {"anyOf": [schema["properties"]["domain"], alone]}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _plain_keys(model: type[Section]) -> list[tuple[str, str]]:
    """Return the keys at the top level of the file, which are no sections."""
    return _keys(model, only=("title", "description", "references"))


def _section_of(name: str, info: FieldInfo) -> str:
    """Return the reference of one section."""
    model = section_in(info.annotation, {})
    header = f"[[{name}]]" if name in LISTS else f"[{name}]"
    title = f"{header}   {info.description}"
    if model is None:
        return textwrap.fill(title, WIDTH, subsequent_indent=" " * (len(header) + 3))
    return _section(title, _keys(model))


def _keys(
    model: type[Section], only: tuple[str, ...] = (), but: tuple[str, ...] = ()
) -> list[tuple[str, str]]:
    """Return names and meanings of a table's keys."""
    return [
        (info.alias or name, _meaning(info))
        for name, info in model.model_fields.items()
        if not is_reserved(info) and name not in but and (not only or name in only)
    ]


def _meaning(info: FieldInfo) -> str:
    """Return the meaning of a key, its choices and its default."""
    choices = re.findall(r"Literal\[([^\]]*)\]", str(info.annotation))
    parts = [info.description or ""]
    if choices:
        parts.append("one of " + choices[0].replace("'", '"'))
    if info.examples:
        parts.append(f"as {json.dumps(info.examples[0])}")
    if info.is_required():
        parts.append("required")
    elif info.default_factory is None and info.default not in (None, (), ""):
        parts.append(f"default {json.dumps(info.default)}")
    return "; ".join(part for part in parts if part)


def _section(title: str, rows: Iterable[tuple[str, str]]) -> str:
    """Return a titled list of names and meanings."""
    rows = list(rows)
    margin = max(len(name) for name, _ in rows) + 4
    lines = [
        textwrap.fill(
            f"  {name}".ljust(margin) + meaning,
            WIDTH,
            subsequent_indent=" " * margin,
            break_on_hyphens=False,
        )
        for name, meaning in rows
    ]
    return "\n".join([title, *lines])


def _shapes() -> str:
    """Return the shapes with their keys and the names of their boundary pieces."""
    common = set(Shape.model_fields) | {"shape"}
    parts = ["Shapes, their keys and the names of the pieces of their boundary"]
    for name, model in SHAPES.items():
        if name not in PIECES:
            continue
        rows = _keys(model, but=tuple(common))
        summary = (model.__doc__ or "").splitlines()[0]
        title = f'shape = "{name}"   {summary}'
        parts.append(textwrap.indent(_section(title, [*rows, ("pieces:", PIECES[name])]), "  "))
    parts.append(_section("  [[domain.pieces]]", _keys(Piece)))
    return "\n".join(parts)


def _language() -> str:
    """Return the language of the formulas."""
    functions = sorted(name for name in CALLABLE if name not in OPERATORS)
    rows = [*OPERATORS.items(), ("functions", " ".join(functions))]
    table = _section("Formulas", [(name, about) for name, about in rows])
    tables = "Interpolated functions: { file = …, column = … }"
    return f"{table}\n{LANGUAGE.strip()}\n\n{_section(tables, _keys(TabulatedFunction))}"


def _later() -> str:
    """Return the keys that are reserved for later versions."""
    keys = [f"[{name}]" for name, info in ProblemFile.model_fields.items() if is_reserved(info)]
    values: Mapping[str, tuple[str, ...]] = LATER_VALUES
    keys += [f'{key} = "{value}"' for key, names in values.items() for value in names]
    return textwrap.fill("Not in this version: " + ", ".join(keys) + ".", WIDTH)
