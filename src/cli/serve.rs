//! `serve`: the server: takes in signed statements, keeps ledgers, hands out receipts.

use std::{
    fs,
    io::{self, IsTerminal},
    net::SocketAddr,
    path::Path,
    sync::Arc,
};

use clap::{Args, ValueEnum};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tracing::warn;
use tracing_subscriber::EnvFilter;
use zeroize::Zeroizing;

use crate::{
    checkpoint::note::check_key_name,
    cli::{
        args::passphrase,
        checkpoint_files::{PartyCheckpoint, RollbackArgs},
        config::Word,
        error::{Exit, Failure},
        guarding::{GuardSays, Guarding, refuse_older},
        home::cannot,
        key_file,
        known_logs::OPERATOR_DEFAULT,
        session::{Session, now},
        store_place::{guard_path, log_key_path, store_path},
    },
    keys::SecretKey,
    sequencer::{OpenError, Sequencer, SequencerConfig},
    service::{self, ServeError, ServiceConfig},
    store::{
        StoreError,
        log::{IndexKind, LogStore},
    },
};

/// Run the server
#[derive(Args, Debug)]
#[command(
    after_help = "One line is printed when the server is ready; after that it only logs, on standard error. On SIGTERM or \
SIGINT it finishes what it took in and stops. It does not start on ledgers that do not fold to their last checkpoint.

The parties need the log's public key, which the line names, to check receipts: give it to them by another way than \
through this server.

A store that is older than what its guard remembers is refused: to sign over what parties hold would be a fork. If nothing newer \
is left, ask the parties of every ledger for a receipt, bundle or checkpoint, and start with --accept-rollback and each of them as \
--checkpoint. It is refused if one of them is newer than the store or has another history; else the guard is written anew. A \
--checkpoint alone is only checked.

Examples:
  counterfoil serve --operator log.example.org
  counterfoil serve --listen 127.0.0.1:0 --store ./ledgers
  counterfoil serve --store ./ledgers --accept-rollback --checkpoint a.receipt --checkpoint b.counterfoil"
)]
pub(super) struct ServeArgs {
    /// Where to listen; port 0 takes a free one [setting: listen; default: 127.0.0.1:7401]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// The directory of the ledgers [setting: store; default: server/store in your home directory for receipts]
    #[arg(long, value_name = "DIRECTORY")]
    store: Option<String>,
    /// Your name as the log's operator, unique for ever: a domain [setting: operator; default: counterfoil.local]
    #[arg(long, value_name = "NAME")]
    operator: Option<String>,
    /// The file of the log's secret key; made on the first start [setting: log_key_file; default: log.key beside the store]
    #[arg(long, value_name = "FILE")]
    log_key_file: Option<String>,
    /// The file, outside the store, that remembers how far the log was [setting: guard; default: log.guard beside the log key]
    #[arg(long, value_name = "FILE")]
    guard: Option<String>,
    /// The file that holds the passphrase of the log key file [setting: passphrase_file]
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<String>,
    /// How much to log: error, warn, info, debug; or by room, as in warn,counterfoil=debug [setting: log; default: info]
    #[arg(long, value_name = "FILTER")]
    log: Option<String>,
    /// What finds things in the log: sorted tables, or sled, which takes more of disk and processor; either is made anew from the
    /// log when it is not there
    #[arg(long, value_enum, value_name = "KIND", default_value = "tables")]
    index: IndexArg,
    #[command(flatten)]
    rollback: RollbackArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum IndexArg {
    Tables,
    Sled,
}

impl From<IndexArg> for IndexKind {
    fn from(index: IndexArg) -> Self {
        match index {
            IndexArg::Tables => Self::Tables,
            IndexArg::Sled => Self::Sled,
        }
    }
}

const LISTEN_DEFAULT: &str = "127.0.0.1:7401";
/// Pages of ledgers that are read often; enough for hundreds of live agreements.
const CACHE_BYTES: u64 = 64 * 1024 * 1024;

pub(super) fn run(args: &ServeArgs, session: &mut Session) -> Result<Exit, Failure> {
    for (word, value) in [
        (Word::Listen, &args.listen),
        (Word::Store, &args.store),
        (Word::Operator, &args.operator),
        (Word::LogKeyFile, &args.log_key_file),
        (Word::Guard, &args.guard),
        (Word::PassphraseFile, &args.passphrase_file),
        (Word::Log, &args.log),
    ] {
        session.settings.flag(word, value.as_deref());
    }
    start_logging(session)?;
    let listen = listen_address(session)?;
    let operator = operator(session)?;
    let path = store_path(session)?;
    let log_key = log_key(session, &path)?;
    let public = log_key.public();
    let guard = guard_path(session, &path);
    let held = PartyCheckpoint::read_all(&args.rollback.checkpoints, public)?;
    // Before the store is opened: what opening would cut off or write must not touch an older copy.
    let says = refuse_older(&guard, &path, &held, args.rollback.accept_rollback)?;
    match &says {
        GuardSays::Fine => {}
        GuardSays::Careful(careful) => session.output.warn(careful),
        GuardSays::RollbackAccepted(accepted) => warn!(guard = %guard.display(), "{accepted}"),
    }
    let store = Arc::new(LogStore::open_with(&path, args.index.into(), CACHE_BYTES)?);
    let guarding = Guarding::start(&guard, &store, &says)?;
    let served = session.wait(async {
        let config = SequencerConfig::new(&operator, log_key, Arc::new(now));
        let sequencer = Sequencer::open(store, config).await?;
        // After the ledgers: whoever can connect is answered.
        let listener = TcpListener::bind(listen).await.map_err(|cause| cannot_listen(listen, cause))?;
        let address = listener.local_addr().map_err(|cause| cannot_listen(listen, cause))?;
        let told_to_stop = told_to_stop()?;
        session.output.answer_line(
            || {
                serde_json::json!({
                    "address": format!("http://{address}"),
                    "operator": operator,
                    "store": path,
                    "log_key": public.to_string(),
                })
            },
            || format!("ready: http://{address}  operator {operator}  store {}  log key {public}", path.display()),
        )?;
        service::serve(sequencer, ServiceConfig::default(), listener, told_to_stop).await?;
        Ok::<_, Failure>(Exit::Done)
    });
    // Written once more, behind everything that was answered.
    drop(guarding);
    served
}

fn start_logging(session: &Session) -> Result<(), Failure> {
    let filter = match session.settings.get(Word::Log) {
        Some(setting) => EnvFilter::try_new(&setting.value).map_err(|cause| {
            Failure::configuration(format!("{setting} is no filter"))
                .because(cause)
                .hint("write error, warn, info or debug; or by room: warn,counterfoil=debug")
        })?,
        None => EnvFilter::new("info"),
    };
    let colours = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(io::stderr).init();
    Ok(())
}

/// Returns the operator's name. Asked for before a key is made: it stands in every checkpoint from the first one on.
fn operator(session: &Session) -> Result<String, Failure> {
    let Some(setting) = session.settings.get(Word::Operator) else { return Ok(OPERATOR_DEFAULT.to_owned()) };
    check_key_name(&setting.value).map_err(|cause| {
        Failure::configuration(format!("{setting} names no operator: `{}`", setting.value))
            .because(cause)
            .hint("give a name without blanks and `+`, best a domain of yours: --operator log.example.org")
    })?;
    Ok(setting.value.clone())
}

fn listen_address(session: &Session) -> Result<SocketAddr, Failure> {
    let Some(setting) = session.settings.get(Word::Listen) else {
        return LISTEN_DEFAULT.parse().map_err(|_| Failure::new(Exit::Fault, "the default address is none"));
    };
    setting.value.parse().map_err(|cause: std::net::AddrParseError| {
        Failure::configuration(format!("{setting} is no address: `{}`", setting.value))
            .because(cause)
            .hint("write IP:PORT, as in 127.0.0.1:7401 or 0.0.0.0:7401")
    })
}

/// Loads the log's key. It is made on the first start alone: beside a store that has ledgers, a new key would be another
/// log's.
fn log_key(session: &Session, store: &Path) -> Result<SecretKey, Failure> {
    let path = log_key_path(session, store);
    if path.exists() {
        return Ok(key_file::load(&path, || passphrase(&session.settings, &path.display().to_string()))?);
    }
    if is_in_use(store) {
        return Err(Failure::configuration(format!("the log key file {} is missing", path.display())).hint(format!(
            "the ledgers in {} were signed with it: bring it back, or name it with --log-key-file",
            store.display()
        )));
    }
    let mut seed = Zeroizing::new([0; 32]);
    let filled = getrandom::fill(seed.as_mut_slice());
    filled.map_err(|cause| Failure::new(Exit::Fault, format!("this machine gives no random numbers: {cause}")))?;
    let key = SecretKey::from_seed(&seed);
    if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        fs::create_dir_all(directory).map_err(|cause| cannot("made", directory, cause))?;
    }
    key_file::create(&path, &key, None)?;
    session.output.note(format!(
        "First start: the log's secret key was made and is in {}. Keep a copy in another place: without it no checkpoint \
         can be signed any more.",
        path.display()
    ));
    Ok(key)
}

fn is_in_use(store: &Path) -> bool {
    fs::read_dir(store).is_ok_and(|mut files| files.next().is_some())
}

/// Completes on SIGTERM and on SIGINT.
fn told_to_stop() -> Result<impl Future<Output = ()> + Send, Failure> {
    let listen_for = |kind| signal(kind).map_err(|cause| Failure::io("signals cannot be listened for", cause));
    let (mut terminated, mut interrupted) =
        (listen_for(SignalKind::terminate())?, listen_for(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminated.recv() => {}
            _ = interrupted.recv() => {}
        }
    })
}

fn cannot_listen(address: SocketAddr, cause: io::Error) -> Failure {
    let hint = match cause.kind() {
        io::ErrorKind::AddrInUse => {
            "is another server running there? choose another port with --listen, or 0 for a free one"
        }
        _ => "choose another address with --listen",
    };
    Failure::configuration(format!("cannot listen on {address}")).because(cause).hint(hint)
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let exit = match error {
            StoreError::InUse { .. } | StoreError::Format { .. } => Exit::Configuration,
            StoreError::Damaged { .. } | StoreError::LogDamaged(_) | StoreError::Behind { .. } => Exit::Unverified,
            _ => Exit::Fault,
        };
        Self::new(exit, error.to_string()).because(error)
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        let (exit, hint) = match error {
            OpenError::Operator { .. } => (Exit::Configuration, "choose another name with --operator: a domain"),
            OpenError::Checkpoint { .. } => {
                (Exit::Unverified, "see that --operator and --log-key-file are those the ledgers were signed with")
            }
            OpenError::Entry { .. } | OpenError::Root { .. } => (
                Exit::Unverified,
                "the server does not start on ledgers it cannot stand for: restore the store from a backup",
            ),
            _ => (Exit::Fault, "see the cause, and restore the store from a backup if it is damaged"),
        };
        Self::new(exit, error.to_string()).because(error).hint(hint)
    }
}

impl From<ServeError> for Failure {
    fn from(error: ServeError) -> Self {
        Self::new(Exit::Fault, error.to_string()).because(error)
    }
}
