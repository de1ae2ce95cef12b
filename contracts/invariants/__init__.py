"""The business contracts, one file each; a new one is a file here and a line in `INVARIANTS`.

They judge truth, effects, wire acknowledgements and cases, and never an orchestrator's own word or store. Tolerances and
time limits are the contracts' own: they share none with the code under test or with the world.
"""

from __future__ import annotations

from typing import Final

from contracts.invariant import Invariant
from contracts.invariants.i01_effect_once import EffectOnce
from contracts.invariants.i02_no_orphan import NoOrphan
from contracts.invariants.i03_amount import Amount
from contracts.invariants.i04_balanced import Balanced
from contracts.invariants.i05_subledger import Subledger
from contracts.invariants.i06_period import RightPeriod
from contracts.invariants.i07_grni import ReceivedNotInvoiced
from contracts.invariants.i08_reversal import Reversal
from contracts.invariants.i09_monotone import Monotone
from contracts.invariants.i10_complete import Complete
from contracts.invariants.i11_conservation import Conservation
from contracts.invariants.i12_match_pay import MatchPay
from contracts.invariants.i16_master import Master
from contracts.invariants.i17_authority import Authority
from contracts.invariants.i19_lineage import Lineage
from contracts.invariants.i20_liveness import Liveness
from contracts.invariants.i21_reporting import Reporting
from contracts.invariants.i22_feedback import Feedback
from contracts.invariants.i23_tokens import Tokens
from contracts.invariants.i24_authentic import Authentic

INVARIANTS: Final[tuple[Invariant, ...]] = (
    EffectOnce(),
    NoOrphan(),
    Amount(),
    Balanced(),
    Subledger(),
    RightPeriod(),
    ReceivedNotInvoiced(),
    Reversal(),
    Monotone(),
    Complete(),
    Conservation(),
    MatchPay(),
    Master(),
    Authority(),
    Lineage(),
    Liveness(),
    Reporting(),
    Feedback(),
    Tokens(),
    Authentic(),
)
