//! What a call costs alone: a service that gives back the bytes it gets. And such a face for what has none of its own.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::{Buf as _, BufMut as _, Bytes};
use tokio::{net::TcpListener, task::JoinHandle};
use tonic::{
    Request, Response, Status,
    body::Body,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    codegen::{BoxFuture, Service, http},
    server::{Grpc as ServerGrpc, NamedService, UnaryService},
    transport::{Channel, Endpoint, Server, server::TcpIncoming},
};

use crate::{
    drive::{Answer, Stretch, Timed, closed},
    parties::Failed,
};

/// Calls with messages of a size, so many at a time, for so long.
pub async fn echo(connections: usize, in_flight: usize, size: usize, span: Duration) -> Result<Timed, Failed> {
    let face = Face::serve(connections, |message| async move { Ok(message) }).await?;
    let (calls, message) = (face.calls.clone(), Bytes::from(vec![7; size]));
    closed(in_flight, Stretch::new(usize::MAX, Some(span)), move |caller, _| {
        let (calls, message) = (calls.clone(), message.clone());
        async move {
            if calls.call(caller, message.clone()).await? != message {
                return Err("the echo is another".into());
            }
            Ok(Answer::Proved)
        }
    })
    .await
}

/// A service of one call that takes bytes and gives bytes, and connections to it. It stops when it is dropped.
pub struct Face {
    pub calls: Calls,
    serving: JoinHandle<Result<(), tonic::transport::Error>>,
}

/// Connections to a face.
#[derive(Clone)]
pub struct Calls(Arc<Vec<Channel>>);

impl Face {
    /// Serves with `answer` on a port of its own, and opens so many connections.
    pub async fn serve<F>(
        connections: usize,
        answer: impl Fn(Bytes) -> F + Clone + Send + Sync + 'static,
    ) -> Result<Self, Failed>
    where
        F: Future<Output = Result<Bytes, Status>> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
        let service = Bytewise(Arc::new(move |message| Box::pin(answer(message))));
        let serving = tokio::spawn(Server::builder().add_service(service).serve_with_incoming(incoming));
        let mut channels = Vec::new();
        for _ in 0..connections.max(1) {
            channels.push(Endpoint::from_shared(format!("http://{address}"))?.tcp_nodelay(true).connect().await?);
        }
        Ok(Self { calls: Calls(Arc::new(channels)), serving })
    }
}

impl Drop for Face {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Calls {
    pub async fn call(&self, caller: usize, message: Bytes) -> Result<Bytes, Status> {
        let mut grpc = Grpc::new(self.0[caller % self.0.len()].clone());
        grpc.ready().await.map_err(|_| Status::unavailable("the service is gone"))?;
        let path = http::uri::PathAndQuery::from_static("/load.Face/Call");
        Ok(grpc.unary(Request::new(message), path, Raw).await?.into_inner())
    }
}

type Answering = Pin<Box<dyn Future<Output = Result<Bytes, Status>> + Send>>;

#[derive(Clone)]
struct Bytewise(Arc<dyn Fn(Bytes) -> Answering + Send + Sync>);

impl NamedService for Bytewise {
    const NAME: &'static str = "load.Face";
}

impl Service<http::Request<Body>> for Bytewise {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<http::Response<Body>, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let service = self.clone();
        Box::pin(async move { Ok(ServerGrpc::new(Raw).unary(service, request).await) })
    }
}

impl UnaryService<Bytes> for Bytewise {
    type Response = Bytes;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Bytes>, Status>> + Send>>;

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let answer = (self.0)(request.into_inner());
        Box::pin(async move { Ok(Response::new(answer.await?)) })
    }
}

/// Messages as bytes.
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, into: &mut EncodeBuf<'_>) -> Result<(), Status> {
        into.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}
