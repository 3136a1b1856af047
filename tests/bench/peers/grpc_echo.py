"""grpc.aio: the server that Python programs are written with, answering every `GetLibrary` with the bytes of a file."""

import asyncio
import sys

import grpc

METHOD = "/polyptych.v1.LibraryService/GetLibrary"


class Echo(grpc.GenericRpcHandler):
    def __init__(self, answer):
        async def get(request, context):
            return answer

        # Bytes in, bytes out: messages are neither read nor written, which favours this server.
        self.handler = grpc.unary_unary_rpc_method_handler(get)

    def service(self, details):
        return self.handler if details.method == METHOD else None


async def serve(answer):
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((Echo(answer),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(f"listening on http://127.0.0.1:{port}", flush=True)
    await server.wait_for_termination()


with open(sys.argv[1], "rb") as file:
    asyncio.run(serve(file.read()))
