"""People of organizations: contacts, and co-managing users, who count like contacts."""

from inbound.model.authorship import Directory
from inbound.model.desk import Contact, Organization, Resource
from inbound.model.mail import Address
from inbound.rules.organizations import domain_owners, takes_tickets, why_no_tickets
from inbound.values import immutable

#: a co-managing user has no second address in the sense of a contact's
PRIMARY = 1


@immutable
class Person:
    """A contact or a co-managing user at an address."""

    #: what is behind it
    known: Contact | Resource
    organization: Organization
    #: which of its addresses 1, 2, 3 matched
    position: int

    @property
    def contact(self) -> Contact | None:
        """Itself, unless it is a co-managing user."""
        return self.known if isinstance(self.known, Contact) else None

    @property
    def co_managing_user(self) -> Resource | None:
        """Itself, unless it is a contact."""
        return self.known if isinstance(self.known, Resource) else None

    @property
    def order(self) -> tuple[bool, int]:
        """Contacts before co-managing users, each by id."""
        return isinstance(self.known, Resource), self.known.id

    @property
    def counts(self) -> bool:
        """Is it active, in an active organization of a type that takes tickets?"""
        return self.known.is_active and takes_tickets(self.organization)

    def __str__(self) -> str:
        """What a trace calls it."""
        kind = "contact" if self.contact else "co-managing user"
        return f"{kind} {self.known.id} {self.known.name}"


def persons_at(address: Address, directory: Directory) -> list[Person]:
    """Everybody with that address, also those who do not count."""
    contacts = [
        Person(known=contact, organization=contact.organization, position=contact.position)
        for contact in directory.contacts.get(address.key, ())
    ]
    users = [
        Person(known=user, organization=user.co_managed, position=PRIMARY)
        for user in directory.resources.get(address.key, ())
        if user.co_managed is not None
    ]
    return contacts + users


def why_not(person: Person) -> str:
    """What keeps a person from counting, as a trace says it."""
    return why_no_tickets(person.organization) if person.known.is_active else "inactive"


def at_first_position(persons: list[Person]) -> list[Person]:
    """Positions are tried in turn, and only the first that hits counts."""
    usable = [person for person in persons if person.counts]
    first = min((person.position for person in usable), default=0)
    return [person for person in usable if person.position == first]


def choose(hits: list[Person], author: Address, public: frozenset[str], directory: Directory) -> Person | None:
    """Several at one address: the lowest id of one organization, or of the one that owns the sender's domain.

    Args:
        hits: at least one.
        author: whose address it is.
        public: public mail domains beyond the shipped ones.
        directory: knows who owns the author's domain.

    Returns:
        None when several organizations are left.
    """
    if len({person.organization.id for person in hits}) > 1:
        owners = {owner.id for owner in domain_owners(author.domain, public, directory)[1]}
        hits = [person for person in hits if person.organization.id in owners]
        if len({person.organization.id for person in hits}) != 1:
            return None
    return min(hits, key=lambda person: person.order)
