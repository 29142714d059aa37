"""The story of a message: resolve_sender, classify, dedupe, persist. Stages look things up; rules decide."""
