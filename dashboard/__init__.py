"""Telling people: screens, mails, files, and the commands that run everything."""
