//! The SOAP form of Live 4: rpc/encoded. Requests are read by local names, whatever toolkit wrote them: members of
//! arrays may have any name, nil is absent, multi-reference values are followed, types are not looked at. Answers come
//! in the recorded style or in that of the WSDL.

use axum::response::Response;
use http::StatusCode;

use super::data::{Data, all_members};
use super::fault::Fault;
use super::{Outcome, Param, Received};
use crate::exchange::{Exchange, reply, set_header};
use crate::settings::SoapStyle;
use crate::soap::ENVELOPE;
use crate::soap::read::parse;
use crate::soap::references::resolve;
use crate::soap::write::Xml;
use crate::state::State;
use crate::yandex::texts::Language;

/// Reads a call. The token comes from the SOAP header element of that name.
pub(crate) fn read(_: &State, exchange: &Exchange) -> Result<Received, Fault> {
    let mut envelope = parse(&exchange.body).map_err(|bad| Fault::invalid(bad.0))?;
    let header = envelope.take_child("Header").unwrap_or_default();
    let named = |name: &str| header.child(name).map_or("", |child| child.text.trim()).to_owned();
    let mut body = envelope.take_child("Body").ok_or_else(|| Fault::invalid("The SOAP body is missing"))?;
    if body.children.is_empty() {
        return Err(Fault::invalid("The SOAP body is empty"));
    }
    // Multi-reference values may stand before the call; they are the ones with an id.
    let place = body.children.iter().position(|child| child.id.is_none()).unwrap_or(0);
    let mut call = body.children.remove(place);
    if !body.children.is_empty() || has_references(&call) {
        // Values may refer to each other within the call too, so it is among the places that are searched.
        body.children.push(call.clone());
        resolve(&mut call, &body.children, exchange.body.len().saturating_mul(4))
            .map_err(|bad| Fault::invalid(bad.0))?;
    }
    Ok(Received {
        method: call.name,
        token: named("token"),
        language: Language::of(&named("locale")),
        param: Param::Soap(call.children.into_iter().find(|part| !part.nil)),
    })
}

fn has_references(element: &crate::soap::read::Element) -> bool {
    element.href.is_some() || element.children.iter().any(has_references)
}

/// The words in which the two styles differ.
struct Words {
    /// Prefix of type names.
    types: &'static str,
    /// Prefix of the wrapper.
    wrapper: &'static str,
    namespaces: &'static str,
    style: SoapStyle,
}

const RECORDED: Words = Words {
    types: "namesp2",
    wrapper: "namesp4",
    namespaces: "xmlns:namesp2=\"http://namespaces.soaplite.com/perl\" xmlns:namesp3=\"http://xml.apache.org/xml-soap\"",
    style: SoapStyle::Recorded,
};

const WSDL: Words =
    Words { types: "namesp1", wrapper: "namesp1", namespaces: "xmlns:namesp1=\"API\"", style: SoapStyle::Wsdl };

/// Writes an answer; a fault comes with HTTP 500 and its code after the colon of `faultcode`.
pub(crate) fn write(state: &State, outcome: &Outcome) -> Response {
    let words = match state.live().yandex.live4_soap_style {
        SoapStyle::Recorded => &RECORDED,
        SoapStyle::Wsdl => &WSDL,
    };
    let mut xml = Xml::default();
    xml.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    let encoding = "http://schemas.xmlsoap.org/soap/encoding/";
    xml.open(
        "SOAP-ENV:Envelope",
        &format!(
            "SOAP-ENV:encodingStyle=\"{encoding}\" xmlns:SOAP-ENC=\"{encoding}\" xmlns:SOAP-ENV=\"{ENVELOPE}\" {} \
             xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"",
            words.namespaces
        ),
    );
    xml.open("SOAP-ENV:Body", "");
    let status = match &outcome.result {
        Ok(data) => {
            let wrapper = format!("{}:{}Response", words.wrapper, outcome.method);
            xml.open(&wrapper, &format!("xmlns:{}=\"API\"", words.wrapper));
            let name = match (words.style, data) {
                (SoapStyle::Recorded, Data::Struct(of, _)) => of,
                _ => "return",
            };
            write_data(&mut xml, name, data, words);
            xml.close(&wrapper);
            StatusCode::OK
        }
        Err(fault) => {
            let text = "xsi:type=\"xsd:string\"";
            xml.open("SOAP-ENV:Fault", "").leaf("faultcode", text, &format!("SOAP-ENV:{}", fault.code));
            xml.leaf("faultstring", text, fault.message(outcome.language));
            xml.leaf("detail", text, &fault.detail).close("SOAP-ENV:Fault");
            StatusCode::INTERNAL_SERVER_ERROR
        }
    };
    xml.close("SOAP-ENV:Body").close("SOAP-ENV:Envelope");
    let mut response = reply(status, "text/xml; charset=utf-8", xml.into_string());
    set_header(&mut response, "soapserver", "SOAP::Lite/Perl/0.55");
    response
}

fn write_data(xml: &mut Xml, name: &str, data: &Data, words: &Words) {
    let types = words.types;
    match data {
        Data::Text(text) => {
            xml.leaf(name, "xsi:type=\"xsd:string\"", text);
        }
        Data::Int(number) => {
            xml.leaf(name, "xsi:type=\"xsd:int\"", &number.to_string());
        }
        Data::Long(number) => {
            xml.leaf(name, "xsi:type=\"xsd:long\"", &number.to_string());
        }
        Data::Count(count) => {
            xml.leaf(name, "xsi:type=\"xsd:int\"", &count.to_string());
        }
        Data::List(of, items) => {
            let count = items.len();
            let attributes = format!("SOAP-ENC:arrayType=\"{types}:{of}[{count}]\" xsi:type=\"{types}:ArrayOf{of}\"");
            xml.open(name, &attributes);
            for item in items {
                write_data(xml, "item", item, words);
            }
            xml.close(name);
        }
        Data::Struct(of, members) => {
            xml.open(name, &format!("xsi:type=\"{types}:{of}\""));
            match (words.style, all_members(of)) {
                (SoapStyle::Recorded, _) => {
                    let mut members: Vec<_> = members.iter().collect();
                    members.sort_by_key(|(name, _)| *name);
                    for (name, value) in members {
                        write_data(xml, name, value, words);
                    }
                }
                (SoapStyle::Wsdl, None) => {
                    for (name, value) in members {
                        write_data(xml, name, value, words);
                    }
                }
                (SoapStyle::Wsdl, Some(all)) => {
                    for name in all {
                        match members.iter().find(|(present, _)| present == name) {
                            Some((_, value)) => write_data(xml, name, value, words),
                            None => {
                                xml.leaf(name, "xsi:nil=\"true\"", "");
                            }
                        }
                    }
                }
            }
            xml.close(name);
        }
    }
}
