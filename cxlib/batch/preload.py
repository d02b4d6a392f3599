"""Imported by the fork server, and by nothing else: what every notebook's processes need.

The one module that works when it is imported, for that is all that a fork server can be told.
"""

import sys
from importlib import import_module

from cxlib.batch.warm import rehearse, settle

MODULES = (
    "papermill",
    "ipykernel.debugger",
    "ipykernel.ipkernel",
    "cxlib.cli",
    "cxlib.batch.execute",
    "cxlib.batch.kernels",
    "cxlib.data.opening",
    "cxlib.present.cycles",
    "cxlib.present.drivers",
    "cxlib.present.explore",
    "cxlib.present.personas",
    "cxlib.present.readiness",
    "cxlib.present.tiers",
)

# jsonschema asks for this check of web addresses if it finds it; building its grammar takes longer
# than importing pandas, and no notebook needs it.
sys.modules.setdefault("rfc3987_syntax", None)
for name in MODULES:
    import_module(name)
rehearse()
settle()
