"""Imitates a cloud ERP of the Oracle Fusion family: orders, receipts, invoices, periods and the ledger behind them.

Documents go in, the ERP derives the entries and keeps the trial balance. Its quirks: PascalCase fields, opaque errors,
and no deduplication of its own: what is created twice exists twice, unless the caller sent the same `Idempotency-Key`.
"""

from __future__ import annotations

from pathlib import Path

from mocks.cloud_erp import imports, journals, memos, models, payments, processes, routes, suppliers
from mocks.cloud_erp.maintenance import Maintained, Windows
from mocks.cloud_erp.state import CloudErp
from mocks.kit.quirks import Quirks
from mocks.kit.system import Setup, System

__all__ = ["build"]


def build(setup: Setup) -> System[CloudErp]:
    """An ERP with empty books and no period opened yet."""
    quirks = Quirks.load(Path(__file__).with_name("quirks.toml"))
    state = CloudErp(setup.entities)
    limit_max = quirks.whole("paging", "limit_max")
    accruals = journals.Journals(state)
    jobs = imports.Imports(accruals, quirks.number("imports", "run_s"), quirks.number("imports", "row_ms"))
    system = (Maintained if setup.maintenance else System)(
        "cloud_erp",
        state,
        (
            *routes.operations(state, limit_max),
            *journals.operations(accruals),
            *imports.operations(jobs, limit_max),
            *memos.operations(memos.Memos(state)),
            *suppliers.operations(state.suppliers),
        ),
        quirks,
        setup,
        error_shape=models.error_shape,
        error_type=models.ErrorShown,
    )
    if isinstance(system, Maintained):
        system.windows = Windows(quirks)
    if setup.pay_days:
        runs = processes.PayRuns(system, payments.Payments(state, setup.terms_days), setup.pay_days)
        system.processes = (runs.play,)
    return system
