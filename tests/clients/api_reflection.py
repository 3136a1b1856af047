"""A client of our API that has nothing but its address: what there is it learns from the server's reflection."""

import grpc
from google.protobuf import descriptor_pool, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

import api_steps

channel = grpc.insecure_channel(api_steps.TARGET)
pool = descriptor_pool.DescriptorPool(ProtoReflectionDescriptorDatabase(channel))


def callable_of(service, method):
    """The call of a method, by its descriptor alone."""
    kind = ("stream" if method.client_streaming else "unary") + "_" + ("stream" if method.server_streaming else "unary")
    return getattr(channel, kind)(
        f"/{service.full_name}/{method.name}",
        request_serializer=lambda message: message.SerializeToString(),
        response_deserializer=message_factory.GetMessageClass(method.output_type).FromString,
    )


api_steps.run(api_steps.Api(channel, pool, callable_of))
