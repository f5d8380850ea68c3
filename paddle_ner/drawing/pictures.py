"""Charts of `paddle_ner.drawing.charts` as files of their own."""

from __future__ import annotations

from paddle_ner.environment import is_installed

_RENDERER = "resvg_py"  # of the extra report
_ZOOM = 3.0  # pixels of a picture for one unit of a chart

_STYLE = (
    "text{font:11px system-ui,'Noto Sans CJK SC','Noto Sans SC',sans-serif;fill:#1b1f27}.zh{display:none}"
    ".fine{fill:#5b6472}.strong{font-weight:600}.onfill{fill:#fff}.grid{stroke:#dfe3e9;stroke-width:1}"
    ".dash{stroke:#5b6472;stroke-width:1;stroke-dasharray:3 3}"
    ".line{fill:none;stroke-width:1.8;stroke-linejoin:round;stroke-linecap:round}"
    + "".join(
        f".s{number}{{stroke:{colour}}}.f{number}{{fill:{colour}}}"
        for number, colour in enumerate(("#3257c8", "#8a4fbf", "#1d7a4d", "#b06a00", "#b3372c", "#5b6472"))
    )
)
"""The style of a chart in a file of its own, in English, on white."""


def svg(chart: str) -> str:
    """An SVG file."""
    return chart.replace("<title>", f"<style>{_STYLE}</style><title>", 1).replace(
        "<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1
    )


def has_png() -> bool:
    """Whether pictures can be made as PNG too."""
    return is_installed(_RENDERER)


def png(chart: str) -> bytes:
    """A PNG file, on white; needs the extra ``report``."""
    import resvg_py

    return bytes(resvg_py.svg_to_bytes(svg_string=svg(chart), zoom=_ZOOM, background="#ffffff"))
