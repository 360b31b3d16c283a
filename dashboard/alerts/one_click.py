"""The POST by which mail programs unsubscribe with one click (RFC 8058), beside the page that a person sees by GET."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from collector.store import Store
from dashboard.alerts import wishes
from dashboard.alerts.links import unsubscribe


def one_click(opened: Callable[[], tuple[Store, str]], clock: Callable[[], datetime]) -> Route:
    """A route for POST /unsubscribe?token=…, without a login: whoever holds the mail may stop it.

    opened   the store and the secret that links are signed with, asked for when somebody comes
    """

    def stop(request: Request) -> Response:
        store, secret = opened()
        address = unsubscribe(request.query_params.get("token", ""), secret)
        if address is None:
            return PlainTextResponse("This link is not one of ours; it may have been cut.", status_code=400)
        with store.write() as conn:
            wishes.set_recipient(conn, address, unsubscribed_at=clock())
        return PlainTextResponse("No more alerts are sent to this address.")

    return Route("/unsubscribe", stop, methods=["POST"])
