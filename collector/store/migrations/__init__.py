"""The one history of all tables, whichever room owns them."""
