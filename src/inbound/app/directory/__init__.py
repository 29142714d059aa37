"""Filling the directory from files.

columns   what may stand in a file: every kind with its columns, and what each of them takes
files     CSV and TOML → entries, every one with its line
load      read, check against the database, write, all or nothing
example   the desk that comes with the program
"""
