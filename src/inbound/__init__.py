"""inbound: redirected support mail in, service-desk tickets in PostgreSQL out.

smtp/      what the peer sees: listeners, replies, limits
intake     waiting deliveries -> batches -> pipeline -> answers
pipeline/  resolve_sender, classify, dedupe, persist: the story of a message
rules/     pure decisions
message/   bytes -> Mail; never raises on bad mail
model/     the vocabulary
database/  the only package that speaks SQL
security/  who may hand us mail
logs metrics   what is told, and what is counted
cli/ app   commands, and the composition root that builds and runs everything
"""

__version__ = "0.1.0"
