"""Names become scenes; what each scenario calls its own, lacks, and was measured to do."""
