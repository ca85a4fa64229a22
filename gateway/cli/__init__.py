"""The one command, `hopnhat`: every verb an operator types."""
