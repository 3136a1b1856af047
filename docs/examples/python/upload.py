"""python upload.py ADDRESS PARENT PICTURE: checks a picture, uploads it, reads it and deletes it again."""

import sys
import uuid
from pathlib import Path

import grpc
from errors import Told, repeated
from polyptych.v1 import image_service_pb2 as images
from polyptych.v1 import image_service_pb2_grpc, library_service_pb2_grpc
from polyptych.v1 import library_service_pb2 as libraries

CHUNK = 256 * 1024


def messages(metadata, picture):
    """An upload: metadata first, then the file in chunks."""
    yield images.UploadImageRequest(metadata=metadata)
    with picture.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield images.UploadImageRequest(chunk=chunk)


def main(address, parent, path):
    picture = Path(path)
    with grpc.insecure_channel(address) as channel:
        stub = image_service_pb2_grpc.ImageServiceStub(channel)
        known = library_service_pb2_grpc.LibraryServiceStub(channel)
        for library in known.ListLibraries(libraries.ListLibrariesRequest(), timeout=10).libraries:
            print(library.name, library.provider, library.encoding)

        metadata = images.UploadImageMetadata(parent=parent, display_name=picture.name)
        check = stub.CheckImage(messages(metadata, picture), timeout=60)
        for violation in check.violations:
            print(f"{violation.rule}: {violation.limit}, found {violation.found}")
        print("nearest fit:", check.plan.summary or "none needed")

        metadata.fit.contain.background = 0xFFFFFF
        metadata.request_id = str(uuid.uuid4())
        uploaded = repeated(lambda: stub.UploadImage(messages(metadata, picture), timeout=300))
        again = stub.UploadImage(messages(metadata, picture), timeout=300)
        assert again == uploaded, "a repeated request gets the first answer"
        name = uploaded.image.name
        print("uploaded", name, uploaded.sent.media_type, uploaded.sent.sha256)

        stored = b"".join(part.chunk for part in stub.DownloadImage(images.DownloadImageRequest(name=name), timeout=60))
        print("stored", len(stored), "bytes")

        deletion = images.DeleteImageRequest(name=name, request_id=str(uuid.uuid4()))
        repeated(lambda: stub.DeleteImage(deletion, timeout=60))
        try:
            stub.GetImage(images.GetImageRequest(name=name), timeout=60)
        except grpc.RpcError as error:
            told = Told.of(error)
            print(error.code().name, told.reason, "applied:", told.applied)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except grpc.RpcError as error:
        told = Told.of(error)
        for field, description in told.fields:
            print(f"{field}: {description}")
        sys.exit(f"{error.code().name} {told.reason}: {error.details()}")
