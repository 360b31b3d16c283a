"""HTML as people wrote it, as plain text: breaks kept, quotations of others and anything that is not prose dropped."""

from __future__ import annotations

import html
import re

from selectolax.lexbor import LexborHTMLParser

DROPPED = (
    "script, style, noscript, template, iframe, object, svg, head, blockquote, aside.quote, aside.onebox, "
    ".quote-inline, .lightbox .meta, .lightbox-wrapper .meta"
)
"""What is no utterance of this author: code, embedded things, what others said (quotes in forums are asides), the link
that stands in for a quoted post in the fediverse, and the name and size of a picture in Discourse."""
EMOJI = "img.emoji, img.wp-smiley"
"""Pictures of emoji, as Discourse and WordPress write them: their names are what was said."""
BROKEN_AFTER = ("p", "li", "div", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "ul", "ol", "dd", "dt", "figure")

LONGEST, MOST_TAGS = 1_000_000, 2_000
"""Characters and tags of which a tree is built: deep or badly closed ones cost the square of their number, and no
utterance has as many. From more than that the tags are cut out, and the words kept."""

_NAMES = (
    "a|abbr|address|article|aside|b|big|blockquote|body|br|button|center|cite|code|dd|del|details|div|dl|dt|em"
    "|figcaption|figure|font|footer|form|h[1-6]|head|header|hr|html|i|iframe|img|input|ins|kbd|label|li|link|main"
    "|mark|meta|nav|noscript|object|ol|p|picture|pre|q|s|script|section|small|source|span|strike|strong|style|sub"
    "|summary|sup|svg|table|tbody|td|template|textarea|tfoot|th|thead|time|title|tr|tt|u|ul|video|wbr"
)
# No part of these runs over the next "<", so a text of nothing but "<a" is looked at once.
_TAG = re.compile(
    rf"<(?:{_NAMES})(?:\s*/?>|\s[^<>=]*=[^<>]*>)|</[a-z][\w:-]*\s*>|<!--[^<>]*-->|<!doctype\b[^<>]*>", re.IGNORECASE
)
_ENTITY = re.compile(r"&(?:#\d+|#x[0-9a-fA-F]+|\w+);")
_CODE = re.compile(r"<(?:script|style)\b[^<>]*>[^<]*", re.IGNORECASE)
_BREAKING = re.compile(rf"</?(?:br|td|th|{'|'.join(BROKEN_AFTER)})\b[^<>]*>", re.IGNORECASE)
_ANY_TAG = re.compile(r"<[a-z/!][^<>]*>", re.IGNORECASE)
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
    if len(markup) > LONGEST or markup.count("<") > MOST_TAGS:
        return _without_tags(markup)
    tree = LexborHTMLParser(markup)
    body = tree.body
    if body is None:
        return ""
    for node in body.css(DROPPED):
        node.decompose()
    for node in body.css(EMOJI):
        node.replace_with(_emoji(node.attributes.get("alt")))
    for node in body.css("br"):
        node.replace_with("\n")
    for name in BROKEN_AFTER:
        for node in body.css(name):
            node.insert_after("\n")
            node.insert_before("\n")
    for node in body.css("td, th"):
        node.insert_after(" ")
    return _tidied(body.text(deep=True))


def _emoji(name: str | None) -> str:
    """An emoji by itself, or its name between colons."""
    return f":{name}:" if name and re.fullmatch(r"[\w+-]+", name) and name.isascii() else name or ""


def _without_tags(markup: str) -> str:
    return _tidied(html.unescape(_ANY_TAG.sub("", _BREAKING.sub("\n", _CODE.sub("", markup)))))


def _tidied(text: str) -> str:
    return _BREAKS.sub("\n", _SPACES.sub(" ", text)).strip()


def plain(text: str | None) -> str:
    """Text that may or may not be markup: read as HTML only where it holds a tag of HTML, else its entities undone."""
    if not text:
        return ""
    if _TAG.search(text):
        return text_of(text)
    return (html.unescape(text) if _ENTITY.search(text) else text).strip()


def unescaped(text: str) -> str:
    """Plain text of which a site escapes < > & and nothing else."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def titled(title: str | None, body: str | None) -> str:
    """A title over its text, the title left out where the text begins with it."""
    title, body = (title or "").strip(), (body or "").strip()
    stem = title.rstrip(".… ")
    if not title or (stem and body.startswith(stem)):
        return body or title
    return f"{title}\n{body}" if body else title
