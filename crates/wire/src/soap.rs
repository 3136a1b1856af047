//! SOAP 1.1: document/literal operations (Direct v5) and rpc/encoded ones (v4 Live), envelopes and faults.

use crate::xml::{Element, ReadXml, WriteXml, XmlError, XmlReader, XmlWriter};
use crate::{Body, Effect, json::WriteJson, xml_tag};

const ENVELOPE: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const ENCODING: &str = "http://schemas.xmlsoap.org/soap/encoding/";

/// One operation of a service that a WSDL describes; generated. The same types serve its JSON encoding.
pub trait Operation {
    /// Service and operation for spans and errors: `AdImages.add`.
    const NAME: &'static str;
    /// The operation's name on the wire: `add`, `AdImage`.
    const METHOD: &'static str;
    /// Value of the `SOAPAction` header, without quotes.
    const SOAP_ACTION: &'static str;
    /// Target namespace: of the body's root element.
    const NAMESPACE: &'static str;
    /// Local name of the request's root element (document/literal), or of the part that carries the parameters (rpc);
    /// empty without parameters.
    const INPUT: &'static str;
    /// `xsi:type` of the parameters for rpc/encoded, with the prefix `ns1` (the operation's namespace) or `xsd`; empty for
    /// document/literal.
    const INPUT_TYPE: &'static str;
    /// What a repetition would do.
    const EFFECT: Effect;
    /// Parameters.
    type Request: WriteXml + WriteJson;
    /// Answer.
    type Response: ReadXml + serde::de::DeserializeOwned;
}

/// Writes the envelope of a document/literal request.
///
/// # Errors
/// [`XmlError::Character`] if a text cannot be written as XML.
pub fn document_request<O: Operation>(request: &O::Request) -> Result<Body, XmlError> {
    let mut writer = XmlWriter::document();
    writer.start("SOAP-ENV:Envelope");
    writer.attribute("xmlns:SOAP-ENV", ENVELOPE);
    writer.attribute("xmlns:ns1", O::NAMESPACE);
    writer.start("SOAP-ENV:Body");
    let root = ["ns1:", O::INPUT].concat();
    writer.start(&root);
    request.write_xml(&mut writer);
    writer.end(&root);
    writer.end("SOAP-ENV:Body");
    writer.end("SOAP-ENV:Envelope");
    writer.finish()
}

/// Writes the envelope of a rpc/encoded request with the header entries `locale` and `token`; the transport writes
/// the token.
///
/// # Errors
/// [`XmlError::Character`] if a text cannot be written as XML.
pub fn rpc_request<O: Operation>(request: &O::Request, locale: &str) -> Result<Body, XmlError> {
    let mut writer = XmlWriter::document();
    writer.start("SOAP-ENV:Envelope");
    writer.attribute("xmlns:SOAP-ENV", ENVELOPE);
    writer.attribute("xmlns:ns1", O::NAMESPACE);
    writer.attribute("xmlns:xsd", "http://www.w3.org/2001/XMLSchema");
    writer.attribute("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance");
    writer.attribute("xmlns:SOAP-ENC", ENCODING);
    writer.attribute("SOAP-ENV:encodingStyle", ENCODING);
    writer.start("SOAP-ENV:Header");
    writer.element(xml_tag!("ns1:locale"), locale);
    writer.start("ns1:token");
    writer.credential();
    writer.end("ns1:token");
    writer.end("SOAP-ENV:Header");
    writer.start("SOAP-ENV:Body");
    let method = ["ns1:", O::METHOD].concat();
    writer.start(&method);
    if !O::INPUT.is_empty() {
        writer.start(O::INPUT);
        writer.attribute("xsi:type", O::INPUT_TYPE);
        request.write_xml(&mut writer);
        writer.end(O::INPUT);
    }
    writer.end(&method);
    writer.end("SOAP-ENV:Body");
    writer.end("SOAP-ENV:Envelope");
    writer.finish()
}

/// What a SOAP body held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer<T> {
    /// The operation's response.
    Response(T),
    /// A fault: the operation was refused.
    Fault(Fault),
}

/// A SOAP 1.1 fault with the API's own detail, where it has one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fault {
    /// `faultcode`, prefix included: `SOAP-ENV:Client`, `SOAP-ENV:24`.
    pub code: String,
    /// `faultstring`: the API's message.
    pub message: String,
    /// `detail/FaultResponse/requestId` (v5 only).
    pub request_id: Option<String>,
    /// The API's error code: `detail/FaultResponse/errorCode` (v5), or the number after the last colon of `faultcode` (Live 4).
    pub error_code: Option<i64>,
    /// `detail/FaultResponse/errorDetail` (v5), or the text of `detail` (Live 4); absent when empty.
    pub detail: Option<String>,
}

/// Reads a document/literal answer: the body's first element is the response or a fault.
///
/// # Errors
/// If it is not a SOAP envelope, or the response does not read.
pub fn read_document<O: Operation>(document: &[u8]) -> Result<Answer<O::Response>, XmlError> {
    read_body(document, O::Response::read_xml)
}

/// Reads a rpc/encoded answer: the response's first child is the return value, whatever it is named.
///
/// # Errors
/// If it is not a SOAP envelope, or the return value is missing or does not read.
pub fn read_rpc<O: Operation>(document: &[u8]) -> Result<Answer<O::Response>, XmlError> {
    read_body(document, |element| match element.next_child()? {
        Some(mut value) => O::Response::read_xml(&mut value),
        None => Err(XmlError::Missing("return")),
    })
}

fn read_body<T>(
    document: &[u8],
    read: impl FnOnce(&mut Element<'_, '_>) -> Result<T, XmlError>,
) -> Result<Answer<T>, XmlError> {
    let mut reader = XmlReader::new(document);
    let mut envelope = reader.root()?;
    if envelope.name() != "Envelope" {
        return Err(XmlError::Missing("Envelope"));
    }
    while let Some(mut part) = envelope.next_child()? {
        if part.name() != "Body" {
            continue;
        }
        let mut answer = match part.next_child()? {
            None => return Err(XmlError::Missing("Body/*")),
            Some(mut fault) if fault.name() == "Fault" => Answer::Fault(read_fault(&mut fault)?),
            Some(mut response) => Answer::Response(read(&mut response)?),
        };
        // What follows must still be a whole document, since a cut answer is not an answer; and a fault beside a response
        // must not pass for a success.
        while let Some(mut more) = part.next_child()? {
            if more.name() == "Fault" {
                answer = Answer::Fault(read_fault(&mut more)?);
            }
        }
        reader.finish()?;
        return Ok(answer);
    }
    Err(XmlError::Missing("Body"))
}

fn read_fault(fault: &mut Element<'_, '_>) -> Result<Fault, XmlError> {
    let mut read = Fault::default();
    while let Some(mut child) = fault.next_child()? {
        match child.name() {
            "faultcode" => read.code = child.text()?.trim().to_owned(),
            "faultstring" => read.message = child.text()?.into_owned(),
            "detail" => read_detail(&mut child, &mut read)?,
            _ => {}
        }
    }
    if read.error_code.is_none() {
        read.error_code = read.code.rsplit(':').next().and_then(|code| code.parse().ok());
    }
    Ok(read)
}

fn read_detail(detail: &mut Element<'_, '_>, fault: &mut Fault) -> Result<(), XmlError> {
    let (text, first) = detail.text_or_child()?;
    let Some(mut response) = first else {
        fault.detail = Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        return Ok(());
    };
    while let Some(mut child) = response.next_child()? {
        match child.name() {
            "requestId" => fault.request_id = Some(child.text()?.into_owned()),
            // A code that does not read must not cost the rest of the fault.
            "errorCode" => fault.error_code = child.text()?.trim().parse().ok(),
            "errorDetail" => fault.detail = Some(child.text()?.into_owned()).filter(|text| !text.is_empty()),
            _ => {}
        }
    }
    Ok(())
}
