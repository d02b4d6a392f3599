"""Imported by the fork server, and by nothing else: what every notebook's processes need.

The one module that works when it is imported, for that is all that a fork server can be told.
"""

import gc
import os
import sys
from contextlib import suppress
from importlib import import_module
from pkgutil import resolve_name

from cxlib.batch.warm import NOTEBOOK_MODULES, rehearse, settle

MODULES = (
    "papermill",
    "ipykernel.debugger",
    "ipykernel.ipkernel",
    "cxlib.cli",
    "cxlib.batch.execute",
    "cxlib.batch.kernels",
    "cxlib.data.opening",
)

# Nothing imported is ever let go of; to look for what might be would be a sixth of the time.
gc.disable()
# jsonschema asks for this check of web addresses if it finds it; building its grammar takes longer
# than importing pandas, and no notebook needs it.
sys.modules.setdefault("rfc3987_syntax", None)
for name in MODULES:
    import_module(name)
for name in filter(None, os.environ.get(NOTEBOOK_MODULES, "").split(",")):
    # A notebook that cannot import it says so itself, with its cell.
    with suppress(ImportError, AttributeError):
        resolve_name(name)
rehearse()
settle()
