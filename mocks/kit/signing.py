"""Webhook headers: delivery and event ids, topic, and the signature a receiver can check."""

from __future__ import annotations

import hashlib
import hmac

from contracts.wire import Event


def headers(event: Event, delivery_id: str, secret: bytes) -> dict[str, str]:
    """The headers of one delivery of an event."""
    return {
        "content-type": "application/json",
        "delivery-id": delivery_id,
        "event-id": event.event_id,
        "topic": event.topic,
        "signature": "sha256=" + hmac.digest(secret, event.body, hashlib.sha256).hex(),
    }
