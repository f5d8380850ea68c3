"""What people look at in a browser: marked texts, charts, whole pages that load nothing from anywhere.

The lowest layer: it draws what is given and knows none of the project's types.
"""
