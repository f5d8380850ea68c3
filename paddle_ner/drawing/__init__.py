"""What people see in a browser: marked texts, charts, whole pages that load nothing.

It is in the lowest layer: it draws what it is given and knows none of the project's types.
"""
