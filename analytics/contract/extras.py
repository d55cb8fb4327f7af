"""How optional packages are installed."""


def install_hint(extra: str = "") -> str:
    """The command that installs this project, with an extra.

    From its folder, never by its name: a package index may know another project
    under that name.
    """
    target = f"'.[{extra}]'" if extra else "."
    return f"`pip install {target}` in the folder of this project"
