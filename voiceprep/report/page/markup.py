"""Building HTML and SVG so that a text can never become markup.

Whatever is not `Markup` already is escaped when it is put inside an element or an
attribute; `Markup` comes out of this module alone.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_VOID = frozenset({"circle", "input", "line", "path", "rect", "use"})
"""Elements written without content: HTML's own and the shapes of SVG."""


class Markup(str):
    """A piece of finished HTML or SVG."""

    __slots__ = ()


def tag(name: str, *content: str | None, **attributes: str | float | bool | None) -> Markup:
    """Return an element; content that is no `Markup` is escaped, None is left out.

    In the names of attributes "_" stands for "-" and one at the end is dropped
    (`class_`, `aria_label`). True gives an attribute without a value, False and None
    leave it out.
    """
    opened = f"<{name}{''.join(_attribute(k, v) for k, v in attributes.items())}>"
    if name in _VOID:
        # A shape of SVG has to be closed to be valid in both syntaxes.
        return Markup(opened if name == "input" else f"{opened[:-1]}/>")
    return Markup(f"{opened}{joined(content)}</{name}>")


def joined(content: Iterable[str | None], between: str = "") -> Markup:
    """Return pieces one after another, each escaped unless it is `Markup`."""
    return Markup(_safe(between).join(_safe(piece) for piece in content if piece is not None))


def _safe(piece: str) -> str:
    return piece if isinstance(piece, Markup) else escape(piece, quote=False)


def _attribute(name: str, value: str | float | bool | None) -> str:
    if value is None or value is False:
        return ""
    label = name.rstrip("_").replace("_", "-")
    if value is True:
        return f" {label}"
    shown = f"{value:g}" if isinstance(value, float) else str(value)
    return f' {label}="{escape(shown)}"'
