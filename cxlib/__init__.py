"""Customer-experience analytics: data → measure → analysis → present → batch."""
