"""The mocked enterprise systems, one folder each, all of one shape, over `kit/`.

A system is what an application of its family would be seen to be from outside: its API, its state machine, its
webhooks. No system imports another: as in life, one touches another only by a message. The world's intentions, faults
and the journal do not belong here.
"""

from typing import Final

SYSTEMS: Final = ("identity", "procurement", "inventory", "ap_automation", "cloud_erp", "service_desk")
"""Every system of the estate, by folder. `sim` builds them in this order."""
