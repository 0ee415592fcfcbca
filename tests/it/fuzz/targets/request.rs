//! Requests: bytes for a call to a server that runs beside, over a real connection; page tokens that nobody was given.

use std::sync::LazyLock;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::{Buf as _, BufMut as _, Bytes};
use counterfoil::{
    digest::Digest,
    proto::counterfoil::v1::{ListAgreementsRequest, ListContributionsRequest, ListEntriesRequest},
    statement::id::AgreementId,
};
use prost::Message as _;
use tokio::runtime::Runtime;
use tonic::{
    Code, Request, Status,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    codegen::http::uri::PathAndQuery,
    transport::Channel,
};

use super::feed::Feed;
use crate::serving::{Serving, in_force};

/// A call of one request and one answer.
pub const CALLS: [&str; 16] = [
    "/counterfoil.v1.LedgerService/SubmitStatement",
    "/counterfoil.v1.LedgerService/GetLogKey",
    "/counterfoil.v1.LedgerService/GetEntry",
    "/counterfoil.v1.LedgerService/ListEntries",
    "/counterfoil.v1.LedgerService/GetCheckpoint",
    "/counterfoil.v1.LedgerService/ProveInclusion",
    "/counterfoil.v1.LedgerService/ProveConsistency",
    "/counterfoil.v1.AgreementService/GetAgreement",
    "/counterfoil.v1.AgreementService/ListAgreements",
    "/counterfoil.v1.AgreementService/ListContributions",
    "/counterfoil.v1.AgreementService/GetContribution",
    "/counterfoil.v1.AgreementService/ListBenefits",
    "/counterfoil.v1.AgreementService/ListSettlements",
    "/counterfoil.v1.AgreementService/GetAccount",
    "/counterfoil.v1.AgreementService/ComputeSplit",
    "/counterfoil.v1.AgreementService/ExplainSplit",
];

/// The agreement that the server holds.
pub fn agreement() -> AgreementId {
    SERVER.agreement
}

/// A call by its number, and its request's bytes; or a sealed page token that says what it likes.
pub fn request(bytes: &[u8]) {
    let mut feed = Feed::new(bytes);
    let number = usize::from(feed.byte());
    let (path, request) = match CALLS.get(number) {
        Some(path) => (*path, feed.rest().to_vec()),
        None => page(number, &mut feed),
    };
    let answer = SERVER.runtime.block_on(async {
        let mut grpc = Grpc::new(SERVER.channel.clone());
        grpc.ready().await.unwrap();
        grpc.unary(Request::new(Bytes::from(request)), PathAndQuery::from_static(path), Raw).await
    });
    if let Err(status) = answer {
        let fault = [Code::Internal, Code::Unknown, Code::DataLoss, Code::Unavailable, Code::DeadlineExceeded];
        assert!(!fault.contains(&status.code()), "{path}: {status:?}");
    }
}

/// Seals bytes as the server seals a page token: whoever reads how can do it.
fn page(number: usize, feed: &mut Feed<'_>) -> (&'static str, Vec<u8>) {
    let (page_size, agreement) = (u32::from(feed.short()), agreement().to_string());
    let seal = |bound: &[&str], bytes: &[u8]| {
        let bound: String = bound.iter().map(|text| format!("{} {text} ", text.len())).collect();
        let check = Digest::of(&[b"counterfoil page v1\n", bound.as_bytes(), b"\n", bytes]);
        URL_SAFE_NO_PAD.encode([&check.as_bytes()[..8], bytes].concat())
    };
    match number % 3 {
        0 => {
            let page_token = seal(&["ListAgreements"], feed.rest());
            (CALLS[8], ListAgreementsRequest { page_size, page_token }.encode_to_vec())
        }
        1 => {
            let page_token = seal(&["ListEntries", &agreement], feed.rest());
            (CALLS[3], ListEntriesRequest { agreement, start_index: 0, page_size, page_token }.encode_to_vec())
        }
        _ => {
            let bound = ["ListContributions", &agreement, "", "CONTRIBUTION_STATE_UNSPECIFIED"];
            let page_token = seal(&bound, feed.rest());
            let request =
                ListContributionsRequest { agreement, page_size, page_token, ..ListContributionsRequest::default() };
            (CALLS[9], request.encode_to_vec())
        }
    }
}

struct Server {
    runtime: Runtime,
    channel: Channel,
    agreement: AgreementId,
    _serving: Serving,
}

static SERVER: LazyLock<Server> = LazyLock::new(|| {
    let runtime = Runtime::new().unwrap();
    let (serving, channel, agreement) = runtime.block_on(async {
        let serving = Serving::in_memory().await;
        let agreement = in_force(&mut serving.client().await).await;
        let channel = serving.channel().await;
        (serving, channel, agreement)
    });
    Server { runtime, channel, agreement, _serving: serving }
});

/// Bytes as they are.
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
