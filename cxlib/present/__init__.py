"""What people see: figures with alt text, tables, sentences, widgets. One module a notebook."""
