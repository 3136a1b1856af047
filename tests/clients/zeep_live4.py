"""zeep, built from the WSDL of Yandex Direct v4 Live that the emulator serves, with replies as the WSDL says."""

import base64

import zeep
from lxml import etree

from steps import BASE, PICTURES, control, same, step

control("setup", {"live4_soap_style": "wsdl"})
control("setup", {"images": [{"library": "yandex", "album": "shop", "count": 25}]})

client = zeep.Client(f"{BASE}/live/v4/wsdl/")


def call(value="any-token", **params):
    token = etree.Element("token")
    token.text = value
    return client.service.AdImage(params, _soapheaders=[token])


def array(*items):
    """zeep's form of an encoded array in a request."""
    return {"_value_1": list(items)}


with step("add"):
    picture = base64.b64encode((PICTURES / "advert.png").read_bytes()).decode()
    item = {"Login": "shop", "RawData": picture, "Name": "advert"}
    added = call(Action="UploadRawData", AdImageRawData=array(item))
    image_hash = list(added.ActionsResult)[0].AdImageHash

with step("list"):
    found, total = [], 1
    while len(found) < total:
        criteria = {"Logins": array("shop"), "Limit": 10, "Offset": len(found)}
        page = call(Action="Get", SelectionCriteria=criteria)
        total, found = page.TotalObjectsCount, found + list(page.AdImages)
    same((len(found), total), (26, 26))

with step("read"):
    criteria = {"Logins": array("shop"), "AdImageHashes": array(image_hash)}
    page = call(Action="Get", SelectionCriteria=criteria)
    same([(row.Name, row.Assigned) for row in page.AdImages], [("advert", "No")])

with step("delete"):
    call(Action="Delete", SelectionCriteria=criteria)
    same(call(Action="Get", SelectionCriteria=criteria).TotalObjectsCount, 0)

with step("error"):
    control("setup", {"tokens": [{"value": "expired", "expired": True}]})
    try:
        call(value="expired", Action="Get")
        raise AssertionError("the token was taken")
    except zeep.exceptions.Fault as fault:
        same(fault.code.split(":")[-1], "53")
