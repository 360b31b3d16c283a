"""How a message reaches a person: what every channel can answer, and what can go wrong on the way.

ChannelError
├── ChannelDown            server not reached, login or certificate refused: hits every message of the channel
│   ├── ServerUnreachable    no connection, or it broke off                     retry: yes
│   │   └── NoAnswer           the message was handed over, no answer came        retry: yes, it may come twice
│   ├── CertificateRefused   the server's certificate is not trusted            retry: yes, once somebody acts
│   └── LoginRefused         user or password not accepted                      retry: yes, once somebody acts
├── TryLater               the server asked to come back (4xx)                  retry: yes
└── Refused                the server will never take this one (5xx)            retry: no
    ├── RecipientRefused     it does not accept this address
    └── MessageRefused       it does not accept this message or this sender
"""

from __future__ import annotations


class ChannelError(Exception):
    """The base; the message is a sentence for the owner, `retry` says whether sending again can help."""

    retry = True


class ChannelDown(ChannelError):
    """Nothing can be sent through this channel now, whoever the recipient is."""


class ServerUnreachable(ChannelDown):
    """The server did not answer in time, refused the connection or broke it off."""


class NoAnswer(ServerUnreachable):
    """The server was given the message and did not say whether it took it."""


class CertificateRefused(ChannelDown):
    """The server's certificate is not trusted, or does not carry the server's name."""


class LoginRefused(ChannelDown):
    """The server did not accept user and password, or offers no login at all."""


class TryLater(ChannelError):
    """The server cannot take this message now and asked to try again."""


class Refused(ChannelError):
    """The server will not take this message, today or later."""

    retry = False


class RecipientRefused(Refused):
    """The server does not accept the recipient's address."""


class MessageRefused(Refused):
    """The server does not accept this message, or this sender."""
