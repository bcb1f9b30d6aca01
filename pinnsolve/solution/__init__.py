"""What comes out of a solve."""
