//! The demonstration's stage: a server in this process on a store of its own, reached over gRPC like any other, and the
//! parties with their keys. What the server says is folded again here, entry by entry, by the same law.

use std::{
    env, fs,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};
use zeroize::Zeroizing;

use crate::{
    agreement::Agreement,
    cli::{
        error::{Exit, Failure},
        home::cannot,
        key_file,
        known_logs::OPERATOR_DEFAULT,
        session::now,
    },
    client::{Client, ClientError, ClientOptions, Recorded, Refused},
    envelope::Envelope,
    keys::{PublicKey, SecretKey},
    sequencer::{Sequencer, SequencerConfig},
    service::{self, ServeError, ServiceConfig},
    statement::{
        Body, SeenCheckpoint, Statement,
        id::AgreementId,
        terms::{Name, PartyKey, Scope, Terms},
        wire,
    },
    store::log::LogStore,
};

/// Everything a demonstration plays on.
pub(super) struct Stage {
    /// Where the server listens.
    pub(super) address: SocketAddr,
    /// A connection to it.
    pub(super) client: Client,
    /// The key its log signs with; pinned by the client.
    pub(super) log_key: PublicKey,
    /// Where everything lies.
    pub(super) folder: Folder,
    /// The agreement as it follows from the entries recorded, folded here.
    agreement: Option<Agreement>,
    seen: Option<SeenCheckpoint>,
    stop: oneshot::Sender<()>,
    served: JoinHandle<Result<(), ServeError>>,
}

/// Somebody who signs.
pub(super) struct Actor {
    /// How the terms name it.
    pub(super) name: Name,
    /// What it signs with.
    pub(super) key: SecretKey,
}

impl Stage {
    /// Starts a server in `keep`, a folder that must be new, or in one that is removed at the end.
    pub(super) async fn open(keep: Option<&Path>) -> Result<Self, Failure> {
        let folder = Folder::make(keep)?;
        let log_key = fresh_key()?;
        if folder.is_kept {
            key_file::create(&folder.path.join("log.key"), &log_key, None)?;
        }
        let store = LogStore::open(&folder.path.join("store"), CACHE_BYTES)?;
        let (public, clock) = (log_key.public(), Arc::new(now));
        let sequencer =
            Sequencer::open(Arc::new(store), SequencerConfig::new(OPERATOR_DEFAULT, log_key, clock)).await?;
        let listening = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let cannot_listen = |cause| Failure::io("no port of this machine can be listened on", cause);
        let listener = listening.map_err(cannot_listen)?;
        let address = listener.local_addr().map_err(cannot_listen)?;
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(service::serve(sequencer, ServiceConfig::default(), listener, async {
            // Whoever is gone without a word wants the server gone, too.
            let _ = stopped.await;
        }));
        let options = ClientOptions { log_key: Some(public), ..ClientOptions::default() };
        let client = Client::connect(&format!("http://{address}"), options).await?;
        Ok(Self { address, client, log_key: public, folder, agreement: None, seen: None, stop, served })
    }

    /// Stops the server, and removes what is not kept.
    pub(super) async fn close(self) -> Result<Folder, Failure> {
        let Self { client, stop, served, folder, .. } = self;
        // Connections that are open keep a server from ending.
        drop(client);
        // A server that has ended by itself says why below.
        let _ = stop.send(());
        served.await.map_err(|cause| Failure::new(Exit::Fault, "the server ended badly").because(cause))??;
        Ok(folder)
    }

    /// Returns the agreement as it follows from what was recorded.
    pub(super) fn agreement(&self) -> Result<&Agreement, Failure> {
        self.agreement.as_ref().ok_or_else(|| Failure::new(Exit::Fault, "nothing was proposed yet"))
    }

    /// Returns the agreement's id.
    pub(super) fn id(&self) -> Result<AgreementId, Failure> {
        self.agreement().map(Agreement::id)
    }

    /// Signs what `actor` says, under the checkpoint last seen.
    pub(super) fn sign(&self, actor: &Actor, body: Body) -> Result<Envelope, Failure> {
        let mut nonce = [0; 16];
        fill(&mut nonce)?;
        let statement = Statement {
            agreement: self.agreement.as_ref().map(Agreement::id),
            signer: actor.key.public(),
            nonce,
            claimed_time: now(),
            seen: self.seen,
            body,
        };
        Ok(wire::sign(&statement, &actor.key)?)
    }

    /// Lets `actor` say something that enters the ledger; its receipt is checked, and it is folded here as well.
    pub(super) async fn say(&mut self, actor: &Actor, body: Body) -> Result<Recorded, Failure> {
        let envelope = self.sign(actor, body)?;
        let recorded = self.client.submit(envelope.clone(), None).await?;
        self.fold(&envelope, &recorded)?;
        Ok(recorded)
    }

    /// Lets many things be said through one stream, in their order. Returns the index of the first.
    pub(super) async fn say_all(
        &mut self,
        envelopes: Vec<Envelope>,
        mut step: impl FnMut() + Send,
    ) -> Result<Option<u64>, Failure> {
        let mut answers: Vec<Result<Recorded, Refused>> = Vec::with_capacity(envelopes.len());
        let mut client = self.client.clone();
        let answered = client.submit_all(envelopes.iter().cloned(), None, |_, answer| {
            answers.push(answer);
            step();
        });
        answered.await?;
        let mut first = None;
        for (envelope, answer) in envelopes.iter().zip(answers) {
            let recorded = answer.map_err(|refused| Failure::from(ClientError::Refused(refused)))?;
            first = first.or(Some(recorded.index));
            self.fold(envelope, &recorded)?;
        }
        Ok(first)
    }

    /// Lets `actor` say something that the law must refuse.
    pub(super) async fn be_refused(&mut self, actor: &Actor, body: Body) -> Result<Refused, Failure> {
        let envelope = self.sign(actor, body)?;
        match self.client.submit(envelope, None).await {
            Err(ClientError::Refused(refused)) => Ok(refused),
            Err(other) => Err(other.into()),
            Ok(_) => Err(Failure::new(Exit::Fault, "the server took in what the law refuses")),
        }
    }

    /// Takes in what the server recorded: the law must agree, at the same index and time.
    fn fold(&mut self, envelope: &Envelope, recorded: &Recorded) -> Result<(), Failure> {
        let signed = wire::open(envelope)?;
        let at = recorded.admitted;
        match &mut self.agreement {
            None => self.agreement = Some(Agreement::found(&signed, at)?),
            Some(agreement) if agreement.size() == recorded.index => {
                let admission = agreement.admit(&signed, at)?;
                agreement.apply(admission);
            }
            Some(agreement) => {
                let (index, size) = (recorded.index, agreement.size());
                return Err(Failure::new(Exit::Unverified, format!("entry {index} came where {size} was expected")));
            }
        }
        let checkpoint = recorded.checkpoint.checkpoint();
        self.seen = Some(SeenCheckpoint { tree_size: checkpoint.size.get(), root: checkpoint.root });
        Ok(())
    }
}

const CACHE_BYTES: u64 = 32 * 1_024 * 1_024;

/// Makes a key for each party of `terms` and writes it into them; with `keep`, into files as well.
pub(super) fn cast(terms: &mut Terms, folder: &Folder) -> Result<Vec<Actor>, Failure> {
    let mut actors = Vec::with_capacity(terms.parties.len());
    for party in &mut terms.parties {
        let key = fresh_key()?;
        let scopes = vec![Scope::Govern, Scope::Claim, Scope::Attest, Scope::Report];
        party.keys = vec![PartyKey { key: key.public(), scopes }];
        if folder.is_kept {
            key_file::create(&folder.path.join(format!("{}.key", party.name)), &key, None)?;
        }
        actors.push(Actor { name: party.name.clone(), key });
    }
    Ok(actors)
}

/// Makes a key out of the machine's random numbers.
pub(super) fn fresh_key() -> Result<SecretKey, Failure> {
    let mut seed = Zeroizing::new([0; 32]);
    fill(seed.as_mut_slice())?;
    Ok(SecretKey::from_seed(&seed))
}

fn fill(bytes: &mut [u8]) -> Result<(), Failure> {
    getrandom::fill(bytes)
        .map_err(|cause| Failure::new(Exit::Fault, format!("this machine gives no random numbers: {cause}")))
}

/// Takes what the demonstration writes itself; that it is right, the tests show.
pub(super) fn ours<T, E: std::error::Error + Send + Sync + 'static>(made: Result<T, E>) -> Result<T, Failure> {
    made.map_err(|cause| Failure::new(Exit::Fault, "the demonstration is made wrong").because(cause))
}

/// A folder that is removed when the demonstration is over, unless it is kept.
#[derive(Debug)]
pub(super) struct Folder {
    /// Where it is.
    pub(super) path: PathBuf,
    is_kept: bool,
}

impl Folder {
    fn make(keep: Option<&Path>) -> Result<Self, Failure> {
        if let Some(path) = keep {
            if path.exists() {
                return Err(Failure::usage(format!("{} exists", path.display()))
                    .hint("--keep makes a new folder and writes over nothing"));
            }
            fs::create_dir_all(path).map_err(|cause| cannot("made", path, cause))?;
            return Ok(Self { path: path.to_owned(), is_kept: true });
        }
        let mut random = [0; 8];
        fill(&mut random)?;
        let path = env::temp_dir().join(format!("counterfoil-demo-{}", hex::encode(random)));
        // Fails if it exists: nobody else's folder is used, and removed at the end.
        fs::create_dir(&path).map_err(|cause| cannot("made", &path, cause))?;
        Ok(Self { path, is_kept: false })
    }

    /// Whether it stays.
    pub(super) const fn is_kept(&self) -> bool {
        self.is_kept
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.is_kept {
            // What cannot be removed lies among the files that the machine forgets.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}
