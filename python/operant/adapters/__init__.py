"""Adapters from Operant's environments to the interfaces of other libraries. Nothing else imports these modules."""
