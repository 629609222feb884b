"""What each verb of the `shiliu` command does."""
