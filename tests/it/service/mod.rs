//! The service over real gRPC: what it takes in, what it refuses and why, what it shows, and how it stops.

mod bulk;
mod disputes;
mod hostile;
mod money;
mod read;
mod refusals;
pub mod stop;
mod submit;
mod views;

use bytes::{Buf, BufMut, Bytes};
use counterfoil::{client::Client, statement::id::AgreementId};
use tonic::{
    Code, Request, Status,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    codegen::http::uri::PathAndQuery,
    transport::Channel,
};
use tonic_types::{ErrorDetail, StatusExt};

/// The number of entries of a ledger.
pub async fn size(client: &mut Client, agreement: AgreementId) -> u64 {
    client.checkpoint(agreement, None).await.unwrap().checkpoint().size.get()
}

/// Code and reason of a no; it has exactly one `ErrorInfo`, of our domain.
pub fn reason(status: &Status) -> (Code, String) {
    let details = status.get_error_details_vec();
    let mut infos = details.iter().filter_map(|detail| match detail {
        ErrorDetail::ErrorInfo(info) => Some(info),
        _ => None,
    });
    let info = infos.next().unwrap_or_else(|| panic!("no reason: {status:?}"));
    assert_eq!((infos.next().is_none(), info.domain.as_str()), (true, "counterfoil"), "{status:?}");
    assert!(info.metadata.contains_key("remedy"), "{status:?}");
    (status.code(), info.reason.clone())
}

/// Sends bytes, whatever they are, as the request message of a call.
async fn send_raw(channel: &Channel, method: &'static str, message: Bytes) -> Result<Bytes, Status> {
    let mut grpc = Grpc::new(channel.clone());
    grpc.ready().await.unwrap();
    let answer = grpc.unary(Request::new(message), PathAndQuery::from_static(method), Raw).await?;
    Ok(answer.into_inner())
}

const SUBMIT: &str = "/counterfoil.v1.LedgerService/SubmitStatement";

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
