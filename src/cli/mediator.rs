//! `mediator`: a party moves another mediator.

use std::path::PathBuf;

use clap::Args;

use crate::{
    cli::{
        args::{AgreementArgs, SignArgs},
        error::{Exit, Failure},
        motions::after_moving,
        session::Session,
        signing::Signer,
        terms_toml,
        toml_file::TomlFile,
    },
    keys::PublicKey,
    statement::{Body, change::MediatorReplacement, rules::Mediator},
};

/// Move another mediator, who decides disputes
#[derive(Args, Debug)]
#[command(
    after_help = "In force once all parties have accepted and the mediator has consented (`counterfoil consent ENTRY`). A mediator is \
no party, and none of its keys may be a party's. A file has the keys of `mediator` in the terms: display_name and public_keys.

Examples:
  counterfoil mediator --name \"Ada Lovelace\" --public-key key1... --key community.key
  counterfoil mediator mediator.toml --key community.key"
)]
pub(super) struct MediatorArgs {
    /// A file that names the mediator
    #[arg(value_name = "FILE.toml", required_unless_present = "name", conflicts_with_all = ["name", "public_keys"])]
    file: Option<PathBuf>,
    /// The mediator's name, for people
    #[arg(long, value_name = "NAME", requires = "public_keys")]
    name: Option<String>,
    /// A key of the mediator's, key1...; as often as needed, each signs alone
    #[arg(long = "public-key", value_name = "KEY", requires = "name")]
    public_keys: Vec<PublicKey>,
    #[command(flatten)]
    agreement: AgreementArgs,
    #[command(flatten)]
    sign: SignArgs,
}

pub(super) fn run(args: &MediatorArgs, session: &mut Session) -> Result<Exit, Failure> {
    let mediator = match (&args.file, &args.name) {
        (Some(path), _) => terms_toml::read_mediator(&TomlFile::read(path)?)?,
        (None, Some(name)) => Mediator { display_name: name.clone(), keys: args.public_keys.clone() },
        (None, None) => {
            return Err(Failure::usage("a mediator is needed").hint("give FILE.toml, or --name and --public-key"));
        }
    };
    let mut signer = Signer::begin(session, &args.sign, args.agreement.agreement.as_deref())?;
    let body = Body::MediatorReplacement(MediatorReplacement { mediator });
    signer.say(vec![body], "", |after, entries| {
        after_moving(after, entries, "the mediator decides disputes from here on: counterfoil show")
    })
}
