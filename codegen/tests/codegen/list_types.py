"""Lists the types of a service description as zeep reads them: JSON on stdout, in the form that codegen compares with.

Usage: python3 zeep.py FILE.wsdl NAMESPACE…
"""

import json
import sys

import zeep
from zeep.xsd.types import ComplexType

XSD = "http://www.w3.org/2001/XMLSchema"


def name_of(owner, element):
    """The type of a member: as the document calls it, or owner and member where it has no name."""
    qname = element.type.qname
    if qname is None or element.type.name is None:
        return owner + element.name
    return ("xsd:" if qname.namespace == XSD else "") + qname.localname


def members(owner, complex_type):
    for name, element in complex_type.elements:
        many = element.max_occurs == "unbounded" or element.max_occurs > 1
        yield {
            "name": name,
            "type": name_of(owner, element),
            "nillable": bool(element.nillable),
            "required": element.min_occurs > 0,
            "repeated": many,
        }


def main(path, namespaces):
    client = zeep.Client(path)
    types = {}
    for known in client.wsdl.types.types:
        if isinstance(known, ComplexType) and known.qname is not None and known.qname.namespace in namespaces:
            types[known.qname.localname] = list(members(known.qname.localname, known))
    for element in client.wsdl.types.elements:
        if element.qname.namespace in namespaces and element.name not in types:
            if isinstance(element.type, ComplexType) and element.type.qname == element.qname:
                types[element.name] = list(members(element.name, element.type))
    print(json.dumps({"types": types}))


main(sys.argv[1], sys.argv[2:])
