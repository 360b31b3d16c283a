"""Chat rooms and webhooks through Apprise: a Message as short plain text that cannot call anybody or pass as markup."""

from __future__ import annotations

import re

from dashboard.alerts.channels import MessageRefused, ServerUnreachable
from dashboard.alerts.message import Message

TEXT_SHOWN = 3_000
"""Characters; Slack and Teams cut longer messages themselves, in places of their own choice."""
_CALL = re.compile(r"(?<!\w)[@<](?=[!@#\w])")


def harmless(text: str) -> str:
    """Public text in a chat: "@channel", "<!here>" and "<@U1>" lose their power by an invisible space."""
    return _CALL.sub(lambda found: found.group() + "\u200b", text)


def send(url: str, message: Message) -> None:
    """Send one message to one room, given as an Apprise URL (never shown: it holds secrets). Raises ChannelError."""
    from apprise import Apprise, NotifyFormat, NotifyType  # loads over a hundred services: only once one is used

    service = url.partition(":")[0]
    room = Apprise()
    if not room.add(url):
        raise MessageRefused(f"The chat address starting with {service}: is not one that Apprise understands.")
    body = harmless(message.text)
    if len(body) > TEXT_SHOWN:
        body = body[:TEXT_SHOWN].rsplit("\n", 1)[0] + ("" if message.link is None else f"\n… {message.link}")
    sent = room.notify(
        body=body, title=harmless(message.subject), notify_type=NotifyType.WARNING, body_format=NotifyFormat.TEXT
    )
    if not sent:
        raise ServerUnreachable(
            f"{service} did not take the message. Check the address in the person's chat setting, and the network."
        )
