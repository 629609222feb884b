"""The data line: any number of recordings, each judged once, by worker processes that may be killed at any moment."""

FOLDER = "ledger"  # in the folder of the verdicts, where no other is named
