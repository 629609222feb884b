"""A recording as dataset frames on one clock, in a schema; drafts of mappings."""
