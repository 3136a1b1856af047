"""facebook-business against the emulator. The session's GRAPH is the Graph API's address."""

import base64

from facebook_business.adobjects.adaccount import AdAccount
from facebook_business.adobjects.adimage import AdImage
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookRequestError
from facebook_business.session import FacebookSession

from steps import BASE, PICTURES, control, same, step

FacebookSession.GRAPH = BASE
FacebookAdsApi.init(access_token="any-token", crash_log=False)
account = AdAccount("act_1000000001")

control("setup", {"images": [{"library": "facebook", "album": "1000000001", "count": 25}]})

with step("add"):
    uploaded = account.create_ad_image(params={"filename": str(PICTURES / "advert.png")})
    image_hash = uploaded["hash"]
    again = account.create_ad_image(
        params={"bytes": base64.b64encode((PICTURES / "advert.png").read_bytes()).decode()}
    )
    same(again["hash"], image_hash)

with step("list"):
    fields = [AdImage.Field.hash, AdImage.Field.name]
    images = list(account.get_ad_images(fields=fields, params={"limit": 10}))
    same(len({image["hash"] for image in images}), 26)
    pages = [entry for entry in control("journal") if entry["operation"] == "adimages.list"]
    same(len(pages), 3)

with step("read"):
    image = AdImage(f"1000000001:{image_hash}").api_get(fields=["name", "width", "height", "url"])
    same((image["name"], image["width"], image["height"]), ("advert.png", 450, 450))

with step("delete"):
    account.delete_ad_images(params={"hash": image_hash})
    same(len(list(account.get_ad_images(params={"hashes": [image_hash]}))), 0)

with step("error"):
    try:
        account.create_ad_image(params={"bytes": base64.b64encode(b"no picture").decode()})
        raise AssertionError("the picture was taken")
    except FacebookRequestError as error:
        same((error.api_error_code(), error.api_error_subcode()), (100, 1487411))
        same(error.get_message() is not None, True)
