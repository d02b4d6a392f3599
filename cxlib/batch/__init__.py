"""From notebooks to published pages; this room knows notebooks, not analyses."""
