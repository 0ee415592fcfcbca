//! A client that checks every receipt it gets: nothing is called recorded that this machine has not proved to itself.
//!
//! The leaf is built from the envelope that was sent and the admission time of the receipt, never from a hash that the
//! server supplies. Generated types stay in here, but for the views, which are the server's word. Retries are free: the same envelope again gives the same index.

mod bulk;
mod check;
mod error;
mod read;
mod retry;
mod submit;
mod views;
mod watch;

use std::{collections::HashMap, time::Duration};

use tonic::transport::{Channel, ClientTlsConfig, Endpoint};

pub use error::{ClientError, Refused};
pub use views::{Line, Viewed};
pub use watch::Watch;

use crate::{
    checkpoint::{SignedCheckpoint, note::NoteVerifier},
    client::check::LastCheckpoint,
    keys::PublicKey,
    ledger::{entry::Entry, receipt::Receipt},
    proto::counterfoil::v1::{
        agreement_service_client::AgreementServiceClient, ledger_service_client::LedgerServiceClient,
    },
    statement::id::{AgreementId, StatementId},
    time::Timestamp,
};

/// A connection to a server. Cheap to clone; clones share the connection.
#[derive(Clone)]
pub struct Client {
    url: String,
    options: ClientOptions,
    ledgers: LedgerServiceClient<Channel>,
    agreements: AgreementServiceClient<Channel>,
    /// The log keys that the server named, each checked against the pinned one.
    log_keys: HashMap<AgreementId, NoteVerifier>,
    /// Receipts of one batch share their checkpoint, whose signature is then checked once.
    last_checkpoint: LastCheckpoint,
}

/// How a client behaves.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// The log key that the reader has pinned: whatever the server says its key is, it must be this one.
    /// Without, the server's own word is taken.
    pub log_key: Option<PublicKey>,
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// How long one answer may take, of a call or in a stream of answers; a watcher waits for as long as it takes.
    pub call_timeout: Duration,
    /// How often something is tried that the server says may work later.
    pub tries_max: u32,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            log_key: None,
            connect_timeout: Duration::from_secs(5),
            // Longer than the server's own, which says why.
            call_timeout: Duration::from_secs(40),
            tries_max: 8,
        }
    }
}

/// A statement is in the ledger, and this client has checked it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The agreement.
    pub agreement: AgreementId,
    /// The statement.
    pub statement: StatementId,
    /// The index of its entry.
    pub index: u64,
    /// When it was admitted.
    pub admitted: Timestamp,
    /// Whether it was in the ledger before this call; after a lost answer that may have been by this very call.
    pub already_recorded: bool,
    /// The receipt, checked; its extra data is the leaf, so that one file is enough to check it again.
    pub receipt: Receipt,
    /// The checkpoint of the receipt.
    pub checkpoint: SignedCheckpoint,
}

/// A part of a ledger's entries as the server lists them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryPage {
    /// The entries with their indexes. Not proved: that they stand under the checkpoint, a bundle or a receipt shows.
    pub entries: Vec<(u64, Entry)>,
    /// What [`Client::entries`] takes for the next page; `None` on the last.
    pub next: Option<String>,
    /// The checkpoint that all pages speak of; its signature is checked.
    pub checkpoint: SignedCheckpoint,
}

/// What a watcher hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// An entry.
    Entry {
        /// Its index.
        index: u64,
        /// The entry.
        entry: Entry,
    },
    /// A checkpoint that covers every entry heard before it; its signature is checked, and so is its root when the
    /// watcher began at index 0.
    Checkpoint(SignedCheckpoint),
}

impl Client {
    /// Connects to `http://host:port`, or by TLS to `https://host`: the certificate must be of that host, and by somebody whom
    /// this machine trusts.
    ///
    /// Errors: [`ClientError::Address`], [`ClientError::Tls`], [`ClientError::Unreachable`].
    pub async fn connect(url: &str, options: ClientOptions) -> Result<Self, ClientError> {
        let endpoint = endpoint(url, &options)?;
        let channel = endpoint
            .connect()
            .await
            .map_err(|source| ClientError::Unreachable { url: url.to_owned(), source: Box::new(source) })?;
        Ok(Self {
            url: url.to_owned(),
            options,
            ledgers: LedgerServiceClient::new(channel.clone()).max_decoding_message_size(ANSWER_BYTES_MAX),
            agreements: AgreementServiceClient::new(channel).max_decoding_message_size(ANSWER_BYTES_MAX),
            log_keys: HashMap::new(),
            last_checkpoint: LastCheckpoint::default(),
        })
    }
}

/// The most bytes one answer may have; pages are cut to far less by the server.
const ANSWER_BYTES_MAX: usize = 8 * 1_024 * 1_024;
/// Finds out that a server is gone although the connection was never closed.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(20);
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(20);

fn endpoint(url: &str, options: &ClientOptions) -> Result<Endpoint, ClientError> {
    let wrong = || ClientError::Address { url: url.to_owned() };
    let endpoint = Endpoint::from_shared(url.to_owned()).map_err(|_| wrong())?;
    let by_tls = match endpoint.uri().scheme_str() {
        Some("http") => false,
        Some("https") => true,
        _ => return Err(wrong()),
    };
    if endpoint.uri().host().is_none_or(str::is_empty) {
        return Err(wrong());
    }
    let endpoint = if by_tls { with_tls(endpoint, url, options)? } else { endpoint };
    Ok(endpoint
        // Without it the answers of one call at a time wait for delayed acknowledgements: 22 per second.
        .tcp_nodelay(true)
        .connect_timeout(options.connect_timeout)
        .timeout(options.call_timeout)
        .http2_keep_alive_interval(KEEP_ALIVE_INTERVAL)
        .keep_alive_timeout(KEEP_ALIVE_TIMEOUT))
}

/// Trusts what this machine trusts, and what browsers do; a machine that has no certificates of its own is no reason to fail.
fn with_tls(endpoint: Endpoint, url: &str, options: &ClientOptions) -> Result<Endpoint, ClientError> {
    let tls = ClientTlsConfig::new().timeout(options.connect_timeout).with_webpki_roots();
    let both = endpoint.clone().tls_config(tls.clone().with_native_roots());
    both.or_else(|_| endpoint.tls_config(tls)).map_err(|source| ClientError::Tls { url: url.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::{Client, ClientError, ClientOptions};

    fn connect(url: &str) -> Result<Client, ClientError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(Client::connect(url, ClientOptions::default()))
    }

    #[test]
    fn what_is_no_address_is_told_from_a_server_that_is_not_there() {
        for url in ["", "localhost:7401", "ftp://localhost:7401", "http://", "https://", "/tmp/socket", "http://:7401"]
        {
            assert!(matches!(connect(url), Err(ClientError::Address { .. })), "{url}");
        }
        // Port 1 of this machine: nobody listens there.
        for url in ["http://127.0.0.1:1", "https://127.0.0.1:1", "https://localhost:1"] {
            assert!(matches!(connect(url), Err(ClientError::Unreachable { .. })), "{url}");
        }
    }
}
