"""Pure decisions: values in, value out. No input or output, no clock, no settings."""
