"""zeep: the whole call of `AdImages.get` over SOAP, for an answer that is always the same. The description of the service
comes from the emulator at the second address, once."""

import sys
import time

import requests
import zeep

target, emulator, expected = sys.argv[1], sys.argv[2], int(sys.argv[3])
session = requests.Session()
session.headers.update({"Authorization": "Bearer any-token", "Client-Login": "shop"})
client = zeep.Client(f"{emulator}/v5/adimages?wsdl", transport=zeep.Transport(session=session))
images = client.create_service(next(iter(client.wsdl.bindings)), f"{target}/v5/adimages")
fields = ["AdImageHash", "Name", "Associated", "Type", "Subtype", "OriginalUrl", "PreviewUrl"]
print("zeep", zeep.__version__, flush=True)
for _ in sys.stdin:
    began = time.perf_counter()
    page = images.get(FieldNames=fields, Page={"Limit": expected, "Offset": 0})
    took = (time.perf_counter() - began) * 1e3
    assert len(page.AdImages) == expected, len(page.AdImages)
    print(took, flush=True)
