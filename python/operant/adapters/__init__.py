"""Operant's environments behind the interfaces of other libraries, one module each; nothing else imports them."""
