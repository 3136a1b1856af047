"""What a client of our own API does: everything that it offers, against `polyptych serve --emulate`.

It works on plain data, so that it does not matter how the messages and the calls were made. A client gives it an `Api`.
"""

import base64
import hashlib
import sys
import uuid

import grpc
from google.protobuf import json_format, message_factory
from google.rpc import error_details_pb2, status_pb2

from steps import PICTURES, same, step

TARGET = sys.argv[1].removeprefix("http://")
LIBRARIES = ["evotor", "facebook", "yandex-live4", "yandex-live4-soap", "yandex-v5", "yandex-v5-soap"]
CONTAIN = {"contain": {}}
CHUNK = 64 << 10


class Api:
    """Calls methods by their names. `pool` describes the messages; `callable_of` makes a call of a method's descriptor."""

    def __init__(self, channel, pool, callable_of):
        self.channel, self.pool, self.callable_of = channel, pool, callable_of
        self.called = set()

    def call(self, name, request):
        """`Service.Method` with a request as plain data, or a list of them where it streams; the answer likewise."""
        service, method = name.rsplit(".", 1)
        service = self.pool.FindServiceByName(service if "." in service else f"polyptych.v1.{service}")
        method = service.methods_by_name[method]
        self.called.add(f"{service.full_name}.{method.name}")
        made = message_factory.GetMessageClass(method.input_type)
        parse = lambda data: json_format.ParseDict(data, made(), descriptor_pool=self.pool)
        messages = iter([parse(one) for one in request]) if method.client_streaming else parse(request)
        answer = self.callable_of(service, method)(messages, timeout=60)
        told = lambda message: json_format.MessageToDict(
            message, preserving_proto_field_name=True, descriptor_pool=self.pool
        )
        return [told(one) for one in answer] if method.server_streaming else told(answer)

    def methods(self):
        """Every method that the API offers."""
        services = [f"polyptych.v1.{name}Service" for name in ("Association", "Audit", "Image", "Library", "Publish")]
        for name in [*services, "google.longrunning.Operations"]:
            for method in self.pool.FindServiceByName(name).methods:
                yield f"{name}.{method.name}"


def encoded(data):
    return base64.b64encode(data).decode()


def chunks(metadata, data):
    return [{"metadata": metadata}] + [
        {"chunk": encoded(data[start : start + CHUNK])} for start in range(0, len(data), CHUNK)
    ]


def refused(call, *arguments):
    """Code, reason and details of a call that must fail."""
    try:
        call(*arguments)
    except grpc.RpcError as error:
        details = dict(error.trailing_metadata()).get("grpc-status-details-bin", b"")
        status = status_pb2.Status.FromString(details)
        info, fields = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
        for detail in status.details:
            detail.Unpack(info)
            detail.Unpack(fields)
        same(info.domain, "polyptych")
        return error.code(), info, [one.field for one in fields.field_violations]
    raise AssertionError("it was not refused")


def ended(api, operation):
    """The response of an operation, once it has ended."""
    name = operation["name"]
    ended = api.call("google.longrunning.Operations.WaitOperation", {"name": name, "timeout": "30s"})
    if not ended.get("done") or "error" in ended:
        raise AssertionError(f"{ended}")
    return ended["response"]


def sync(api, picture, digest):
    """An album is brought to what a manifest wants, once."""
    staged = api.call("PublishService.StagePicture", chunks({"sha256": digest}, picture))
    same(staged["sha256"], digest)
    wanted = {
        "pictures": [{"key": "advert", "sha256": digest, "display_name": "advert.png"}],
        "albums": [{"parent": "libraries/facebook/albums/1000000005", "pictures": [{"key": "advert"}]}],
    }
    plan = api.call("PublishService.PlanSync", {"manifest": wanted})
    same(len(ended(api, plan)["steps"]), 1)
    outcomes = ended(api, api.call("PublishService.ApplySync", {"plan": plan["name"]}))["outcomes"]
    same(["upload" in outcome for outcome in outcomes], [True])
    same(ended(api, api.call("PublishService.PlanSync", {"manifest": wanted})).get("steps", []), [])


def run(api):
    picture = (PICTURES / "advert.png").read_bytes()
    digest = hashlib.sha256(picture).hexdigest()
    images = {}

    with step("libraries"):
        first = api.call("LibraryService.ListLibraries", {"page_size": 4})
        rest = api.call("LibraryService.ListLibraries", {"page_token": first["next_page_token"]})
        names = [one["name"] for one in first["libraries"] + rest["libraries"]]
        same(names, [f"libraries/{name}" for name in LIBRARIES])
        for name in names:
            same(api.call("LibraryService.GetLibrary", {"name": name})["name"], name)
        same("name" in api.call("LibraryService.GetQuota", {"name": "libraries/yandex-live4/quota"}), True)
        # Health is no part of our files, so that its two messages are written by hand: nothing, and SERVING.
        check = api.channel.unary_unary("/grpc.health.v1.Health/Check")
        same(check(b"", timeout=10), b"\x08\x01")

    with step("check"):
        metadata = {"parent": "libraries/evotor", "display_name": "advert.png"}
        told = api.call("ImageService.CheckImage", chunks(metadata, picture))
        same(told["found"]["sha256"], digest)
        same(bool(told["violations"]) and "plan" in told, True)

    with step("upload"):
        for library in LIBRARIES:
            metadata = {
                "parent": f"libraries/{library}",
                "display_name": "advert.png",
                "fit": CONTAIN,
                "request_id": str(uuid.uuid4()),
            }
            sent = api.call("ImageService.UploadImage", chunks(metadata, picture))
            same(api.call("ImageService.UploadImage", chunks(metadata, picture)), sent)
            images[library] = sent["image"]["name"]

    with step("small"):
        metadata = {"parent": "libraries/facebook", "display_name": "advert.png", "fit": CONTAIN}
        again = api.call("ImageService.UploadSmallImage", {"metadata": metadata, "content": encoded(picture)})
        same((again["image"]["name"], again["reused"]), (images["facebook"], True))
        only = {"metadata": {**metadata, "validate_only": True}, "content": encoded(picture)}
        same("check" in api.call("ImageService.UploadSmallImage", only), True)

    with step("read"):
        for library, name in images.items():
            same(api.call("ImageService.GetImage", {"name": name})["name"], name)
            listed = api.call("ImageService.ListImages", {"parent": f"libraries/{library}", "page_size": 10})
            same([one["name"] for one in listed["images"]], [name])
            batches = api.call("ImageService.StreamImages", {"parent": f"libraries/{library}"})
            same([one["name"] for batch in batches for one in batch.get("images", [])], [name])

    with step("albums"):
        for library, query in [("evotor", "5e46f8de-ec4f-4f87-85de-337b88fa2bdd"), ("facebook", ""), ("yandex-v5", "SELF")]:
            albums, token = [], ""
            while True:
                request = {"parent": f"libraries/{library}", "query": query, "page_token": token}
                page = api.call("LibraryService.ListAlbums", request)
                albums += [one["name"] for one in page.get("albums", [])]
                token = page.get("next_page_token", "")
                if not token:
                    break
            same(all(one.startswith(f"libraries/{library}/albums/") for one in albums), True)
            if library == "yandex-v5":
                same(albums, ["libraries/yandex-v5/albums/self"])

    with step("download"):
        first, *rest = api.call("ImageService.DownloadImage", {"name": images["facebook"]})
        data = b"".join(base64.b64decode(one["chunk"]) for one in rest)
        same((first["metadata"]["image"]["name"], data), (images["facebook"], picture))

    with step("import"):
        uri = api.call("ImageService.GetImage", {"name": images["facebook"]})["uri"]
        source = {"uri": uri, "parent": "libraries/facebook/albums/1000000002", "display_name": "taken.png"}
        response = ended(api, api.call("ImageService.ImportImages", {"sources": [source]}))
        imported = response["outcomes"][0]["upload"]["image"]["name"]

    with step("copy"):
        request = {"names": [images["facebook"]], "parent": "libraries/facebook/albums/1000000003"}
        copied = ended(api, api.call("ImageService.CopyImages", request))["outcomes"][0]["upload"]["image"]["name"]

    with step("publish"):
        targets = [{"parent": "libraries/evotor"}, {"parent": "libraries/facebook/albums/1000000004"}]
        metadata = {"display_name": "advert.png", "targets": targets, "replace": True, "policy": "UPLOAD_POLICY_FORCE"}
        response = ended(api, api.call("PublishService.Publish", chunks(metadata, picture)))
        published = [outcome["upload"]["image"]["name"] for outcome in response["outcomes"]]
        images["evotor"] = published[0]

    with step("sync"):
        # The step `all` sees to it that nothing is left out that is there.
        if any(method.endswith(".StagePicture") for method in api.methods()):
            sync(api, picture, digest)

    with step("ads"):
        parent = "libraries/yandex-live4"
        same(api.call("AssociationService.ListAssociations", {"parent": parent}).get("associations", []), [])
        change = {"advertisement": "77", "image": images["yandex-live4"]}
        changed = api.call("AssociationService.SetAssociations", {"parent": parent, "changes": [change]})
        # There is no such advertisement.
        same(["error" in outcome for outcome in changed["outcomes"]], [True])

    with step("delete"):
        request = {"names": [imported, copied, published[1], images["yandex-v5"]]}
        response = ended(api, api.call("ImageService.DeleteImages", request))
        same(["deleted" in outcome for outcome in response["outcomes"]], [True] * 4)
        api.call("ImageService.DeleteImage", {"name": images["facebook"]})
        same(api.call("ImageService.ListImages", {"parent": "libraries/facebook"}).get("images", []), [])

    with step("work"):
        operations = api.call("google.longrunning.Operations.ListOperations", {"name": "operations", "page_size": 100})
        names = [one["name"] for one in operations["operations"]]
        read = api.call("google.longrunning.Operations.GetOperation", {"name": names[0]})
        same(read["metadata"]["state"], "STATE_SUCCEEDED")
        api.call("google.longrunning.Operations.CancelOperation", {"name": names[0]})
        api.call("google.longrunning.Operations.DeleteOperation", {"name": names[0]})
        code, info, _ = refused(api.call, "google.longrunning.Operations.GetOperation", {"name": names[0]})
        same((code, info.reason), (grpc.StatusCode.NOT_FOUND, "OPERATION_NOT_FOUND"))

    with step("audit"):
        events = api.call("AuditService.ListEvents", {"parent": "libraries/facebook", "page_size": 1000})["events"]
        same({"VERB_UPLOAD", "VERB_DELETE"} <= {event["verb"] for event in events}, True)

    with step("errors"):
        code, info, _ = refused(api.call, "ImageService.GetImage", {"name": images["facebook"]})
        same((code, info.reason), (grpc.StatusCode.NOT_FOUND, "IMAGE_NOT_FOUND"))
        same((info.metadata["library"], info.metadata["applied"]), ("facebook", "no"))
        metadata = {"parent": "libraries/facebook", "display_name": "text.png"}
        code, info, fields = refused(api.call, "ImageService.UploadImage", chunks(metadata, b"no picture"))
        same((code, info.reason, fields), (grpc.StatusCode.INVALID_ARGUMENT, "NOT_AN_IMAGE", ["chunk"]))
        code, info, fields = refused(api.call, "ImageService.ListImages", {"parent": "libraries/a b"})
        same((code, fields), (grpc.StatusCode.INVALID_ARGUMENT, ["parent"]))

    with step("all"):
        same(sorted(set(api.methods()) - api.called), [])
