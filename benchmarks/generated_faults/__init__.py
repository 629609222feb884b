"""Faults without a list: an operation, columns, a span and a size are drawn, and put into a take that was written or recorded.

Nothing here has a code of a check, and no check imports anything of it: a fault says what was done to which column, when and by
how much, and `scoring` asks whether the verdict says the same.
"""
