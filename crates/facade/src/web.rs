//! gRPC-Web for pages of the origins that may call, with the answers that browsers ask for before. All other calls pass by, save
//! those that a browser sends for a page without asking: it lets any page post a text or a file to any address, and shows the
//! certificate of its user there. Neither is a call, nor does a page of another origin make one.

use std::time::Duration;

use tonic::body::Body;
use tonic::codegen::{Service, http};
use tonic_web::{GrpcWebLayer, GrpcWebService};
use tower_http::cors::{AllowHeaders, AllowOrigin, Cors, CorsLayer};
use tower_layer::Layer;

use http::header::{CONTENT_TYPE, ORIGIN};
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode};

use crate::observed::Observed;
use crate::routes::Answer;

/// How long a browser may remember that it may call.
const REMEMBER: Duration = Duration::from_secs(3600);

/// What a page may read of an answer's headers.
const SHOWN: [&str; 4] = ["grpc-status", "grpc-message", "grpc-status-details-bin", "x-request-id"];

/// What answers calls, spoken to by pages, too.
#[derive(Debug)]
pub(crate) struct Web {
    plain: Observed,
    origins: Vec<HeaderValue>,
    any: bool,
    pages: Option<Cors<GrpcWebService<Observed>>>,
}

impl Web {
    /// For pages of these origins, `*` for any; none for no pages at all. One that no header can hold is passed over.
    pub(crate) fn new(plain: Observed, origins: &[String]) -> Self {
        let any = origins.iter().any(|origin| origin == "*");
        let listed: Vec<_> = origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()).collect();
        let origin = match any {
            true => AllowOrigin::any(),
            false => AllowOrigin::list(listed.iter().cloned()),
        };
        let cors = CorsLayer::new()
            .allow_origin(origin)
            .allow_methods([Method::POST])
            .allow_headers(AllowHeaders::mirror_request())
            .expose_headers(SHOWN.map(HeaderName::from_static))
            .max_age(REMEMBER);
        let pages = (!origins.is_empty()).then(|| cors.layer(GrpcWebLayer::new().layer(plain.clone())));
        Self { plain, origins: listed, any, pages }
    }

    /// Answers a request, whether it is a call or not.
    pub(crate) fn call(&self, request: Request<Body>) -> Answer {
        if let Some(status) = self.refused(&request) {
            let mut answer = Response::new(Body::empty());
            *answer.status_mut() = status;
            return Box::pin(std::future::ready(Ok(answer)));
        }
        match &self.pages {
            Some(pages) if is_of_page(&request) => Box::pin(pages.clone().call(request)),
            _ => self.plain.call(request),
        }
    }

    /// Why a request is no call.
    fn refused(&self, request: &Request<Body>) -> Option<StatusCode> {
        if self.pages.is_some() && request.method() == Method::OPTIONS {
            return None;
        }
        let foreign = |origin: &HeaderValue| !self.any && !self.origins.contains(origin);
        if request.headers().get_all(ORIGIN).iter().any(foreign) {
            return Some(StatusCode::FORBIDDEN);
        }
        if request.method() != Method::POST {
            return Some(StatusCode::METHOD_NOT_ALLOWED);
        }
        (!kind(request).starts_with("application/grpc")).then_some(StatusCode::UNSUPPORTED_MEDIA_TYPE)
    }
}

fn is_of_page(request: &Request<Body>) -> bool {
    request.method() == Method::OPTIONS || kind(request).starts_with("application/grpc-web")
}

fn kind(request: &Request<Body>) -> &str {
    request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default()
}
