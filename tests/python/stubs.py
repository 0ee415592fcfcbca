"""Generates the messages and services from proto/ into a directory of their own, and loads them."""

import importlib
import pathlib
import sys

import grpc_tools
from grpc_tools import protoc

PROTO = pathlib.Path(__file__).resolve().parents[2] / "proto"
FILES = ["envelope", "terms", "statement", "ledger", "views", "ledger_service", "agreement_service"]


class Stubs:
    """The names of package counterfoil.v1."""

    def __init__(self, directory):
        includes = [f"-I{PROTO}", f"-I{pathlib.Path(grpc_tools.__file__).parent / '_proto'}"]
        files = [f"counterfoil/v1/{name}.proto" for name in FILES]
        outcome = protoc.main(["protoc", *includes, f"--python_out={directory}", f"--grpc_python_out={directory}", *files])
        if outcome != 0:
            raise SystemExit("the protocol does not compile")
        sys.path.insert(0, str(directory))
        for name in FILES:
            for module in (f"counterfoil.v1.{name}_pb2", f"counterfoil.v1.{name}_pb2_grpc"):
                loaded = importlib.import_module(module)
                names = [known for known in vars(loaded) if not known.startswith("_")]
                vars(self).update({known: getattr(loaded, known) for known in names})
