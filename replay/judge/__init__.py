"""Stages to one verdict, cause and owner."""
