"""Who may act as a resource or as an approver: only whose authorship is proven. No verdict is not a pass."""

from inbound.model.authorship import Authorship
from inbound.model.desk import Approvers
from inbound.model.mail import Delivery
from inbound.model.proof import Method
from inbound.model.trace import Step, hit, miss
from inbound.model.verdict import Standing


def proof_step(delivery: Delivery) -> Step:
    """What was found about the authorship of a message, as a line of its trace."""
    proof = delivery.proof
    if delivery.peer.is_trusted and proof.method in {Method.NONE, Method.TRUSTED_PEER}:
        return hit("receive", Method.TRUSTED_PEER, f"authorship is believed: peer {delivery.peer.name} is trusted")
    if proof.is_proven:
        return hit("receive", proof.method, f"authorship is proven: {proof.detail}")
    return miss("receive", "authorship", f"authorship is not proven: {proof.detail}")


def is_author_proven(authorship: Authorship, *, is_proven: bool) -> bool:
    """Does the proof hold for the author that was found?

    Args:
        authorship: of the message.
        is_proven: of the address in From. It says nothing about an author recovered from anywhere else.
    """
    return is_proven and not authorship.originator.is_recovered


def standing_of(authorship: Authorship, *, is_proven: bool) -> Standing:
    """What the author may do.

    Args:
        authorship: of the message.
        is_proven: of the address in From.
    """
    if authorship.attribution is None or authorship.attribution.resource is None:
        return Standing.CUSTOMER
    is_acting = is_author_proven(authorship, is_proven=is_proven)
    return Standing.PROVEN_RESOURCE if is_acting else Standing.UNPROVEN_RESOURCE


def is_listed_approver(authorship: Authorship, approvers: Approvers | None) -> bool:
    """Is the author listed, as a resource or as a contact, to decide about a change request? Proof is asked apart."""
    attribution = authorship.attribution
    if attribution is None or approvers is None:
        return False
    resource = attribution.resource or attribution.co_managing_user
    return (resource is not None and resource.id in approvers.resource_ids) or (
        attribution.contact is not None and attribution.contact.id in approvers.contact_ids
    )
