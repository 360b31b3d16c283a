"""HTML as people wrote it, as plain text: breaks kept, quotations of others and anything that is not prose dropped."""

from __future__ import annotations

import html
import re

from selectolax.lexbor import LexborHTMLParser

DROPPED = "script, style, noscript, template, iframe, object, svg, head, blockquote, aside.quote, aside.onebox"
"""What is no utterance of this author: code, embedded things, and what others said (quotes in forums are asides)."""
BROKEN_AFTER = ("p", "li", "div", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "ul", "ol", "dd", "dt", "figure")

_MARKUP = re.compile(r"<[a-zA-Z!/][^>]*>|&(?:#\d+|#x[0-9a-fA-F]+|\w+);")
_SPACES = re.compile(r"[^\S\n]+")
_BREAKS = re.compile(r" ?\n ?(?:\s*\n)*")


def text_of(markup: str | None) -> str:
    """The text of an HTML fragment: one line per paragraph, list item or break; entities undone once.

    Neighbouring inline elements stay glued as a browser shows them ("la<b>te</b>" is "late").
    """
    if not markup:
        return ""
    if "<" not in markup:
        return html.unescape(markup).strip() if "&" in markup else markup.strip()
    tree = LexborHTMLParser(markup)
    body = tree.body
    if body is None:
        return ""
    for node in body.css(DROPPED):
        node.decompose()
    for node in body.css("br"):
        node.replace_with("\n")
    for name in BROKEN_AFTER:
        for node in body.css(name):
            node.insert_after("\n")
            node.insert_before("\n")
    for node in body.css("td, th"):
        node.insert_after(" ")
    lines = _SPACES.sub(" ", body.text(deep=True))
    return _BREAKS.sub("\n", lines).strip()


def plain(text: str | None) -> str:
    """Text that may or may not be markup: read as HTML only where it holds a tag or an entity."""
    if not text:
        return ""
    return text_of(text) if _MARKUP.search(text) else text.strip()


def titled(title: str | None, body: str | None) -> str:
    """A title over its text, the title left out where the text begins with it."""
    title, body = (title or "").strip(), (body or "").strip()
    stem = title.rstrip(".… ")
    if not title or (stem and body.startswith(stem)):
        return body or title
    return f"{title}\n{body}" if body else title
