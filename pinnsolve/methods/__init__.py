"""Methods: each turns a problem and its nodes into an objective and trains a network on it."""
