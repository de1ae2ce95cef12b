"""What the supplier-master workflow is told and asks for, beside the messages that all workflows share.

`Remember`, `Compare` and `AskNumber` are about the cross-reference, and are answered inside the same transaction.
"""

from __future__ import annotations

import msgspec

from orchestrator.canonical import SupplierRecord
from orchestrator.workflows import messages as m


class Keys(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a supplier is compared by, in normal form. `parent` is who is paid in its stead."""

    name: str
    address: str
    tax_id: str
    bank_account: str
    parent: str


class Alike(msgspec.Struct, frozen=True, gc=False):
    """A record that shares something with another: its id, its golden record, and what it is compared by."""

    record: str
    golden: str
    keys: Keys


class SupplierRead(msgspec.Struct, frozen=True, gc=False):
    """A record was proposed or edited, and has been read."""

    now_ms: int
    record: SupplierRecord


class Compared(msgspec.Struct, frozen=True, gc=False):
    """Which records share something with this one, the earliest first."""

    now_ms: int
    alike: tuple[Alike, ...]


class NumberKnown(msgspec.Struct, frozen=True, gc=False):
    """What the ERP calls the golden record; empty while it has none."""

    now_ms: int
    number: str


class Remember(msgspec.Struct, frozen=True, gc=False):
    """Enter a record into the cross-reference, or what is new about it. `settled`: it is decided whose it is."""

    record: str
    golden: str
    number: str
    settled: bool
    keys: Keys


class Compare(msgspec.Struct, frozen=True, gc=False):
    """Find what shares something with a record: among those that are settled, and those that came before it."""

    record: str
    keys: Keys


class AskNumber(msgspec.Struct, frozen=True, gc=False):
    """Say what the ERP calls the golden record of this one."""

    record: str


class CreateSupplier(msgspec.Struct, frozen=True, gc=False):
    """Create the golden record."""

    key: str
    record: SupplierRecord
    tax_id: str


class LookAtSupplier(msgspec.Struct, frozen=True, gc=False):
    """Read the golden record's tag."""

    key: str
    number: str


class ChangeSupplier(msgspec.Struct, frozen=True, gc=False):
    """Write the newest version into the golden record."""

    key: str
    number: str
    tag: str
    record: SupplierRecord
    tax_id: str


class EndSupplier(msgspec.Struct, frozen=True, gc=False):
    """Set the golden record inactive."""

    key: str
    number: str
    tag: str
    record: SupplierRecord


class OpenSite(msgspec.Struct, frozen=True, gc=False):
    """Give the record's hospital a site of the golden record."""

    key: str
    number: str
    record: SupplierRecord


class TellNumber(msgspec.Struct, frozen=True, gc=False):
    """Tell the source what the ERP calls its supplier."""

    key: str
    record: str
    number: str


Event = (
    SupplierRead
    | Compared
    | NumberKnown
    | m.EffectDone
    | m.EffectRead
    | m.EffectRejected
    | m.EffectDead
    | m.CaseDecided
    | m.TimerDue
)
Question = Remember | Compare | AskNumber
EffectCommand = CreateSupplier | LookAtSupplier | ChangeSupplier | EndSupplier | OpenSite | TellNumber
Command = Question | EffectCommand | m.OpenCase | m.StartTimer | m.StopTimer | m.Revive
