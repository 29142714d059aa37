"""Octets in, values out: reading mail without ever raising on it.

``parse.parse`` is the door; everything behind it is pure and linear in the length of the message.

===================  ==============================================================================
parse                the whole of a message as a ``model.mail.Mail``
identity             which deliveries are the same message; frozen (with identity_leaf)
pieces               where large bodies may be cut, to be worked on piece by piece
structure            octets -> tree of parts
headers              header block -> fields; parameters of a field (RFC 2045, 2231)
encoded_words        RFC 2047
addresses, dates     address lists; points in time
transfer, charset    octets as sent -> octets as meant -> characters
body                 tree of parts -> the text a person reads
html, markup         HTML -> text; ``hidden`` elements are left out
display              HTML -> HTML that is safe to show
armour               text signed with OpenPGP, without its armour
flowed, enriched     format=flowed; text/enriched
uuencode, tnef, rtf  files in a text; files and text in a winmail.dat
smime                what an opaque signature is around
attachments          everything else, decoded and named
kinds                what a message is besides its text; asks the following only where a cheap sign is there
marks                what the header says about how the message was made
dsn                  delivery status notifications: ``bounce_signs`` is it one, ``delivery_fields`` RFC 3464,
                     ``bounce_text``, ``bounce_status`` what servers write to people, ``bounce_fallback`` the rest
ses                  Amazon's bounces and complaints in JSON
feedback, receipts   complaints (RFC 5965); read receipts (RFC 8098)
calendar             invitations: ``calendar_zones`` their time zones, ``calendar_text`` a text for people
confirmations        a provider asks whether mail may be forwarded here
protection           signed, encrypted
===================  ==============================================================================
"""
