"""zeep, built from the WSDL of Yandex Direct v5 that the emulator serves."""

import requests
import zeep

from steps import BASE, PICTURES, control, same, step

session = requests.Session()
session.headers.update({"Authorization": "Bearer any-token", "Client-Login": "shop"})
client = zeep.Client(f"{BASE}/v5/adimages?wsdl", transport=zeep.Transport(session=session))
images = client.service

control("setup", {"images": [{"library": "yandex", "album": "shop", "count": 25}]})

with step("add"):
    picture = (PICTURES / "advert.png").read_bytes()
    added = images.add(AdImages=[{"ImageData": picture, "Name": "advert"}])
    image_hash = added[0].AdImageHash

with step("list"):
    found, offset = [], 0
    while offset is not None:
        page = images.get(FieldNames=["AdImageHash", "Name"], Page={"Limit": 10, "Offset": offset})
        found += page.AdImages
        offset = page.LimitedBy
    same(len(found), 26)

with step("read"):
    criteria = {"AdImageHashes": [image_hash]}
    page = images.get(SelectionCriteria=criteria, FieldNames=["Name", "Type", "Associated"])
    same([(row.Name, row.Type, row.Associated) for row in page.AdImages], [("advert", "REGULAR", "NO")])

with step("delete"):
    deleted = images.delete(SelectionCriteria=criteria)
    same([result.AdImageHash for result in deleted], [image_hash])

with step("error"):
    session.headers["Authorization"] = "Bearer expired"
    control("setup", {"tokens": [{"value": "expired", "expired": True}]})
    try:
        images.get(FieldNames=["Name"])
        raise AssertionError("the token was taken")
    except zeep.exceptions.Fault as fault:
        detail = fault.detail.find("{http://api.direct.yandex.com/v5/general}FaultResponse")
        same(detail.find("errorCode").text, "53")
