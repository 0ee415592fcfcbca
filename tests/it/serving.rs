//! A server in this process, on a port of its own.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use counterfoil::{
    client::{Client, ClientOptions},
    keys::SecretKey,
    sequencer::{Sequencer, SequencerConfig},
    service::{ServeError, ServiceConfig, serve},
    statement::id::AgreementId,
    store::{Store, memory::MemoryStore},
    time::Timestamp,
};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};
use tonic::transport::{Channel, Endpoint};

use crate::parties::{NOW_MS, accept, propose, terms};

/// A server that is running; dropped, it stops without waiting.
pub struct Serving {
    pub address: SocketAddr,
    stop: oneshot::Sender<()>,
    served: JoinHandle<Result<(), ServeError>>,
}

/// The key that every log of the tests signs with.
pub fn log_key() -> SecretKey {
    SecretKey::from_seed(&[200; 32])
}

impl Serving {
    /// Serves an empty ledger store in memory.
    pub async fn in_memory() -> Self {
        Self::start(Arc::new(MemoryStore::new()), ServiceConfig::default()).await
    }

    pub async fn start(store: Arc<dyn Store>, config: ServiceConfig) -> Self {
        Self::start_at(store, config, "127.0.0.1:0".parse().unwrap()).await
    }

    /// Serves with a sequencer of other limits.
    pub async fn with_sequencer(change: impl FnOnce(SequencerConfig) -> SequencerConfig) -> Self {
        let store = Arc::new(MemoryStore::new());
        Self::serve(store, ServiceConfig::default(), change, "127.0.0.1:0".parse().unwrap()).await
    }

    /// Serves at an address, so that a client finds it again after a restart.
    pub async fn start_at(store: Arc<dyn Store>, config: ServiceConfig, address: SocketAddr) -> Self {
        Self::serve(store, config, |unchanged| unchanged, address).await
    }

    async fn serve(
        store: Arc<dyn Store>,
        config: ServiceConfig,
        change: impl FnOnce(SequencerConfig) -> SequencerConfig,
        address: SocketAddr,
    ) -> Self {
        let clock = Arc::new(|| Timestamp::from_ms(NOW_MS).unwrap());
        let sequencer_config = SequencerConfig::new("counterfoil.local", log_key(), clock);
        let sequencer = Sequencer::open(store, change(sequencer_config)).await.unwrap();
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(serve(sequencer, config, listener, async {
            // A test that has ended without saying so wants the server gone, too.
            let _ = stopped.await;
        }));
        Self { address, stop, served }
    }

    pub async fn client(&self) -> Client {
        self.client_with(ClientOptions::default()).await
    }

    pub async fn client_with(&self, options: ClientOptions) -> Client {
        let options = ClientOptions { log_key: Some(log_key().public()), ..options };
        Client::connect(&format!("http://{}", self.address), options).await.unwrap()
    }

    /// A connection for what the client does not do, or does right.
    pub async fn channel(&self) -> Channel {
        let endpoint = Endpoint::from_shared(format!("http://{}", self.address)).unwrap().tcp_nodelay(true);
        endpoint.connect().await.unwrap()
    }

    /// Waits until the server has ended by itself.
    pub async fn ended(self) -> Result<(), ServeError> {
        tokio::time::timeout(Duration::from_secs(20), self.served).await.unwrap().unwrap()
    }

    /// Tells the server to stop and waits until it has.
    pub async fn stop(self) {
        let _ = self.stop.send(());
        tokio::time::timeout(Duration::from_secs(20), self.served).await.unwrap().unwrap().unwrap();
    }
}

/// Founds an agreement between `community` and `enterprise` and brings it into force: two entries.
pub async fn in_force(client: &mut Client) -> AgreementId {
    let (agreement, proposal) = propose("community", terms());
    client.submit(proposal, None).await.unwrap();
    client.submit(accept("enterprise", agreement), None).await.unwrap();
    agreement
}
