"""Formulas for a page: MathML, which browsers typeset in the page's own colours and size."""

from html import escape
from xml.etree import ElementTree

NAMESPACE = "{http://www.w3.org/1998/Math/MathML}"
ELEMENTS = """math mrow mi mo mn mtext mspace mstyle mpadded mphantom menclose mfrac msqrt mroot
msub msup msubsup munder mover munderover mtable mtr mtd"""


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
