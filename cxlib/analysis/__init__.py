"""Pure functions from frames to frozen results; nothing here draws, reads or prints."""
