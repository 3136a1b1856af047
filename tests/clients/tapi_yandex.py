"""tapi-yandex-direct against the emulator. An adapter of ours says where the API is."""

import base64

from tapi2 import generate_wrapper_from_adapter
from tapi_yandex_direct import exceptions
from tapi_yandex_direct.tapi_yandex_direct import YandexDirectClientAdapter

from steps import BASE, PICTURES, control, same, step


class EmulatedYandexDirect(YandexDirectClientAdapter):
    def get_api_root(self, api_params, resource_name):
        return BASE + "/"


YandexDirect = generate_wrapper_from_adapter(EmulatedYandexDirect)
client = YandexDirect(access_token="any-token", login="shop", retries_if_server_error=0)

control("setup", {"images": [{"library": "yandex", "album": "shop", "count": 25}]})


def call(method, **params):
    return client.adimages().post(data={"method": method, "params": params})


with step("add"):
    picture = base64.b64encode((PICTURES / "advert.png").read_bytes()).decode()
    added = call("add", AdImages=[{"ImageData": picture, "Name": "advert"}])
    image_hash = added().extract()[0]["AdImageHash"]

with step("list"):
    result = call("get", FieldNames=["AdImageHash", "Name"], Page={"Limit": 10})
    pages = [page.data for page in result().pages()]
    same([len(page) for page in pages], [10, 10, 6])

with step("read"):
    criteria = {"AdImageHashes": [image_hash]}
    result = call("get", SelectionCriteria=criteria, FieldNames=["Name", "Type", "Associated"])
    same(result().extract(), [{"Name": "advert", "Associated": "NO", "Type": "REGULAR"}])

with step("delete"):
    result = call("delete", SelectionCriteria=criteria)
    same(result().extract(), [{"AdImageHash": image_hash}])

with step("error"):
    try:
        call("get", FieldNames=["NoSuchField"])
        raise AssertionError("the request was taken")
    except exceptions.YandexDirectClientError as error:
        same(int(error.error_code), 8000)
