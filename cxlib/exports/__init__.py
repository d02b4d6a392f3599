"""A published quarter as files that people take along: a workbook, slides, a PDF.

They are made of what was published, and nothing is calculated again: every number is one of
`findings.json`.
"""
