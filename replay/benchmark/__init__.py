"""What `shiliu bench` measures."""
