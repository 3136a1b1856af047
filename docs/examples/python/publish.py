"""python publish.py ADDRESS PICTURE LIBRARY…: publishes a picture to libraries, and waits until each has it."""

import sys
import uuid
from pathlib import Path

import grpc
from errors import Told, repeated
from google.longrunning import operations_pb2
from polyptych.v1 import operations_pb2 as progress
from polyptych.v1 import publish_service_pb2 as publishing
from polyptych.v1 import publish_service_pb2_grpc

CHUNK = 256 * 1024


def messages(metadata, picture):
    yield publishing.PublishRequest(metadata=metadata)
    with picture.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield publishing.PublishRequest(chunk=chunk)


def waited(operations, operation):
    """The operation when it is done. It goes on without us, and after a restart of the server."""
    while not operation.done:
        request = operations_pb2.WaitOperationRequest(name=operation.name)
        request.timeout.FromSeconds(20)
        operation = repeated(lambda: operations.WaitOperation(request, timeout=30))
        metadata = progress.OperationMetadata()
        operation.metadata.Unpack(metadata)
        print(f"{metadata.progress.succeeded} of {metadata.progress.total} done")
    return operation


def main(address, path, *targets):
    picture = Path(path)
    with grpc.insecure_channel(address) as channel:
        stub = publish_service_pb2_grpc.PublishServiceStub(channel)
        metadata = publishing.PublishMetadata(
            display_name=picture.name,
            targets=[publishing.PublishTarget(parent=f"libraries/{target}") for target in targets],
            request_id=str(uuid.uuid4()),
        )
        operation = repeated(lambda: stub.Publish(messages(metadata, picture), timeout=300))
        operation = waited(operations_pb2.OperationsStub(channel), operation)
        if operation.HasField("error"):
            sys.exit(f"{operation.error.message} ({Told(operation.error).reason})")
        response = publishing.PublishResponse()
        operation.response.Unpack(response)
        failed = 0
        for target, outcome in zip(targets, response.outcomes):
            if outcome.WhichOneof("result") == "upload":
                print(target, outcome.upload.image.name)
            else:
                failed += 1
                told = Told(outcome.error)
                print(target, told.reason, told.message, "applied:", told.applied)
        sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
