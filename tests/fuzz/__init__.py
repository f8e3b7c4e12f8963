"""Foreign bytes by the million, against everything that reads them.

`python -m tests.fuzz [NAME ...] --seconds N` shares N seconds among the targets (see `targets`), or among
those that are named. With the extra `fuzz` installed, atheris looks for inputs that reach code which no other
input has reached, in a process for each target; without it, seeds are changed at random.

What must hold (see `oracle`): what goes wrong is a `RegistryError` or a `CredentialsError`, its text is
printable, short, and has no password in it; time and memory are bounded. Inputs that break this are told with
their bytes, and kept in `findings` once they are mended.
"""
