# sh api_web.sh ADDRESS: makes a TypeScript client of our API from its .proto files, checks its types, and runs it against the server.
# NODE_PATH is the folder of the modules that it needs.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# Beside the modules, where imports find them.
made=$(mktemp -d "$NODE_PATH/../made.XXXXXX")
trap 'rm -rf "$made"' EXIT

plugin="{\"local\": \"$NODE_PATH/.bin/protoc-gen-es\", \"out\": \"$made\", \"opt\": [\"target=ts\", \"import_extension=ts\"]}"
template="{\"version\": \"v2\", \"plugins\": [$plugin]}"
buf generate "$here/../../schemas" --template "$template"
# What errors hold is described by Google alone.
buf generate "$NODE_PATH/google-proto-files" --path "$NODE_PATH/google-proto-files/google/rpc/error_details.proto" --template "$template"
cp "$here/api_web.ts" "$made"
echo '{"type": "module"}' > "$made/package.json"
"$NODE_PATH/.bin/tsc" --noEmit --allowImportingTsExtensions --module nodenext --target es2023 --strict --skipLibCheck \
    --types node --typeRoots "$NODE_PATH/@types" "$made/api_web.ts"
"$NODE_PATH/.bin/tsx" "$made/api_web.ts" "$here/pictures" "$1"
