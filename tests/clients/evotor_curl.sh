#!/bin/sh
# curl against the emulator's Evotor Cloud, with the request of the provider's documentation.
set -eu

base=$1
here=$(dirname "$0")
store=20180413-2595-40E8-80CB-4646C05D81B6
product=5e46f8de-ec4f-4f87-85de-337b88fa2bdd
images=$base/stores/$store/products/$product/images

curl -sSf "$base/_emulator/setup" -d '{
  "accounts": {"evotor": [{"id": "'$store'", "name": "Shop", "products": ["'$product'", "b", "c"]}]}
}' >/dev/null

# The first "id" of an answer.
id() { sed -n 's/.*"id":"\([^"]*\)".*/\1/p' | head -n 1; }

image=$(curl -sSf -X POST "$images" \
    -H "X-Authorization:any-token" \
    -H "Content-Type:multipart/form-data" \
    -F "datafile=@$here/pictures/product.png" | id)
test -n "$image"
echo "pass add"

curl -sSf "$images" -H "X-Authorization:any-token" | grep -q "\"id\":\"$image\".*\"paging\""
echo "pass list"

curl -sSf "$images/$image" -H "X-Authorization:any-token" | grep -q '"width":300'
echo "pass read"

again=$(curl -sS -o /dev/null -w '%{http_code}' -X POST "$images" \
    -H "X-Authorization:any-token" -F "datafile=@$here/pictures/advert.png")
test "$again" = 400
code=0
curl -sSf "$images" >/dev/null 2>&1 || code=$?
# curl's own error for an HTTP status of 400 and above; no token is 401.
test "$code" = 22
echo "pass error"

curl -sSf -X DELETE "$images/$image" -H "X-Authorization:any-token"
test "$(curl -sS -o /dev/null -w '%{http_code}' "$images/$image" -H "X-Authorization:any-token")" = 404
echo "pass delete"
