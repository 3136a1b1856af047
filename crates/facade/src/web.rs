//! gRPC-Web for pages of the origins that may call, with the answers that browsers ask for before. All other calls pass by, save
//! those that a browser sends for a page without asking: it lets any page post a text or a file to any address, and shows the
//! certificate of its user there. Neither is a call, nor does a page of another origin make one.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tonic::body::Body;
use tonic::codegen::{Service, http};
use tonic_web::{GrpcWebLayer, GrpcWebService};
use tower_http::cors::{AllowHeaders, AllowOrigin, Cors, CorsLayer};
use tower_layer::Layer;

use http::header::{CONTENT_TYPE, ORIGIN};
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode};

/// How long a browser may remember that it may call.
const REMEMBER: Duration = Duration::from_secs(3600);

/// What a page may read of an answer's headers.
const SHOWN: [&str; 4] = ["grpc-status", "grpc-message", "grpc-status-details-bin", "x-request-id"];

/// A service, spoken to by pages, too.
#[derive(Debug, Clone)]
pub(crate) struct Web<S> {
    plain: S,
    origins: Arc<[HeaderValue]>,
    any: bool,
    pages: Option<Cors<GrpcWebService<S>>>,
}

impl<S> Web<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone,
{
    /// For pages of these origins, `*` for any; none for no pages at all. One that no header can hold is passed over.
    pub(crate) fn new(plain: S, origins: &[String]) -> Self {
        let any = origins.iter().any(|origin| origin == "*");
        let listed: Arc<[HeaderValue]> =
            origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()).collect();
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

impl<S> Service<Request<Body>> for Web<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.plain.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        if let Some(status) = self.refused(&request) {
            let mut answer = Response::new(Body::empty());
            *answer.status_mut() = status;
            return Box::pin(std::future::ready(Ok(answer)));
        }
        match &mut self.pages {
            Some(pages) if is_of_page(&request) => Box::pin(pages.call(request)),
            _ => Box::pin(self.plain.call(request)),
        }
    }
}

fn is_of_page(request: &Request<Body>) -> bool {
    request.method() == Method::OPTIONS || kind(request).starts_with("application/grpc-web")
}

fn kind(request: &Request<Body>) -> &str {
    request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default()
}
