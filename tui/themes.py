"""The program's own themes: calm greys, and one accent that marks the focus and nothing else."""

from textual.theme import Theme

DARK = Theme(
    name="ocitui-dark",
    primary="#6cb6ff",
    secondary="#8b98a9",
    accent="#6cb6ff",
    foreground="#d5dbe3",
    background="#12161c",
    surface="#1a2028",
    panel="#1f2630",
    success="#7fc98f",
    warning="#e0b566",
    error="#f0787a",
    dark=True,
    variables={
        "border": "#6cb6ff",
        "border-blurred": "#3a4452",
        "block-cursor-background": "#2b5a8c",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-text-style": "bold",
        "block-cursor-blurred-background": "#262e39",
        "block-cursor-blurred-foreground": "#d5dbe3",
        "block-cursor-blurred-text-style": "none",
        "footer-key-foreground": "#a9b7c6",
        "footer-background": "#1f2630",
        "scrollbar": "#3a4452",
        "scrollbar-background": "#12161c",
        "scrollbar-hover": "#566375",
        "scrollbar-active": "#6cb6ff",
    },
)

LIGHT = Theme(
    name="ocitui-light",
    primary="#0b62b8",
    secondary="#5b6673",
    accent="#0b62b8",
    foreground="#1d2530",
    background="#fbfcfd",
    surface="#ffffff",
    panel="#eceff3",
    success="#1d7a3a",
    warning="#8a5a00",
    error="#b3261e",
    dark=False,
    variables={
        "border": "#0b62b8",
        "border-blurred": "#bcc5d0",
        "block-cursor-background": "#cfe3f8",
        "block-cursor-foreground": "#0a2540",
        "block-cursor-text-style": "bold",
        "block-cursor-blurred-background": "#e6eaef",
        "block-cursor-blurred-foreground": "#1d2530",
        "block-cursor-blurred-text-style": "none",
        "footer-key-foreground": "#3f4b59",
        "footer-background": "#eceff3",
        "scrollbar": "#bcc5d0",
        "scrollbar-background": "#fbfcfd",
        "scrollbar-hover": "#8e9aa8",
        "scrollbar-active": "#0b62b8",
    },
)

THEMES = (DARK, LIGHT)
