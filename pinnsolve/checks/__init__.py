"""What is examined before any work is done."""
