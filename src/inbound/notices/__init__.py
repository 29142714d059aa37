"""Notices on their way out: templates, the mail they become, and the sender that hands it to the smart host."""
