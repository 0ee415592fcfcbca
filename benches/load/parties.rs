//! Agreements between two parties, and signed contributions to them: a change that was merged, with where it is and a note,
//! of as many bytes as asked for.

use std::{error::Error, sync::Arc, thread};

use counterfoil::{
    digest::Digest,
    envelope::Envelope,
    keys::SecretKey,
    split::Ratio,
    statement::{
        Acceptance, Artifact, ArtifactDigest, ArtifactKind, Body, Contribution, Statement,
        id::{AgreementId, StatementId},
        terms::{Currency, Dimension, LegalText, Party, PartyKey, Prevails, Role, Scope, Stream, Terms, Unit},
        wire::{OpenError, sign},
    },
    time::Timestamp,
};

pub type Failed = Box<dyn Error + Send + Sync>;

const NAMES: [&str; 2] = ["community", "enterprise"];
/// What a note, or where an artifact is, may have at most.
const TEXT_BYTES_MAX: usize = 2_000;
const ARTIFACTS_MAX: usize = 64;

/// Two parties with one key each.
pub struct Parties {
    keys: [SecretKey; 2],
}

impl Parties {
    /// Returns the parties of a name; the same name, the same keys.
    pub fn named(name: &str) -> Self {
        Self { keys: NAMES.map(|party| key(&format!("{party} of {name}"))) }
    }

    /// Returns the proposal and the acceptance that bring an agreement into force: the one of `seed` and `number`.
    pub fn found(self: &Arc<Self>, seed: u64, number: u64) -> Result<(Agreement, [Envelope; 2]), Failed> {
        let proposal = self.say(0, None, [seed, number], Body::Proposal(self.terms()?))?;
        let founding = StatementId::from_digest(proposal.id());
        let id = founding.into();
        let acceptance = Body::Acceptance(Acceptance { proposal: founding });
        let acceptance = self.say(1, Some(id), [seed, number], acceptance)?;
        Ok((Agreement { id, seed, parties: Arc::clone(self) }, [proposal, acceptance]))
    }

    fn say(
        &self,
        signer: usize,
        agreement: Option<AgreementId>,
        nonce: [u64; 2],
        body: Body,
    ) -> Result<Envelope, OpenError> {
        let key = &self.keys[signer];
        let [seed, number] = nonce.map(u64::to_be_bytes);
        let mut nonce = [0; 16];
        nonce[..8].copy_from_slice(&seed);
        nonce[8..].copy_from_slice(&number);
        let statement =
            Statement { agreement, signer: key.public(), nonce, claimed_time: Timestamp::EPOCH, seen: None, body };
        sign(&statement, key)
    }

    fn terms(&self) -> Result<Terms, Failed> {
        let parties = NAMES.iter().zip(&self.keys).map(|(name, key)| -> Result<Party, Failed> {
            let scopes = vec![Scope::Govern, Scope::Claim, Scope::Attest, Scope::Report];
            Ok(Party {
                name: name.parse()?,
                display_name: (*name).to_owned(),
                role: Role::Other,
                keys: vec![PartyKey { key: key.public(), scopes }],
                govern_threshold: 1,
                coefficient: Ratio::ONE,
            })
        });
        let half = Ratio::new(1, 2)?;
        Ok(Terms {
            parties: parties.collect::<Result<_, _>>()?,
            currencies: vec![Currency { code: "EUR".parse()?, exponent: 2 }],
            dimensions: vec![Dimension {
                name: "T".parse()?,
                title: "Co-creation".into(),
                weight: Ratio::ONE,
                floor_mass: Ratio::ONE,
                default_shares: vec![half; 2],
                coefficients: vec![Ratio::ONE; 2],
                no_floor_mass: false,
            }],
            units: vec![Unit {
                name: "merged-change".parse()?,
                dimension: "T".parse()?,
                points: Ratio::ONE,
                attestations: 1,
                attestors: Vec::new(),
            }],
            streams: vec![Stream {
                name: "support".parse()?,
                title: "Support".into(),
                collector: NAMES[1].parse()?,
                pool_rate: half,
            }],
            ..Terms::titled(
                "A model and its tools".to_owned(),
                LegalText { digest: Digest::of(&[]), uri: String::new(), prevails: Prevails::Prose },
            )
        })
    }
}

/// A key that follows from its name: nothing of value is signed with it.
pub fn key(name: &str) -> SecretKey {
    SecretKey::from_seed(Digest::of(&[name.as_bytes()]).as_bytes())
}

/// An agreement, and who can speak in it.
#[derive(Clone)]
pub struct Agreement {
    pub id: AgreementId,
    seed: u64,
    parties: Arc<Parties>,
}

impl Agreement {
    /// Returns contribution `number`, of the shape asked for.
    pub fn contribution(&self, number: u64, shape: &Shape) -> Result<Envelope, Failed> {
        let artifact = |which: usize| -> Result<Artifact, Failed> {
            let named = Digest::of(&[&self.seed.to_be_bytes(), &number.to_be_bytes(), &which.to_be_bytes()]);
            let mut commit = [0; 20];
            commit.copy_from_slice(&named.as_bytes()[..20]);
            Ok(Artifact {
                kind: ArtifactKind::GitCommit,
                digest: ArtifactDigest::GitSha1(commit),
                media_type: String::new(),
                uri: filler(shape.uris.get(which).copied().unwrap_or(0)),
                fraction: Ratio::ONE,
            })
        };
        let body = Body::Contribution(Contribution {
            party: NAMES[0].parse()?,
            unit: "merged-change".parse()?,
            quantity: Ratio::ONE,
            work_start: Timestamp::EPOCH,
            work_end: Timestamp::EPOCH,
            artifacts: (0..shape.uris.len()).map(artifact).collect::<Result<_, _>>()?,
            note: filler(shape.note),
            task: None,
        });
        Ok(self.parties.say(0, Some(self.id), [self.seed, number], body)?)
    }
}

fn filler(bytes: usize) -> String {
    const WORDS: &str = "make the shape inference of operators agree with the specification, and say so in its tests; ";
    WORDS.chars().cycle().take(bytes).collect()
}

/// How long the texts of a contribution are, so that its payload has the bytes asked for.
#[derive(Clone, Debug, Default)]
pub struct Shape {
    note: usize,
    /// One for each artifact.
    uris: Vec<usize>,
}

impl Shape {
    /// Returns the shape of payloads with `bytes`, give or take two: the note is filled first, then where artifacts are.
    pub fn of(bytes: usize) -> Result<Self, Failed> {
        let (agreement, _) = Arc::new(Parties::named("the shapes")).found(0, 0)?;
        let measure = |shape: &Self| -> Result<usize, Failed> { Ok(agreement.contribution(0, shape)?.payload.len()) };
        let bare = Self { note: 0, uris: vec![0] };
        let least = measure(&bare)?;
        if bytes < least {
            return Err(format!("a contribution has at least {least} bytes of payload, not {bytes}").into());
        }
        for artifacts in 1..=ARTIFACTS_MAX {
            let mut filling = 0;
            let mut shape = Self::filled(artifacts, filling);
            // Each length is written before its text, and takes a byte more when the text is long.
            for _ in 0..4 {
                let found = measure(&shape)?;
                filling = (filling + bytes).saturating_sub(found);
                shape = Self::filled(artifacts, filling);
            }
            if filling <= TEXT_BYTES_MAX * (artifacts + 1) {
                return Ok(shape);
            }
        }
        Err(format!("no contribution has {bytes} bytes of payload").into())
    }

    fn filled(artifacts: usize, filling: usize) -> Self {
        let note = filling.min(TEXT_BYTES_MAX);
        let mut left = filling - note;
        let uris = (0..artifacts).map(|_| {
            let uri = left.min(TEXT_BYTES_MAX);
            left -= uri;
            uri
        });
        Self { note, uris: uris.collect() }
    }
}

/// Makes `count` things, each from its number, on every core.
pub fn on_every_core<T: Send>(
    count: usize,
    make: impl Fn(usize) -> Result<T, Failed> + Sync,
) -> Result<Vec<T>, Failed> {
    let cores = thread::available_parallelism()?.get();
    let numbers: Vec<usize> = (0..count).collect();
    let parts: Vec<Result<Vec<T>, Failed>> = thread::scope(|scope| {
        let working: Vec<_> = numbers
            .chunks(count.div_ceil(cores).max(1))
            .map(|part| scope.spawn(|| part.iter().map(|number| make(*number)).collect()))
            .collect();
        working.into_iter().map(|part| part.join().map_err(|_| "making statements panicked")?).collect()
    });
    let mut all = Vec::with_capacity(count);
    for part in parts {
        all.extend(part?);
    }
    Ok(all)
}
