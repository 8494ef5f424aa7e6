"""A classifier in a folder of its own, which answers without this program as it does inside.

`classify` reads such a folder, here and there; the other modules write it.
"""
