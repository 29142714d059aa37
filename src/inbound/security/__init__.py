"""Who may hand us mail, and how much of us one peer may take."""
