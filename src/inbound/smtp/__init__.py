"""What a peer sees: listeners, the SMTP protocol, replies. The only package that imports aiosmtpd."""
