//! The floor of an upload: bare tonic that takes the messages of a client stream, lets them go, and answers nothing in
//! particular.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use polyptych_proto::v1;
use tonic::body::Body;
use tonic::codegen::http;
use tonic::server::{ClientStreamingService, Grpc, NamedService};
use tonic::{Request, Response, Status, Streaming};
use tonic_prost::ProstCodec;

/// The service: each of its methods takes an upload.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sink;

impl NamedService for Sink {
    const NAME: &'static str = "polyptych.v1.ImageService";
}

impl tonic::codegen::Service<http::Request<Body>> for Sink {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(async { Ok(Grpc::new(ProstCodec::default()).client_streaming(Take, request).await) })
    }
}

struct Take;

impl ClientStreamingService<v1::UploadImageRequest> for Take {
    type Response = v1::UploadImageResponse;
    type Future = Pin<Box<dyn Future<Output = Result<Response<v1::UploadImageResponse>, Status>> + Send>>;

    fn call(&mut self, request: Request<Streaming<v1::UploadImageRequest>>) -> Self::Future {
        Box::pin(async {
            let mut messages = request.into_inner();
            while messages.message().await?.is_some() {}
            Ok(Response::new(v1::UploadImageResponse::default()))
        })
    }
}
