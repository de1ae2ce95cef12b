"""Known bad: deliveries are told apart by their delivery id, and what is done about one is keyed by it.

Every delivery has an id and no id comes twice, so this seems to be what the id is for. But the sender repeats an *event*
under a new delivery id, and then everything about it is new. It does not poll for papers: a list has no delivery ids.
"""

from __future__ import annotations

from pathlib import Path

from contracts.ports import Delivery, Ports
from orchestrator.engine.assembly import Orchestrator
from orchestrator.engine.habits import Habits
from orchestrator.engine.news import News


def id_of_delivery(news: News, delivery: Delivery) -> str:
    """A delivery is what its own id says."""
    del news
    return delivery.headers["delivery-id"].replace(":", "-")


HABITS = Habits(identify=id_of_delivery, streams=("service_desk",))


async def run(ports: Ports, durable_dir: Path) -> None:
    """One worker of it."""
    await Orchestrator(ports, durable_dir, HABITS).live()
