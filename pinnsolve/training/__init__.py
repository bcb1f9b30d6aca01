"""The course of a training, from first weights to the last phase."""
