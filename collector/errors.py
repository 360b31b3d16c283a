"""What can go wrong while collecting, and whether trying again helps.

CollectorError
├── SourceUnavailable      the site did not answer or answered 5xx        retry: yes, later
│   └── RateLimited        the site asked us to wait; knows until when    retry: yes, after `until`
│       └── BudgetSpent    what may be paid for or asked for is used up   retry: yes, after `until`
├── SourceRefused          401, 403, 404, 410: key, permission, address   retry: no, somebody must act
├── PayloadChanged         the answer is not in the shape we know         retry: no, the source file must learn it
├── TooLarge               the answer passed the size or time limit       retry: no
├── AddressForbidden       the address leads into a private network       retry: no
├── BadSettings            the configured options cannot work             retry: no
└── Stopped                we were asked to stop while waiting            retry: yes, nothing is wrong
"""

from __future__ import annotations

from datetime import datetime


class CollectorError(Exception):
    """The base; `retry` says whether the next scheduled run may succeed without anybody acting."""

    retry = False


class SourceUnavailable(CollectorError):
    """The site did not answer, or answered with a server error."""

    retry = True


class RateLimited(SourceUnavailable):
    """The site asked us to wait until `until` (aware UTC); told is False where it did not say how long."""

    def __init__(self, message: str, until: datetime, *, told: bool = True) -> None:
        super().__init__(message)
        self.until = until
        self.told = told


class BudgetSpent(RateLimited):
    """What the owner pays for, or the site grants a day or a month, is used up; it is renewed at `until`."""


class SourceRefused(CollectorError):
    """The site refused the key, the permission or the address."""


class PayloadChanged(CollectorError):
    """The answer is not in the shape that this source is known to send."""


class TooLarge(CollectorError):
    """The answer passed the limit on size or time."""


class AddressForbidden(CollectorError):
    """The address leads where a collector may not go (a private network, a file)."""


class BadSettings(CollectorError):
    """The options of a source cannot work as configured."""


class Stopped(CollectorError):
    """Somebody asked us to stop; nothing is wrong, and the next run goes on from here."""

    retry = True
