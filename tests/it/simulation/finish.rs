//! The end of a simulation: everything that was ever told is still true, and every exported ledger passes the audit. And damage,
//! which must keep a store closed.

use std::sync::Arc;

use counterfoil::{
    audit::{Options, audit},
    ledger::{LedgerId, bundle::BundleWriter},
    store::StoreError,
};

use crate::simulation::{
    record::{Check, long},
    world::{Server, World},
};

impl World {
    pub(super) async fn finish(&mut self) {
        self.damage();
        let Some(mut server) = self.open(false).await else { return };
        for agreement in self.cast.agreements() {
            let ledger = LedgerId::new(agreement.digest());
            let size = self.record().size(ledger);
            if size > 0 {
                self.audit(&mut server, agreement, size).await;
            }
        }
        self.ask_again(&mut server).await;
    }

    /// Submits again some of what is recorded: the index is the same.
    async fn ask_again(&mut self, server: &mut Server) {
        for _ in 0..5 {
            let said = self.cast.again(&mut self.chance);
            let id = said.signed().id().digest();
            let place = self.record().ledgers.get(&said.ledger()).and_then(|kept| kept.places.get(&id).copied());
            let sequencer = server.sequencer.clone();
            let asking = async move { sequencer.submit(said.0).await };
            let answer = self.until(server, asking).await;
            if let Some(place) = place {
                let same = answer.as_ref().is_ok_and(|answer| answer.index == place && answer.already_recorded);
                self.record().hold(Check::Receipt, same, || format!("entry {place}, asked for again: {answer:?}"));
            }
        }
    }

    async fn audit(&mut self, server: &mut Server, agreement: counterfoil::statement::id::AgreementId, size: u64) {
        let sequencer = server.sequencer.clone();
        let verifier = sequencer.verifier(agreement);
        let exporting = async move {
            let checkpoint = sequencer.checkpoint(agreement).await.map_err(|error| error.to_string())?;
            let count = checkpoint.checkpoint().size.get();
            let writing = |error: std::io::Error| error.to_string();
            let mut bundle = BundleWriter::begin(Vec::new(), &sequencer.verifier(agreement), count).map_err(writing)?;
            let mut from = 0;
            while from < count {
                let leaves = sequencer.entries(agreement, from, 10).await.map_err(|error| error.to_string())?;
                leaves.iter().try_for_each(|leaf| bundle.entry(leaf)).map_err(writing)?;
                from += long(leaves.len());
            }
            bundle.finish(&checkpoint).map_err(writing)
        };
        let exported = self.until(server, exporting).await;
        let mut record = self.record();
        let bundle = match exported {
            Ok(bundle) => bundle,
            Err(error) => return record.violate(Check::Audit, error),
        };
        let options = Options { log_key: Some(verifier.key()), ..Options::default() };
        let audited = audit(bundle.as_slice(), &options);
        record.trace(&format!("audited {} {}", audited.report.entries, audited.report.root));
        record.hold(Check::Audit, audited.report.is_sound(), || format!("{:?}", audited.report.findings));
        let expected =
            record.ledgers.get(&LedgerId::new(agreement.digest())).and_then(|kept| kept.roots.last().copied());
        let same = audited.report.entries == size && Some(audited.report.root) == expected;
        record.hold(Check::Audit, same, || "the audited ledger is another than the one that was acknowledged".into());
    }

    /// Damages copies of the disk where it was durable, with every byte of the log to choose from: none of them opens.
    fn damage(&mut self) {
        // Once more, so that log and mark stand where they were last.
        let Ok(log) = self.open_log(Arc::new(self.disk.clone()), &Default::default()) else { return };
        let Ok(end) = log.position() else { return };
        drop(log);
        // A file that begins where the log ends has no frame: without its header it is one whose making was not finished.
        let empty = format!("{:016x}.log", end.offset);
        for _ in 0..2 {
            let copy = self.disk.memory.copy();
            let files = copy.files();
            let is_log = |name: &String| *name != "high-water" && *name != empty;
            let logs: Vec<_> = files.iter().filter(|(name, bytes)| is_log(name) && !bytes.is_empty()).collect();
            if logs.is_empty() || end.sequence == 0 {
                return;
            }
            let (name, bytes) = logs[self.chance.below(logs.len())];
            let mut bytes = bytes.clone();
            let at = self.chance.below(bytes.len());
            let cut = self.chance.below(3) == 0;
            if cut {
                bytes.truncate(at)
            } else {
                bytes[at] ^= 1 << self.chance.below(8)
            }
            copy.put(name, &bytes);
            let opened = self.open_log(Arc::new(copy), &Default::default()).map(|_| ());
            let mut record = self.record();
            record.told.damages += 1;
            record.trace(&format!("damaged {name} at {at}, cut {cut}: {opened:?}"));
            let refused = matches!(
                opened,
                Err(StoreError::LogDamaged(_) | StoreError::Unopenable { .. } | StoreError::Format { .. })
            );
            record.hold(Check::Damage, refused, || format!("damaged at {at} of {name}, cut {cut}: {opened:?}"));
        }
    }
}
