//! Trust policies (c2sp.org/tlog-policy): which logs are believed, and which witnesses must have cosigned.
//!
//! Names of witnesses and groups are octets that mean something only within their file. Evaluated over verified
//! cosignatures; their times are reported and judged by nobody here.

use std::collections::{HashMap, HashSet};

use crate::{
    checkpoint::{
        SignedCheckpoint,
        cosignature::{CosignatureTime, CosignatureVerifier},
        note::{Note, NoteError, NoteVerifier},
        parse_decimal,
    },
    keys::PublicKey,
};

/// The most bytes a policy may have: far more than 32 logs, witnesses and groups, which every reader must take.
pub const POLICY_BYTES_MAX: usize = 65_536;

/// A trust policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<NoteVerifier>,
    /// In the order of their lines, so that a member stands before its group.
    members: Vec<Member>,
    quorum: Quorum,
}

/// A checkpoint that a log of a policy signed, with what the policy says of its cosignatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witnessed {
    /// The policy's names of the witnesses who cosigned, in the policy's order, with the latest time each says.
    pub cosigned: Vec<(Vec<u8>, CosignatureTime)>,
    /// Whether they are enough.
    pub quorum_met: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Member {
    Witness { name: Vec<u8>, verifier: CosignatureVerifier },
    Group { threshold: usize, members: Vec<usize> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quorum {
    Nobody,
    Member(usize),
}

impl Policy {
    /// Reads a policy file.
    ///
    /// Errors: [`PolicyError`], for the first line that is wrong.
    pub fn parse(file: &[u8]) -> Result<Self, PolicyError> {
        if file.len() > POLICY_BYTES_MAX {
            return Err(PolicyError::TooLarge { bytes: file.len() });
        }
        let mut lines = Lines::default();
        for (line, number) in file.split_inclusive(|byte| *byte == b'\n').zip(1..) {
            lines.read(line).map_err(|problem| PolicyError::Line { number, problem })?;
        }
        let quorum = lines.quorum.ok_or(PolicyError::NoQuorum)?;
        Ok(Self { logs: lines.logs, members: lines.members, quorum })
    }

    /// Opens a checkpoint that one of the policy's logs signed, and evaluates its cosignatures.
    ///
    /// Errors: [`NoteError`]; a quorum that is not met is none, but said in [`Witnessed`].
    pub fn open(&self, note: &str) -> Result<(SignedCheckpoint, Witnessed), NoteError> {
        let parsed = Note::parse(note)?;
        let verification = parsed.verify(&self.logs)?;
        let by = |line: &&NoteVerifier| {
            let ids = verification.verified.iter().map(|verified| (verified.name(), verified.key_id()));
            ids.clone().any(|id| id == (line.name(), line.key_id()))
        };
        // The name of a log is its origin, so a line of another listed log under this text vouches for nothing.
        let origin = parsed.text().split('\n').next();
        let log = self.logs.iter().filter(by).find(|log| Some(log.name()) == origin).ok_or(NoteError::Unsigned)?;
        let checkpoint = SignedCheckpoint::open(note, log)?;
        let witnessed = self.evaluate(&checkpoint)?;
        Ok((checkpoint, witnessed))
    }

    /// Evaluates the cosignatures of a checkpoint whose log is known from elsewhere.
    ///
    /// Errors: [`NoteError::SignatureInvalid`] when a line of a known witness fails.
    pub fn evaluate(&self, checkpoint: &SignedCheckpoint) -> Result<Witnessed, NoteError> {
        let note = Note::parse(checkpoint.note())?;
        let mut cosigned = Vec::new();
        let mut satisfied: Vec<bool> = Vec::with_capacity(self.members.len());
        for member in &self.members {
            satisfied.push(match member {
                Member::Witness { name, verifier } => {
                    let time = verifier.verify(&note)?;
                    cosigned.extend(time.map(|time| (name.clone(), time)));
                    time.is_some()
                }
                Member::Group { threshold, members } => {
                    members.iter().filter(|member| satisfied[**member]).count() >= *threshold
                }
            });
        }
        let quorum_met = match self.quorum {
            Quorum::Nobody => true,
            Quorum::Member(member) => satisfied[member],
        };
        Ok(Witnessed { cosigned, quorum_met })
    }

    /// Returns the keys of the logs.
    #[must_use]
    pub fn logs(&self) -> &[NoteVerifier] {
        &self.logs
    }
}

/// What the lines so far say.
#[derive(Default)]
struct Lines {
    logs: Vec<NoteVerifier>,
    members: Vec<Member>,
    quorum: Option<Quorum>,
    names: HashMap<Vec<u8>, usize>,
    grouped: HashSet<usize>,
    keys: HashSet<PublicKey>,
}

impl Lines {
    fn read(&mut self, line: &[u8]) -> Result<(), LineProblem> {
        let line = line.strip_suffix(b"\n").ok_or(LineProblem::Open)?;
        if line.iter().any(|byte| (*byte < 0x20 && *byte != b'\t') || *byte == 0x7f) {
            return Err(LineProblem::ControlCharacter);
        }
        let mut items = line.split(|byte| matches!(byte, b' ' | b'\t')).filter(|item| !item.is_empty());
        let Some(keyword) = items.next().filter(|keyword| !keyword.starts_with(b"#")) else { return Ok(()) };
        match (keyword, items.collect::<Vec<_>>().as_slice()) {
            (b"log", [vkey] | [vkey, _]) => self.log(vkey),
            (b"witness", [name, vkey] | [name, vkey, _]) => self.witness(name, vkey),
            (b"group", [name, threshold, members @ ..]) => self.group(name, threshold, members),
            (b"quorum", [name]) => self.quorum(name),
            (b"log" | b"witness" | b"group" | b"quorum", _) => Err(LineProblem::Items),
            _ => Err(LineProblem::Keyword),
        }
    }

    fn log(&mut self, vkey: &[u8]) -> Result<(), LineProblem> {
        let verifier = str::from_utf8(vkey).map_err(|_| NoteError::Vkey).and_then(NoteVerifier::parse);
        let verifier = verifier.map_err(|source| LineProblem::Vkey { source })?;
        self.key(verifier.key())?;
        self.logs.push(verifier);
        Ok(())
    }

    fn witness(&mut self, name: &[u8], vkey: &[u8]) -> Result<(), LineProblem> {
        let verifier = str::from_utf8(vkey).map_err(|_| NoteError::Vkey).and_then(CosignatureVerifier::parse);
        let verifier = verifier.map_err(|source| LineProblem::Vkey { source })?;
        self.key(verifier.key())?;
        self.define(name, Member::Witness { name: name.to_vec(), verifier })
    }

    fn group(&mut self, name: &[u8], threshold: &[u8], members: &[&[u8]]) -> Result<(), LineProblem> {
        let threshold = match threshold {
            b"any" => Some(1),
            b"all" => Some(members.len()),
            number => str::from_utf8(number).ok().and_then(parse_decimal).and_then(|number| number.try_into().ok()),
        };
        let threshold = threshold.filter(|threshold| (1..=members.len()).contains(threshold));
        let threshold = threshold.ok_or(LineProblem::Threshold)?;
        let members = members.iter().map(|member| self.member(member)).collect::<Result<_, _>>()?;
        self.define(name, Member::Group { threshold, members })
    }

    fn quorum(&mut self, name: &[u8]) -> Result<(), LineProblem> {
        let quorum = match name {
            NOBODY => Quorum::Nobody,
            name => Quorum::Member(*self.names.get(name).ok_or(LineProblem::Undefined)?),
        };
        if self.quorum.replace(quorum).is_some() { Err(LineProblem::SecondQuorum) } else { Ok(()) }
    }

    /// Finds a group's member. Each may be one once, so that a witness counts in one way only.
    fn member(&mut self, name: &[u8]) -> Result<usize, LineProblem> {
        let member = *self.names.get(name).ok_or(LineProblem::Undefined)?;
        if self.grouped.insert(member) { Ok(member) } else { Err(LineProblem::MemberTwice) }
    }

    fn define(&mut self, name: &[u8], member: Member) -> Result<(), LineProblem> {
        if name == NOBODY || self.names.insert(name.to_vec(), self.members.len()).is_some() {
            return Err(LineProblem::NameTaken);
        }
        self.members.push(member);
        Ok(())
    }

    /// One key has one name and one use, also across logs and witnesses.
    fn key(&mut self, key: PublicKey) -> Result<(), LineProblem> {
        if self.keys.insert(key) { Ok(()) } else { Err(LineProblem::KeyTwice) }
    }
}

/// The quorum that asks for no cosignature.
const NOBODY: &[u8] = b"none";

/// Why a file is no policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// It is too large.
    #[error("the policy has {bytes} bytes, at most {POLICY_BYTES_MAX} are allowed")]
    TooLarge {
        /// How many it has.
        bytes: usize,
    },
    /// A line is wrong.
    #[error("line {number} of the policy is wrong")]
    Line {
        /// Which, from 1.
        number: usize,
        /// What is wrong with it.
        #[source]
        problem: LineProblem,
    },
    /// It has no quorum line.
    #[error("the policy has no quorum line")]
    NoQuorum,
}

/// What is wrong with a line of a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineProblem {
    /// It has no line feed.
    #[error("the line has no line feed")]
    Open,
    /// It has a control character that is no tab.
    #[error("the line has a control character")]
    ControlCharacter,
    /// Its first word is unknown.
    #[error("the line begins with none of log, witness, group, quorum")]
    Keyword,
    /// It has too few or too many items.
    #[error("the line has too few or too many items")]
    Items,
    /// Its vkey is not acceptable.
    #[error("the verifier key is not acceptable")]
    Vkey {
        /// Why.
        #[source]
        source: NoteError,
    },
    /// Its key stands in an earlier line.
    #[error("the key stands in an earlier line")]
    KeyTwice,
    /// Its name is taken or reserved.
    #[error("the name is taken or reserved")]
    NameTaken,
    /// A name in it is not defined on an earlier line.
    #[error("a name is not defined on an earlier line")]
    Undefined,
    /// A member of it is a member already.
    #[error("a member is in a group already")]
    MemberTwice,
    /// Its threshold is not between 1 and the number of its members.
    #[error("the threshold is not `all`, `any`, or between 1 and the number of members")]
    Threshold,
    /// It is a second quorum line.
    #[error("there is a quorum line already")]
    SecondQuorum,
}

#[cfg(test)]
mod tests;
