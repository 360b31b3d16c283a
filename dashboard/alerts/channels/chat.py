"""Chat rooms and webhooks through Apprise: a Message as short plain text that cannot call anybody or pass as markup."""

from __future__ import annotations

import logging
import re

from dashboard.alerts.channels import MessageRefused, ServerUnreachable
from dashboard.alerts.message import Message

TEXT_SHOWN = 3_000
"""Characters; Slack and Teams cut longer messages themselves, in places of their own choice."""
_ROOMIER = {"workflow", "workflows"}
"""Teams takes 28 kB by these, where Apprise states 1,000 characters."""
_CALL = re.compile(r"(?<!\w)[@<](?=[!@#\w])")


def harmless(text: str) -> str:
    """Public text in a chat: "@channel", "<!here>" and "<@U1>" lose their power by an invisible space."""
    return _CALL.sub(lambda found: found.group() + "\u200b", text)


def bounded(text: str, most: int, link: str | None) -> str:
    """A text of at most so many characters, cut after a line; one that is cut ends with the link, if that fits."""
    if len(text) <= most:
        return text
    end = "" if link is None or len(link) + 3 >= most else f"\n… {link}"
    return text[: max(most - len(end), 0)].rpartition("\n")[0] + end


def send(url: str, message: Message) -> None:
    """Send one message to one room, given as an Apprise URL (never shown: it holds secrets). Raises ChannelError."""
    from apprise import Apprise, NotifyFormat, NotifyType  # loads over a hundred services: only once one is used

    # It repeats an address that it cannot read, secrets and all.
    logging.getLogger("apprise").disabled = True
    service = url.partition(":")[0]
    room = Apprise()
    if not room.add(url):
        raise MessageRefused(f"The chat address starting with {service}: is not one that Apprise understands.")
    title = harmless(message.subject)
    most = TEXT_SHOWN if service.lower() in _ROOMIER else min(TEXT_SHOWN, room[0].body_maxlen - len(title) - 10)
    body = bounded(harmless(message.text), most, message.link)
    sent = room.notify(body=body, title=title, notify_type=NotifyType.WARNING, body_format=NotifyFormat.TEXT)
    if not sent:
        raise ServerUnreachable(
            f"{service} did not take the message. Check the address in the person's chat setting, and the network."
        )
