#!/bin/sh
# calls.sh URL PICTURE: the gRPC API from a shell, by buf and what the server tells of itself. URL is http://ADDRESS.
set -eu
url=$1
picture=$2

# The message on the standard input, or no field at all.
call() {
    buf curl --protocol grpc --http2-prior-knowledge --data @- "$url/$1"
}

echo '{"page_size": 2}' | call polyptych.v1.LibraryService/ListLibraries
echo '{"name": "libraries/yandex-v5/quota"}' | call polyptych.v1.LibraryService/GetQuota

# A stream of messages: metadata first, then the file in chunks; a picture of more than 256 KiB takes several.
chunk=$(base64 <"$picture" | tr -d '\n')
operation=$(call polyptych.v1.PublishService/Publish <<END
{"metadata": {"display_name": "picture.png", "fit": {"contain": {}}, "request_id": "published-once",
  "targets": [{"parent": "libraries/facebook"}, {"parent": "libraries/evotor"}]}}
{"chunk": "$chunk"}
END
)
echo "$operation"

# An operation is worked on after the call; this waits for its end, 30 seconds at most.
name=$(echo "$operation" | sed -n 's/.*"name": *"\(operations[^"]*\)".*/\1/p')
echo "{\"name\": \"$name\", \"timeout\": \"30s\"}" | call google.longrunning.Operations/WaitOperation

# An error: buf prints code, message and details.
echo '{"name": "libraries/facebook/albums/1000000001/images/none"}' | call polyptych.v1.ImageService/GetImage || true
