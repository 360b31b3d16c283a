"""How Groundswell looks: colours for light and dark screens, and the options Streamlit is started with."""

from __future__ import annotations

NEGATIVE, NEUTRAL, POSITIVE = "#cf5a1e", "#8a8f98", "#2f7fc1"
"""Vermilion, grey and blue stay apart for every kind of colour blindness (after Okabe & Ito, 2008), and each has a
contrast of at least 3 to 1 on both backgrounds."""
ACCENT, SPIKE, GAP = "#2f7fc1", "#b4468c", "#8a8f98"
OTHERS = (("#2f7fc1", [6, 3]), ("#0a8f6c", [2, 2]), ("#9a7410", [9, 3, 2, 3]), ("#8a8f98", [1, 0]))
"""Colour and dashes of what something is compared with: told apart in grey too."""
SIGNS = {"negative": "▼", "neutral": "●", "positive": "▲"}
"""A shape beside every sentiment: it is never told by colour alone."""
HEAT = ("#f3ede6", "#e9b48c", "#cf5a1e", "#7d2b05")
"""From little to much dissatisfaction; one hue, growing darker, so that it reads in grey too."""

STREAMLIT_OPTIONS = {
    "client.disableDataExport": "true",
    "client.toolbarMode": "minimal",
    "client.showErrorDetails": "none",
    "runner.magicEnabled": "false",
    # Messages that a browser is thought to remember are sent by reference; after quick changes of page it had sometimes
    # forgotten one and lost the connection.
    "global.minCachedMessageSize": "1e12",
    "browser.gatherUsageStats": "false",
    "server.headless": "true",
    "server.fileWatcherType": "none",
    "theme.baseRadius": "medium",
    "theme.headingFontSizes": '["1.6rem", "1.2rem", "1.05rem"]',
    "theme.metricValueFontSize": "1.75rem",
    "theme.light.primaryColor": "#1f6aa8",
    "theme.light.linkColor": "#1a5d94",
    "theme.light.textColor": "#22262b",
    "theme.light.backgroundColor": "#ffffff",
    "theme.light.secondaryBackgroundColor": "#f4f6f8",
    "theme.dark.primaryColor": "#6cb2e8",
    "theme.dark.linkColor": "#8cc4f0",
    "theme.dark.textColor": "#e9ecef",
    "theme.dark.backgroundColor": "#14181d",
    "theme.dark.secondaryBackgroundColor": "#20262d",
}
"""Options of `streamlit run`. Light and dark are both defined, and neither is the base: the reader's system chooses."""


def streamlit_arguments() -> list[str]:
    """The options as command line arguments."""
    return [f"--{name}={value}" for name, value in STREAMLIT_OPTIONS.items()]
