"""The pages: one file each, with TITLE, ICON and show(); and what they share (session, filters, parts of a page)."""
