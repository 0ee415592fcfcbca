//! Plays a script: signs what is said, lets the fold answer, and holds each answer to what the script says becomes of it.

mod change;
mod dispute;
mod money;
mod work;

use std::collections::HashMap;

use counterfoil::{
    agreement::{Agreement, settle::Account},
    digest::Digest,
    envelope::Envelope,
    split::{Ratio, exact_text},
    statement::{
        Acceptance, Artifact, ArtifactDigest, ArtifactKind, Attestation, Benefit, BenefitConfirmation, Body,
        Contribution, ContributionWithdrawal, Decline, ProposalWithdrawal, Reversal, ReversalConfirmation,
        SeenCheckpoint, Settlement, Statement, Verdict,
        id::StatementId,
        terms::{Name, Terms},
        wire,
    },
    time::Timestamp,
};

use crate::stories::{
    Played, Submission,
    fold::Ledger,
    script::{Line, Words, lines, minor, parse},
    terms,
};

const MINUTE_MS: u64 = 60_000;

/// Plays the script of one session, which stands behind `lines_before` others in its file.
pub(super) fn play(name: &str, script: &str, lines_before: usize) -> Result<Played, String> {
    let lines = lines(script);
    let head = lines.iter().filter(|line| terms::is_term(line.words[0])).map(|line| line.words.as_slice());
    let mut stage = Stage {
        terms: terms::read(head)?,
        ledger: Ledger::default(),
        clock: parse("2026-01-01T12:00:00Z")?,
        ids: HashMap::new(),
        spoken: 0,
        submissions: Vec::new(),
        answers: Vec::new(),
    };
    for line in lines.iter().filter(|line| !terms::is_term(line.words[0])) {
        stage
            .line(line)
            .map_err(|error| format!("line {}: {}: {error}", lines_before + line.number, line.words.join(" ")))?;
    }
    let Stage { ledger, submissions, answers, .. } = stage;
    Ok(Played { name: name.to_owned(), submissions, reading: ledger.reading(answers) })
}

struct Stage {
    terms: Terms,
    ledger: Ledger,
    clock: Timestamp,
    /// What the script calls the statements it names again.
    ids: HashMap<String, StatementId>,
    spoken: u64,
    submissions: Vec<Submission>,
    answers: Vec<Result<u64, String>>,
}

impl Stage {
    fn line(&mut self, line: &Line<'_>) -> Result<(), String> {
        let mut words = Words::new(&line.words);
        match words.next("somebody")? {
            "clock" => {
                self.clock = parse(words.next("time")?)?;
                words.end()
            }
            "now" => self.check(&mut words),
            who => {
                let label = self.say(who, words)?;
                self.check_outcome(label, &line.outcome)
            }
        }
    }

    /// Signs and submits a statement; returns the name the script gives it.
    fn say(&mut self, who: &str, mut words: Words<'_>) -> Result<String, String> {
        self.clock = Timestamp::from_ms(self.clock.as_ms() + MINUTE_MS).map_err(|error| error.to_string())?;
        self.spoken += 1;
        let verb = words.next("a verb")?;
        let seen = words.option("seen").map(|size| self.seen(size)).transpose()?;
        let (label, body) = self.body(who, verb, &mut words)?;
        words.end()?;
        let key = terms::secret(who);
        let mut nonce = [0; 16];
        nonce[..8].copy_from_slice(&self.spoken.to_be_bytes());
        let founding = matches!(body, Body::Proposal(_));
        let mut statement = Statement {
            agreement: (!founding).then(|| self.agreement().map(Agreement::id)).flatten(),
            signer: key.public(),
            nonce,
            claimed_time: self.clock,
            seen,
            body,
        };
        money::see(self, &mut statement)?;
        // Not by `wire::sign`: some of what is said here is refused there.
        let envelope = Envelope::sign(wire::encode(&statement), &key);
        let id = StatementId::from_digest(envelope.id());
        let submission = Submission { envelope, at: self.clock };
        let answer = self.ledger.submit(&submission);
        if answer.is_ok() {
            self.ids.insert(label.clone(), id);
        }
        self.submissions.push(submission);
        self.answers.push(answer);
        Ok(label)
    }

    fn seen(&self, size: &str) -> Result<SeenCheckpoint, String> {
        if let Some(size) = size.strip_prefix("another-") {
            return Ok(SeenCheckpoint { tree_size: parse(size)?, root: Digest::of(&[b"another ledger"]) });
        }
        let tree_size = parse(size)?;
        let root = self.ledger.root_at(tree_size).unwrap_or_else(|| Digest::of(&[b"not there"]));
        Ok(SeenCheckpoint { tree_size, root })
    }

    fn body(&self, who: &str, verb: &str, words: &mut Words<'_>) -> Result<(String, Body), String> {
        let of_proposal = |words: &mut Words<'_>| self.id(if words.flag("another") { "?" } else { "proposal" });
        let reason = "a reason".to_owned();
        let mut label = String::new();
        let body = match verb {
            "proposes" => {
                label = "proposal".to_owned();
                Body::Proposal(self.terms.clone())
            }
            "accepts" => Body::Acceptance(Acceptance { proposal: of_proposal(words) }),
            "declines" => Body::Decline(Decline { proposal: of_proposal(words), reason }),
            "withdraws-proposal" => {
                Body::ProposalWithdrawal(ProposalWithdrawal { proposal: of_proposal(words), reason })
            }
            "contributes" => {
                label = words.next("a name")?.to_owned();
                Body::Contribution(self.contribution(who, words)?)
            }
            "withdraws" => {
                let contribution = self.id(words.next("a contribution")?);
                Body::ContributionWithdrawal(ContributionWithdrawal { contribution, reason })
            }
            "attests" => {
                let quality = words.option("quality").map_or(Ok(Ratio::ONE), parse)?;
                let unplanned = words.flag("unplanned");
                self.attestation(words, Verdict::Accepted { quality, unplanned })
            }
            "rejects" => self.attestation(words, Verdict::Rejected),
            "asks-for-changes" => self.attestation(words, Verdict::ChangesRequested),
            "reports" => {
                label = words.next("a name")?.to_owned();
                Body::Benefit(self.benefit(words)?)
            }
            "confirms" => {
                let benefits = words.all().into_iter().map(|name| self.id(name)).collect();
                Body::BenefitConfirmation(BenefitConfirmation { benefits })
            }
            "reverses" => {
                label = words.next("a name")?.to_owned();
                let benefit = self.id(words.next("a benefit")?);
                let amount = minor(words.next("an amount")?)?;
                let (evidence, note) = (Digest::of(&[b"evidence"]), String::new());
                Body::Reversal(Reversal { benefit, amount, evidence, note })
            }
            "confirms-reversal" => {
                let reversals = words.all().into_iter().map(|name| self.id(name)).collect();
                Body::ReversalConfirmation(ReversalConfirmation { reversals })
            }
            "settles" => {
                label = "settlement".to_owned();
                Body::Settlement(self.settlement(words)?)
            }
            other => match room(self, other, words)? {
                Some((name, body)) => {
                    label = name;
                    body
                }
                None => return Err(format!("`{other}` is no verb")),
            },
        };
        Ok((label, body))
    }

    fn contribution(&self, who: &str, words: &mut Words<'_>) -> Result<Contribution, String> {
        let party = parse(words.option("for").unwrap_or(who.split('.').next().unwrap_or(who)))?;
        let (start, end) = match words.option("work") {
            None => (self.clock, self.clock),
            Some(work) => {
                let (start, end) = work.split_once("..").unwrap_or((work, work));
                (parse(start)?, parse(end)?)
            }
        };
        let mut artifacts = Vec::new();
        while let Some(artifact) = words.option("artifact") {
            let (name, fraction) = artifact.split_once('=').unwrap_or((artifact, "1"));
            artifacts.push(Artifact {
                kind: ArtifactKind::GitCommit,
                digest: ArtifactDigest::Sha256(Digest::of(&[name.as_bytes()])),
                media_type: String::new(),
                uri: String::new(),
                fraction: parse(fraction)?,
            });
        }
        let task = words.option("on").map(parse).transpose()?;
        let (quantity, unit) = (parse(words.next("a quantity")?)?, parse(words.next("a unit")?)?);
        Ok(Contribution {
            party,
            unit,
            quantity,
            work_start: start,
            work_end: end,
            artifacts,
            note: String::new(),
            task,
        })
    }

    fn attestation(&self, words: &mut Words<'_>, verdict: Verdict) -> Body {
        let contributions = words.all().into_iter().map(|name| self.id(name)).collect();
        let accepted = matches!(verdict, Verdict::Accepted { .. });
        let reason = if accepted { String::new() } else { "a reason".to_owned() };
        Body::Attestation(Attestation { contributions, verdict, reason })
    }

    fn benefit(&self, words: &mut Words<'_>) -> Result<Benefit, String> {
        let earned = words.option("earned").map(|earned| earned.split_once("..").unwrap_or((earned, earned)));
        let (period_start, period_end) = match earned {
            Some((start, end)) => (parse(start)?, parse(end)?),
            None => (self.clock, self.clock),
        };
        let stream = parse(words.next("a stream")?)?;
        let amount = minor(words.next("an amount")?)?;
        Ok(Benefit {
            stream,
            currency: parse(words.next("a currency")?)?,
            amount,
            period_start,
            period_end,
            evidence: Digest::of(&[b"evidence"]),
            note: String::new(),
        })
    }

    /// What the books say, unless the script has it say something else.
    fn settlement(&self, words: &mut Words<'_>) -> Result<Settlement, String> {
        let size = self.agreement().map_or(0, Agreement::size);
        let tree_size = words.option("at").map_or(Ok(size), parse)?;
        let account = self.agreement().and_then(|agreement| agreement.account_at(tree_size).ok());
        let mut settlement = account.map_or_else(
            || Settlement { tree_size, shares: Digest::of(&[b"none"]), accounts: Vec::new() },
            |account| account.settlement,
        );
        if let Some(party) = words.option("paying") {
            let position = self.party(party)?;
            let amount = minor(words.next("an amount")?)?;
            settlement.accounts[0].parties[position].due = amount;
        }
        if let Some(party) = words.option("allocating") {
            let position = self.party(party)?;
            settlement.accounts[0].parties[position].allocation = minor(words.next("an amount")?)?;
        }
        if let Some(pool) = words.option("pooling") {
            settlement.accounts[0].pool = minor(pool)?;
        }
        if words.flag("without-a-currency") {
            settlement.accounts.pop();
        }
        if words.flag("without-a-party") {
            settlement.accounts[0].parties.pop();
        }
        if words.flag("with-other-shares") {
            settlement.shares = Digest::of(&[b"other"]);
        }
        if words.flag("with-other-entitlements") {
            settlement.accounts[0].entitlements = Digest::of(&[b"other"]);
        }
        Ok(settlement)
    }

    fn check_outcome(&self, label: String, outcome: &[&str]) -> Result<(), String> {
        let answer = self.answers.last().ok_or("nothing was said")?;
        match (answer, outcome) {
            (Err(reason), ["refused", expected]) if reason == expected => Ok(()),
            (Err(reason), _) => Err(format!("was refused: {reason}")),
            (Ok(_), []) => Ok(()),
            (Ok(_), ["due", dues @ ..]) if label == "settlement" => self.check_dues(dues),
            (Ok(index), other) => Err(format!("became entry {index}, expected {}", other.join(" "))),
        }
    }

    /// `community 58.33 EUR enterprise 41.67 EUR`: every line that is not zero, in any order.
    fn check_dues(&self, dues: &[&str]) -> Result<(), String> {
        let account = self.agreement().and_then(Agreement::last_account).ok_or("no settlement")?;
        let mut found = Vec::new();
        let terms = self.agreement().map_or(&self.terms, Agreement::terms);
        for (currency, lines) in terms.currencies.iter().zip(&account.settlement.accounts) {
            for (party, line) in terms.parties.iter().zip(&lines.parties) {
                if line.due != 0 {
                    found.push(format!("{} {}", party.name, currency.amount(line.due.into())));
                }
            }
        }
        let mut expected: Vec<String> = dues.chunks(3).map(|due| due.join(" ")).collect();
        found.sort();
        expected.sort();
        same(&found.join(", "), &expected.join(", "))
    }

    fn check(&self, words: &mut Words<'_>) -> Result<(), String> {
        let agreement = self.agreement().ok_or("there is no agreement")?;
        match words.next("something")? {
            "agreement" => {
                words.next("is")?;
                same(agreement.phase_at(self.clock).as_str(), words.next("a phase")?)
            }
            "shares" => {
                let account = self.account()?;
                let shares: Vec<_> = account.shares.shares.iter().map(|share| exact_text(&share)).collect();
                same(&shares.join(" "), &words.all().join(" "))
            }
            "entitled" => {
                let account = self.account()?;
                let position = self.currency(words.next("a currency")?)?;
                let exact: Vec<_> = account.entitlements[position].iter().map(|exact| exact_text(&exact)).collect();
                same(&exact.join(" "), &words.all().join(" "))
            }
            "allocated" => {
                let account = self.account()?;
                let position = self.currency(words.next("a currency")?)?;
                let currency = &self.terms.currencies[position];
                let lines = &account.settlement.accounts[position].parties;
                let amounts: Vec<_> = lines.iter().map(|line| currency.decimal(line.allocation.into())).collect();
                same(&amounts.join(" "), &words.all().join(" "))
            }
            what if work::is_checked(what) => work::check(self, agreement, what, words),
            what if money::is_checked(what) => money::check(self, agreement, what, words),
            what if dispute::is_checked(what) => dispute::check(self, agreement, what, words),
            name => {
                words.next("is")?;
                same(self.state(agreement, self.id(name))?, words.next("a state")?)
            }
        }
    }

    fn state(&self, agreement: &Agreement, id: StatementId) -> Result<&'static str, String> {
        if let Some(contribution) = agreement.contribution(&id) {
            return Ok(contribution.state.as_str());
        }
        if let Some(benefit) = agreement.benefit(&id) {
            return Ok(benefit.state.as_str());
        }
        let mut reversals = agreement.benefits().flat_map(|benefit| benefit.reversals);
        reversals.find(|reversal| reversal.id == id).map(|reversal| reversal.state.as_str()).ok_or("unknown".to_owned())
    }

    fn account(&self) -> Result<Account, String> {
        let agreement = self.agreement().ok_or("there is no agreement")?;
        agreement.account_at(agreement.size()).map_err(|refusal| refusal.to_string())
    }

    fn now(&self) -> Timestamp {
        self.clock
    }

    fn agreement(&self) -> Option<&Agreement> {
        self.ledger.agreement.as_ref()
    }

    fn id(&self, name: &str) -> StatementId {
        self.ids.get(name).copied().unwrap_or_else(|| StatementId::from_digest(Digest::of(&[name.as_bytes()])))
    }

    fn party(&self, name: &str) -> Result<usize, String> {
        let name: Name = parse(name)?;
        self.terms.parties.iter().position(|party| party.name == name).ok_or_else(|| format!("no party {name}"))
    }

    fn currency(&self, code: &str) -> Result<usize, String> {
        let position = self.terms.currencies.iter().position(|currency| currency.code.as_str() == code);
        position.ok_or_else(|| format!("no currency {code}"))
    }
}

/// Reads what is said in the rooms of the law that have a file of their own here.
fn room(stage: &Stage, verb: &str, words: &mut Words<'_>) -> Result<Option<(String, Body)>, String> {
    for body in [work::body, money::body, change::body, dispute::body] {
        let read = body(stage, verb, words)?;
        if read.is_some() {
            return Ok(read);
        }
    }
    Ok(None)
}

fn same(found: &str, expected: &str) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("found {found}, expected {expected}")) }
}
