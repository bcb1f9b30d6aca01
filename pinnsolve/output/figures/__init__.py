"""Pictures of fields, errors and nodes."""
