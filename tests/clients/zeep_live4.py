"""zeep, built from the WSDL of Yandex Direct v4 Live that the emulator serves, with replies as the WSDL says."""

import zeep
from zeep import xsd

from steps import BASE, PICTURES, control, same, step

control("setup", {"live4_soap_style": "wsdl"})
control("setup", {"images": [{"library": "yandex", "album": "shop", "count": 25}]})

client = zeep.Client(f"{BASE}/live/v4/wsdl/")
token = xsd.Element("token", xsd.String())


def call(value="any-token", **params):
    return client.service.AdImage(params, _soapheaders=[token(value)])


with step("add"):
    picture = (PICTURES / "advert.png").read_bytes()
    data = {"AdImageRawData": [{"Login": "shop", "RawData": picture, "Name": "advert"}]}
    added = call(Action="UploadRawData", **data)
    image_hash = added.ActionsResult[0].AdImageHash

with step("list"):
    found, total = [], 1
    while len(found) < total:
        criteria = {"Logins": ["shop"], "Limit": 10, "Offset": len(found)}
        page = call(Action="Get", SelectionCriteria=criteria)
        total, found = page.TotalObjectsCount, found + page.AdImages
    same((len(found), total), (26, 26))

with step("read"):
    criteria = {"Logins": ["shop"], "AdImageHashes": [image_hash]}
    page = call(Action="Get", SelectionCriteria=criteria)
    same([(row.Name, row.Assigned) for row in page.AdImages], [("advert", "No")])

with step("delete"):
    call(Action="Delete", SelectionCriteria=criteria)
    same(call(Action="Get", SelectionCriteria=criteria).TotalObjectsCount, 0)

with step("error"):
    control("setup", {"tokens": [{"value": "expired", "expired": True}]})
    try:
        call(value="expired", Action="Get", SelectionCriteria={})
        raise AssertionError("the token was taken")
    except zeep.exceptions.Fault as fault:
        same(fault.code.rsplit(":")[-1], "53")
