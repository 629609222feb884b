"""Arithmetic on streams: clocks, joint columns, filters, lag, shares."""
