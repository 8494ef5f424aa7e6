"""`users`: accounts for a workspace that others reach."""

from __future__ import annotations

import argparse
import getpass
import json
import sys

from fsl_demo.cli import options
from fsl_demo.core.accounts import ROLES
from fsl_demo.core.errors import UserError

DETAILS = """\
A page that others reach (--host, --public-address) asks who they are. An annotator sees and labels saved episodes; a
reviewer also deletes, imports, and corrects what others labelled; an admin also chooses files and downloads weights.
On this machine alone there is no log-in. Accounts can be changed while the page runs.
"""
EXAMPLES = """\
users add Ada --role admin
users add "Grace Hopper" --role annotator --password-stdin < password.txt
users list
users password Ada
users remove Ada
"""


def add(verbs: options.Verbs) -> None:
    parser = options.add_verb(verbs, "users", "Add, list and remove accounts.", details=DETAILS, examples=EXAMPLES)
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    adding = options.add_verb(actions, "add", "Add an account; asks for its password.")
    adding.add_argument("name", metavar="NAME", help="which labels carry")
    adding.add_argument("--role", choices=ROLES, required=True, help="what the person may do")
    _add_password(adding)
    adding.set_defaults(run=add_user)
    listing = options.add_verb(actions, "list", "List accounts and their roles.")
    options.add_format(listing, "table", "json")
    listing.set_defaults(run=list_users)
    changing = options.add_verb(actions, "password", "Change a password, which ends the person's sessions.")
    changing.add_argument("name", metavar="NAME", help="of the account")
    _add_password(changing)
    changing.set_defaults(run=change_password)
    removing = options.add_verb(actions, "remove", "Remove an account; labels keep the name.")
    removing.add_argument("name", metavar="NAME", help="of the account")
    removing.set_defaults(run=remove_user)
    for action in (adding, listing, changing, removing):
        options.add_workspace(action)


def _add_password(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--password-stdin", action="store_true", help="read the password from standard input")


def _password(chosen: argparse.Namespace) -> str:
    if chosen.password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass(f"Password of {chosen.name}: ")
    if getpass.getpass("Once more: ") != first:
        raise UserError("password_differs")
    return first


def add_user(chosen: argparse.Namespace) -> int:
    from fsl_demo.store import Workspace

    accounts = Workspace(chosen.workspace).accounts
    added = accounts.add(chosen.name, chosen.role, _password(chosen))
    print(f"{added.name} is {added.role} now.")
    return 0


def list_users(chosen: argparse.Namespace) -> int:
    from fsl_demo.store import reader

    listed = reader(chosen.workspace).accounts.all()
    if chosen.format == "json":
        print(json.dumps([{"name": account.name, "role": account.role} for account in listed], ensure_ascii=False))
    else:
        for account in listed:
            print(f"{account.role:<9}  {account.name}")
    return 0


def change_password(chosen: argparse.Namespace) -> int:
    from fsl_demo.store import Workspace

    Workspace(chosen.workspace).accounts.set_password(chosen.name, _password(chosen))
    print(f"{chosen.name} has a new password, and has to log in again.")
    return 0


def remove_user(chosen: argparse.Namespace) -> int:
    from fsl_demo.store import Workspace

    Workspace(chosen.workspace).accounts.remove(chosen.name)
    print(f"{chosen.name} cannot log in any more.")
    return 0
