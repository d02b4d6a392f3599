"""From a folder of files to validated tables."""

from cxlib.data.dataset import Dataset, open_dataset
from cxlib.data.quarter import Quarter

__all__ = ["Dataset", "Quarter", "open_dataset"]
