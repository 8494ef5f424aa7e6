"""The look: a quiet Gradio theme with fonts that Gradio itself ships, and the page's own style and script."""

from __future__ import annotations

from fsl_demo.ui.gradio_import import gradio as gr

Font = gr.themes.utils.fonts.LocalFont


def theme() -> gr.themes.Base:
    return gr.themes.Base(
        primary_hue=gr.themes.colors.teal,
        neutral_hue=gr.themes.colors.stone,
        radius_size=gr.themes.sizes.radius_sm,
        text_size=gr.themes.sizes.text_md,
        spacing_size=gr.themes.sizes.spacing_md,
        font=(Font("IBM Plex Sans", weights=(400, 600, 700)), "Noto Sans TC", "PingFang TC", "sans-serif"),
        font_mono=(Font("IBM Plex Mono", weights=(400, 600)), "monospace"),
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
