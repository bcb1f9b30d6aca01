"""The parts of a page: sections, tables, formulas, and the whole, in one dress.

HTML without scripts and without anything from the network; formulas are MathML, which browsers
typeset in the page's own colours and size. All text is escaped here, but content that says it is
HTML.
"""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib.resources import files
from string import Template
from xml.etree import ElementTree

NAMESPACE = "{http://www.w3.org/1998/Math/MathML}"
ELEMENTS = """math mrow mi mo mn mtext mspace mstyle mpadded mphantom menclose mfrac msqrt mroot
msub msup msubsup munder mover munderover mtable mtr mtd"""


def page(
    *,
    title: str,
    kicker: str,
    status: str,
    kind: str,
    findings: str,
    figures: Mapping[str, str],
    sections: Iterable[str],
    footer: str,
) -> str:
    """Return a whole page.

    Parameters
    ----------
    title, kicker, findings, footer
        Text: the headline, what stands small above it, what follows, and the end.
    status
        The verdict, or how the work ended.
    kind
        Its colour: ``good`` is green, ``doubt`` yellow, ``bad`` red.
    figures
        The numbers that one looks for first, by name.
    sections
        HTML, each from `section`.
    """
    template = Template(files("pinnsolve.output.report").joinpath("report.html").read_text("utf-8"))
    numbers = (
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>"
        for name, value in figures.items()
    )
    return template.substitute(
        title=escape(title),
        kicker=f'{escape(kicker)} · <span class="status {kind}">{escape(status)}</span>',
        findings=escape(findings),
        figures="\n".join(numbers),
        sections="\n".join(sections),
        footer=escape(footer),
    )


def section(title: str, content: str) -> str:
    """Return a section of HTML content, or nothing if it has none."""
    return f"<section>\n<h2>{title}</h2>\n{content}\n</section>" if content else ""


def table(
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    caption: str,
    numbers: Iterable[int] | None = None,
) -> str:
    """Return a table; columns of numbers, by default all but the first, are set to the right.

    What follows a line break in a cell is set below in softer ink.
    """
    right = set(range(1, len(head)) if numbers is None else numbers)
    kinds = [" class='number'" if i in right else "" for i in range(len(head))]
    titles = "".join(
        f"<th{' style=text-align:right' if i in right else ''}>{escape(title)}</th>"
        for i, title in enumerate(head)
    )
    lines = (
        "<tr>"
        + "".join(f"<td{k}>{_cell(c)}</td>" for k, c in zip(kinds, row, strict=True))
        + "</tr>"
        for row in rows
    )
    return (
        f"<div class='scroll'><table><caption>{escape(caption)}</caption>"
        f"<thead><tr>{titles}</tr></thead><tbody>{''.join(lines)}</tbody></table></div>"
    )


def _cell(text: str) -> str:
    """Return the content of a cell."""
    first, _, below = escape(text).partition("\n")
    return f"{first}<br><span class='soft'>{below}</span>" if below else first


def mathml(latex: str, text: str) -> str:
    """Return a formula as MathML.

    Parameters
    ----------
    latex
        The formula.
    text
        What stands in its place, as code, if it cannot be converted; escaped here.
    """
    from latex2mathml.converter import convert

    try:
        markup = convert(latex)
        tags = {element.tag for element in ElementTree.fromstring(markup).iter()}
    except Exception:  # the converter raises whatever an unforeseen formula leads it into
        return f"<code>{escape(text)}</code>"
    markup = markup.replace("<mi>&#x00394;</mi>", '<mi mathvariant="normal">&#x00394;</mi>')
    # text within a formula passes the converter as it is, so that foreign elements could too
    known = {NAMESPACE + name for name in ELEMENTS.split()}
    return markup if tags <= known else f"<code>{escape(text)}</code>"
