"""The look: a quiet Gradio theme with fonts that Gradio itself ships, and the page's own style and script."""

from __future__ import annotations

from gradio.themes import Base
from gradio.themes.utils import colors, sizes
from gradio.themes.utils.fonts import LocalFont


def theme() -> Base:
    return Base(
        primary_hue=colors.teal,
        neutral_hue=colors.stone,
        radius_size=sizes.radius_sm,
        text_size=sizes.text_md,
        spacing_size=sizes.spacing_md,
        font=(LocalFont("IBM Plex Sans", weights=(400, 600, 700)), "Noto Sans TC", "PingFang TC", "sans-serif"),
        font_mono=(LocalFont("IBM Plex Mono", weights=(400, 600)), "monospace"),
    ).set(
        body_background_fill="*neutral_50",
        block_border_width="1px",
        block_shadow="none",
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_hover="*primary_800",
        button_primary_text_color="white",
    )


def head() -> str:
    """Light or dark as the person chose, the style, and the page's own modules."""
    return (
        '<script src="/workbench/static/first.js"></script><link rel="stylesheet" href="/workbench/static/page.css">'
        '<script type="module" src="/workbench/static/main.js"></script>'
    )
