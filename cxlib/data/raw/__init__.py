"""Raw files as people have them, read as tables of text."""
