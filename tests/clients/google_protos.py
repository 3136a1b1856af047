"""Compares the Google messages that our descriptor set restates with those that Google publishes.

What is restated has to be the same: names, numbers, types, options of fields. Messages, enums and services of a published
file that are not restated are told; a message that is restated must have all its fields.
"""

import importlib
import sys

from google.protobuf import descriptor_pb2

# Where the published files are, in googleapis-common-protos; those of google.protobuf come with protobuf itself.
MODULES = {
    "google/api/annotations.proto": "google.api.annotations_pb2",
    "google/api/client.proto": "google.api.client_pb2",
    "google/api/field_behavior.proto": "google.api.field_behavior_pb2",
    "google/api/field_info.proto": "google.api.field_info_pb2",
    "google/api/resource.proto": "google.api.resource_pb2",
    "google/longrunning/operations.proto": "google.longrunning.operations_proto_pb2",
    "google/rpc/status.proto": "google.rpc.status_pb2",
}


def published(module):
    """The file of a module, whatever the module calls it."""
    file = descriptor_pb2.FileDescriptorProto()
    importlib.import_module(module).DESCRIPTOR.CopyToProto(file)
    return file


def facts(field):
    """What must be the same of a field, an extension, or a value."""
    kept = type(field)()
    kept.CopyFrom(field)
    # Whether a compiler writes the name in JSON is up to it.
    if isinstance(kept, descriptor_pb2.FieldDescriptorProto):
        kept.ClearField("json_name")
        kept.ClearField("options")
    return kept


def compare(place, ours, theirs, wrong):
    """Fields, values and nested types of a message or an enum."""
    for kind in ("field", "value", "extension"):
        if not hasattr(ours, kind):
            continue
        here = {item.name: facts(item) for item in getattr(ours, kind)}
        there = {item.name: facts(item) for item in getattr(theirs, kind)}
        for name in sorted(here.keys() | there.keys()):
            if here.get(name) != there.get(name):
                wrong.append(f"{place}.{name}: ours {here.get(name)}, published {there.get(name)}")
    for kind in ("nested_type", "enum_type"):
        if hasattr(ours, kind):
            named(place, kind, ours, theirs, wrong, [])


def named(place, kind, ours, theirs, wrong, left_out):
    """Types of a file or a message, by name."""
    there = {item.name: item for item in getattr(theirs, kind)}
    for item in getattr(ours, kind):
        if item.name not in there:
            wrong.append(f"{place}.{item.name} is not published")
        else:
            compare(f"{place}.{item.name}", item, there[item.name], wrong)
    restated = {item.name for item in getattr(ours, kind)}
    left_out += [f"{place}.{name}" for name in there if name not in restated]


def services(place, ours, theirs, wrong):
    """Methods with what they take and give."""
    there = {item.name: item for item in theirs.service}
    for service in ours.service:
        facts_of = lambda method: (method.input_type, method.output_type, method.client_streaming, method.server_streaming)
        here = {method.name: facts_of(method) for method in service.method}
        known = {method.name: facts_of(method) for method in there[service.name].method} if service.name in there else {}
        if here != known:
            wrong.append(f"{place}.{service.name}: ours {here}, published {known}")


def main():
    ours = descriptor_pb2.FileDescriptorSet()
    with open(sys.argv[1], "rb") as file:
        ours.ParseFromString(file.read())
    restated = [file for file in ours.file if file.name.startswith("google/") and not file.name.startswith("google/protobuf/")]
    wrong, left_out, types = [], [], 0
    for file in restated:
        if file.name not in MODULES:
            wrong.append(f"{file.name}: nobody says where it is published")
            continue
        theirs = published(MODULES[file.name])
        if file.package != theirs.package:
            wrong.append(f"{file.name}: package {file.package}, published {theirs.package}")
        for kind in ("message_type", "enum_type"):
            named(file.package, kind, file, theirs, wrong, left_out)
            types += len(getattr(file, kind))
        there = {item.name: facts(item) for item in theirs.extension}
        for item in file.extension:
            if facts(item) != there.get(item.name):
                wrong.append(f"{file.package}.{item.name}: ours {facts(item)}, published {there.get(item.name)}")
        services(file.package, file, theirs, wrong)
    for line in wrong:
        print(f"differs: {line}")
    if left_out:
        print(f"not restated: {', '.join(sorted(left_out))}")
    print(f"Google's files: {len(restated)} files, {types} types, {len(wrong)} differences")
    sys.exit(1 if wrong or not restated else 0)


main()
