"""Whom rows tell of: pseudonyms, and what is masked in texts."""
