"""python reflected.py ADDRESS: lists the libraries with nothing generated, by what the server tells of itself."""

import sys

import grpc
from google.protobuf import json_format
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase


def main(address):
    with grpc.insecure_channel(address) as channel:
        told = ProtoReflectionDescriptorDatabase(channel)
        print("services:", ", ".join(told.get_services()))
        service = DescriptorPool(told).FindServiceByName("polyptych.v1.LibraryService")
        method = service.FindMethodByName("ListLibraries")
        call = channel.unary_unary(
            f"/{service.full_name}/{method.name}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=GetMessageClass(method.output_type).FromString,
        )
        answer = call(GetMessageClass(method.input_type)(), timeout=10)
        print(json_format.MessageToJson(answer.libraries[0].capabilities))


if __name__ == "__main__":
    main(*sys.argv[1:])
