"""Which column of a table is the text, the label and the id: by their names, and by what their cells hold."""
