"""A client of our API that was generated from its .proto files with grpcio-tools, as a user would."""

import importlib
import pathlib
import sys
import tempfile

import grpc
import grpc_tools
from google.protobuf import descriptor_pool
from grpc_tools import protoc

SCHEMAS = pathlib.Path(__file__).parent.parent.parent / "schemas"
FILES = sorted(str(file.relative_to(SCHEMAS)) for place in ("google", "polyptych") for file in (SCHEMAS / place).rglob("*.proto"))

with tempfile.TemporaryDirectory() as made:
    known = pathlib.Path(grpc_tools.__file__).parent / "_proto"
    arguments = [f"-I{SCHEMAS}", f"-I{known}", f"--python_out={made}", f"--grpc_python_out={made}", *FILES]
    if protoc.main(["protoc", *arguments]) != 0:
        sys.exit("the files do not compile")
    # Before all else: the restated Google files come first.
    sys.path.insert(0, made)
    stubs = {}
    for file in FILES:
        module = file.removesuffix(".proto").replace("/", ".")
        importlib.import_module(f"{module}_pb2")
        stubs[file] = importlib.import_module(f"{module}_pb2_grpc")

    import api_steps

channel = grpc.insecure_channel(api_steps.TARGET)


def callable_of(service, method):
    """The method of the generated stub."""
    stub = getattr(stubs[service.file.name], f"{service.name}Stub")(channel)
    return getattr(stub, method.name)


api_steps.run(api_steps.Api(channel, descriptor_pool.Default(), callable_of))
