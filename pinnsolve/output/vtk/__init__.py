"""Files for ParaView."""
