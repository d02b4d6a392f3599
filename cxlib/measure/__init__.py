"""What every subject counts with: KPIs as estimates with their intervals, and their changes.

`cxlib.measure(data, …)` measures, as `cxlib.measure.panel.measure` says.
"""

import sys
from types import ModuleType

from cxlib.lazily import offer

__getattr__, __dir__ = offer(
    __name__,
    clusters="cluster_of_customers",
    comparison="Window contrasts not_compared same_step_before",
    contrast="Contrast change_of compare steps_of_every_year",
    estimate="Estimate",
    features="account_kpis account_segments accounts_at monthly_kpis",
    kpis="KPIS RESULTS Kpi catalogue restated",
    panel="Panel kpis_of measure",
    status="judge_targets",
    targets="read_targets",
)


class _Measure(ModuleType):
    """A folder that can be called: what notebooks do most often has the shortest name."""

    def __call__(self, *args, **options):
        return self.measure(*args, **options)


sys.modules[__name__].__class__ = _Measure
