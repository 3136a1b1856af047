//! The SOAP form of AdImages: document/literal, only the body's root element in a namespace; faults under HTTP 200 as
//! recorded (for server errors an assumption, reference 13.13 and 13.14).

use axum::response::Response;
use http::StatusCode;

use super::answer::{ActionResult, Answer};
use super::fault::{Fault, is_server_error};
use super::request::{Call, Method};
use super::service::Outcome;
use crate::exchange::{Exchange, reply};
use crate::soap::ENVELOPE;
use crate::soap::read::{Element, parse};
use crate::soap::value::{Lists, object};
use crate::soap::write::Xml;
use crate::state::State;

const SERVICE: &str = "http://api.direct.yandex.com/v5/adimages";
const GENERAL: &str = "http://api.direct.yandex.com/v5/general";

/// Reads a call. `SOAPAction` must be there and name the body's operation; its scheme, version and quotes do not matter.
pub(crate) fn read(state: &State, exchange: &Exchange) -> Result<Call, Fault> {
    if !exchange.head.headers.contains_key("soapaction") {
        return Err(Fault::invalid("The SOAPAction header is missing"));
    }
    let mut envelope = parse(&exchange.body).map_err(|bad| Fault::invalid(bad.0))?;
    if envelope.name != "Envelope" || envelope.namespace != ENVELOPE {
        return Err(Fault::invalid("The request is not a SOAP 1.1 envelope"));
    }
    let body = envelope.take_child("Body").ok_or_else(|| Fault::invalid("The SOAP body is missing"))?;
    let root = body.children.into_iter().next().ok_or_else(|| Fault::invalid("The SOAP body is empty"))?;
    let action = exchange.header("soapaction").trim_matches('"');
    let action = action.rsplit(['/', '#']).next().unwrap_or_default();
    let known = root.name.strip_suffix("Request").map(str::to_ascii_lowercase);
    let method =
        known.as_deref().and_then(Method::named).ok_or_else(|| Fault::new(55, "The operation is not known"))?;
    if !action.is_empty() && action != method.name() {
        return Err(Fault::invalid("The SOAPAction header does not name the operation of the SOAP body"));
    }
    if state.settings.yandex.strict_namespaces {
        check_namespaces(&root)?;
    }
    Call::read(&state.settings.yandex, method, object(root, method.members(), Lists::Repeated))
        .map_err(|fault| fault.during(method))
}

fn check_namespaces(root: &Element) -> Result<(), Fault> {
    if root.namespace != SERVICE && root.namespace != SERVICE.replacen("http:", "https:", 1) {
        return Err(Fault::invalid(format!("The element {} must be in the namespace {SERVICE}", root.name)));
    }
    let mut open: Vec<&Element> = root.children.iter().collect();
    while let Some(element) = open.pop() {
        if !element.namespace.is_empty() {
            return Err(Fault::invalid(format!("The element {} must be in no namespace", element.name)));
        }
        open.extend(&element.children);
    }
    Ok(())
}

/// Writes an answer.
pub(crate) fn write(outcome: &Outcome) -> Response {
    let mut xml = Xml::default();
    xml.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    xml.open("SOAP-ENV:Envelope", &format!("xmlns:SOAP-ENV=\"{ENVELOPE}\""));
    xml.raw("<SOAP-ENV:Header/>").open("SOAP-ENV:Body", "");
    match &outcome.result {
        Ok(answer) => write_answer(&mut xml, answer),
        Err(fault) => write_fault(&mut xml, fault, outcome),
    }
    xml.close("SOAP-ENV:Body").close("SOAP-ENV:Envelope");
    reply(StatusCode::OK, "text/xml; charset=utf-8", xml.into_string())
}

fn write_answer(xml: &mut Xml, answer: &Answer) {
    let namespace = format!("xmlns:ns3=\"{SERVICE}\"");
    match answer {
        Answer::Add { add_results } => {
            xml.open("ns3:AddResponse", &namespace);
            write_results(xml, "AddResults", add_results);
            xml.close("ns3:AddResponse");
        }
        Answer::Get(page) => {
            xml.open("ns3:GetResponse", &namespace);
            if let Some(limited_by) = page.limited_by {
                xml.leaf("LimitedBy", "", &limited_by.to_string());
            }
            for row in page.rows() {
                xml.open("AdImages", "");
                for (name, value) in row.members() {
                    xml.leaf(name, "", &value);
                }
                xml.close("AdImages");
            }
            xml.close("ns3:GetResponse");
        }
        Answer::Delete { delete_results } => {
            xml.open("ns3:DeleteResponse", &namespace);
            write_results(xml, "DeleteResults", delete_results);
            xml.close("ns3:DeleteResponse");
        }
    }
}

fn write_results(xml: &mut Xml, name: &str, results: &[ActionResult]) {
    for result in results {
        xml.open(name, "");
        for error in &result.errors {
            xml.open("Errors", "").leaf("Code", "", &error.code.to_string()).leaf("Message", "", error.message);
            if let Some(details) = &error.details {
                xml.leaf("Details", "", details);
            }
            xml.close("Errors");
        }
        if let Some(hash) = &result.ad_image_hash {
            xml.leaf("AdImageHash", "", hash);
        }
        xml.close(name);
    }
}

fn write_fault(xml: &mut Xml, fault: &Fault, outcome: &Outcome) {
    // Of the emulator itself every fault is the client's; the fault script knows others (assumption, reference 13.13).
    let side = if is_server_error(fault.code) { "SOAP-ENV:Server" } else { "SOAP-ENV:Client" };
    xml.open("SOAP-ENV:Fault", "").leaf("faultcode", "", side);
    xml.leaf("faultstring", "", fault.message(outcome.language)).open("detail", "");
    xml.open("ns3:FaultResponse", &format!("xmlns:ns3=\"{GENERAL}\""));
    xml.leaf("requestId", "", &outcome.request_id).leaf("errorCode", "", &fault.code.to_string());
    xml.leaf("errorDetail", "", &fault.detail);
    xml.close("ns3:FaultResponse").close("detail").close("SOAP-ENV:Fault");
}
