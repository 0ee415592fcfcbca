//! What the targets begin with: honest bytes of each kind.

use std::{fs, path::Path};

use bytes::Bytes;
use counterfoil::{
    checkpoint::{
        Checkpoint, SignedCheckpoint,
        cosignature::{CosignatureTime, Cosigner},
        note::NoteSigner,
    },
    cli::terms_toml::EXAMPLE,
    digest::Digest,
    keys::SecretKey,
    ledger::entry::Entry,
    merkle::index::TreeSize,
    proto::counterfoil::v1,
    statement::{Statement, id::StatementId, wire},
};
use prost::Message as _;

use crate::{
    audit::bundle,
    common::{Chance, shared},
    fuzz::targets::{kept, request, statements},
    stories,
};

/// The seeds of a target.
pub(super) fn of(target: &str) -> Vec<Vec<u8>> {
    match target {
        "envelope" => said().iter().map(|entry| envelope(entry).encode_to_vec()).collect(),
        "statement" => said().iter().filter_map(payload).collect(),
        "entry" => said().iter().map(Entry::encode).chain([vector("entry.leaf")]).collect(),
        "receipt" => vec![vector("entry.tlog-proof"), b"c2sp.org/tlog-proof@v1\nindex 0\n\n".to_vec()],
        "proof" => {
            vec![vec![0; 3], [&[3, 4, 8][..], &[7; 32 * 5]].concat(), [&[200, 1, 0, 3, 9][..], &[1; 320]].concat()]
        }
        "bundle" => bundles(),
        "note" => notes(),
        "checkpoint" => notes().into_iter().chain([checkpoint().to_string().into_bytes()]).collect(),
        "cosignature" => cosignatures(),
        "terms" => examples(),
        "settings" => vec![b"server = 'http://127.0.0.1:7401'\nkey = \"a.key\"\noperator = 'a'\n".to_vec()],
        "csv" => rows(),
        "texts" => texts(),
        "request" => requests(),
        "log" => logs(),
        "law" => sessions(),
        "kept" => put_away(),
        other => panic!("{other} is no target"),
    }
}

/// One entry of each story's submissions, admitted or not.
fn said() -> Vec<Entry> {
    let stories = stories::played();
    let submissions = stories.iter().flat_map(|story| story.submissions.iter());
    let entry =
        |submission: &stories::Submission| Entry { admitted: submission.at, envelope: submission.envelope.clone() };
    submissions.step_by(9).map(entry).collect()
}

fn envelope(entry: &Entry) -> v1::Envelope {
    let envelope = entry.envelope.clone();
    v1::Envelope {
        payload_type: envelope.payload_type,
        payload: envelope.payload,
        key: Bytes::copy_from_slice(&envelope.key),
        signature: Bytes::copy_from_slice(&envelope.signature),
    }
}

/// The same statement, said by whoever signs in the target; none if it cannot even be read, as some of the stories cannot.
fn payload(entry: &Entry) -> Option<Vec<u8>> {
    let statement = wire::open(&entry.envelope).ok()?.statement().clone();
    Some(wire::encode(&Statement { signer: statements::key().public(), ..statement }).to_vec())
}

fn read(path: impl AsRef<Path>) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

fn vector(name: &str) -> Vec<u8> {
    read(Path::new("tests/vectors/v1").join(name))
}

fn bundles() -> Vec<Vec<u8>> {
    let mut bundles = vec![vector("log.counterfoil"), b"counterfoil/bundle/v1\n".to_vec()];
    for story in stories::played().iter().step_by(12) {
        let admitted = story.submissions.iter().zip(&story.reading.answers).filter(|(_, answer)| answer.is_ok());
        let entry =
            |submission: &stories::Submission| Entry { admitted: submission.at, envelope: submission.envelope.clone() };
        let entries: Vec<_> = admitted.map(|(submission, _)| entry(submission)).collect();
        if !entries.is_empty() {
            bundles.push(bundle(&entries));
        }
    }
    bundles
}

/// A checkpoint of the ledger that the targets believe in.
fn checkpoint() -> Checkpoint {
    let root = Digest::of(&[b"a root"]);
    Checkpoint { origin: "counterfoil.local/ledger/fuzz".to_owned(), size: TreeSize::new(12).unwrap(), root }
}

fn signed() -> (NoteSigner, SignedCheckpoint) {
    let log = NoteSigner::new("counterfoil.local/ledger/fuzz", SecretKey::from_seed(&[200; 32])).unwrap();
    let signed = SignedCheckpoint::sign(checkpoint(), &log);
    (log, signed)
}

fn notes() -> Vec<Vec<u8>> {
    let (log, signed) = signed();
    vec![
        vector("checkpoint"),
        vector("checkpoint.cosigned"),
        vector("statement.refusal"),
        signed.note().as_bytes().to_vec(),
        log.verifier().vkey().into_bytes(),
    ]
}

fn cosignatures() -> Vec<Vec<u8>> {
    let (log, signed) = signed();
    let witness = Cosigner::new("witness.example", SecretKey::from_seed(&[202; 32])).unwrap();
    let line = witness.cosign(&signed, CosignatureTime::from_seconds(1).unwrap());
    let note = signed.with_signature(&line).unwrap();
    let vkey = witness.verifier().vkey();
    let policy = format!("# who is believed\nlog {}\nwitness w {vkey}\ngroup g 1 w\nquorum g\n", log.verifier().vkey());
    let part = |text: &str| [&u16::try_from(text.len()).unwrap().to_be_bytes(), text.as_bytes()].concat();
    let seed = |note: &str| [part(&vkey), part(&policy), note.as_bytes().to_vec()].concat();
    vec![seed(note.note()), seed(signed.note())]
}

fn examples() -> Vec<Vec<u8>> {
    let files = ["demo.toml", "onnx-community.toml", "onnx.toml", "two-parties.toml"];
    let files = files.iter().map(|name| read(Path::new("examples").join(name)));
    files.chain([EXAMPLE.as_bytes().to_vec()]).collect()
}

fn rows() -> Vec<Vec<u8>> {
    let digest = Digest::of(&[b"an artifact"]);
    let statement = StatementId::from_digest(digest);
    let files = [
        "party,unit,quantity,time,artifact,quality,note\ncommunity,review-hour,3/2,2026-01-01,,1/2,\"a, \"\"b\"\"\"\n"
            .to_owned(),
        format!("party,unit,time,artifact\r\nenterprise,commit,2026-01-01T00:00:00Z,{digest}\r\n"),
        "stream,currency,amount,time\nsales,EUR,100.00,2026-01-01\n".to_owned(),
        format!("contribution,verdict,quality,reason\n{statement},accepted,1/3,good\n{statement},rejected,,no\n"),
        "\u{feff}landed,party\n2026-01-01,community".to_owned(),
    ];
    let flagged = (0..4_u8).cycle().zip(files).map(|(flags, file)| [&[flags], file.as_bytes()].concat());
    flagged.collect()
}

fn texts() -> Vec<Vec<u8>> {
    let digest = Digest::of(&[b"a digest"]);
    let key = SecretKey::from_seed(&[9; 32]).public().to_string();
    let mut texts: Vec<String> = vec![
        request::agreement().to_string(),
        StatementId::from_digest(digest).to_string(),
        key,
        digest.to_string(),
        "1/3".to_owned(),
        "18446744073709551615".to_owned(),
        "2026-01-01T12:00:00.123Z".to_owned(),
        "100000.00EUR".to_owned(),
        "review-hour".to_owned(),
        "EUR".to_owned(),
    ];
    if let Some(folder) = shared("vectors/fuzz-seeds/tile-path") {
        let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
        files.sort();
        texts.extend(files.iter().map(|path| fs::read_to_string(path).unwrap()));
    }
    texts.into_iter().map(|text| [&[2], text.as_bytes()].concat()).collect()
}

fn requests() -> Vec<Vec<u8>> {
    let agreement = request::agreement().to_string();
    // Field 1 is the agreement in most of them.
    let asked = v1::GetAgreementRequest { agreement: agreement.clone() }.encode_to_vec();
    let calls = 0..u8::try_from(request::CALLS.len()).unwrap();
    let mut requests: Vec<_> = calls.map(|call| [&[call], &asked[..]].concat()).collect();
    let prove = v1::ProveConsistencyRequest { agreement, first_size: 1, second_size: 2 };
    requests.push([&[6], &prove.encode_to_vec()[..]].concat());
    let submitted = v1::SubmitStatementRequest { envelope: Some(envelope(&said()[0])), ..Default::default() };
    requests.push([&[0], &submitted.encode_to_vec()[..]].concat());
    // Page tokens: a size and a place.
    let place = [&[0; 7][..], &[2], &[0; 7], &[1]].concat();
    requests.extend((16..19).map(|call| [&[call, 0, 1], &place[..]].concat()));
    requests
}

/// A few changes to honest logs: each begins with which log, which index, and then kind by kind.
fn logs() -> Vec<Vec<u8>> {
    let mut logs = vec![vec![], vec![2, 0], vec![3, 0], vec![3, 1]];
    // Files that stood behind the end, and once were one too many.
    logs.push(hex::decode("01000800010008080832780003010808001d0808080808").unwrap());
    // A file that went on behind where the next one began.
    logs.push(
        hex::decode(concat!(
            "02000882000003000600010302ff01000a0001007800030102030a0a0a0a0a0a0a0a0a0a0a0a0a0a",
            "0a0a0505050506dd060606060606060606060606290006000105050505050505"
        ))
        .unwrap(),
    );
    for log in [1, 2, 3] {
        for kind in 0..12 {
            logs.push([&[log, kind % 2, kind, 0, 1, 0, 120, 0, 3, 1, 2, 3][..], &[kind; 40]].concat());
        }
        // A frame of ours, and one in a new file.
        logs.push([&[log, 0, 6, 1, 0, 0, 3, 3, 4, 4, 4][..], &[5; 60]].concat());
        logs.push([&[log, 0, 8, 2, 0, 0, 6, 1, 0, 0, 3, 3][..], &[5; 60]].concat());
    }
    logs
}

/// Sessions by lot, the same every time.
fn sessions() -> Vec<Vec<u8>> {
    let mut chance = Chance::from_seed(3);
    let mut session = |head: u8| {
        let mut bytes = vec![head, 1];
        bytes.extend((0..500).map(|_| u8::try_from(chance.below(256)).unwrap() >> (chance.below(4) * 2)));
        bytes
    };
    (0..24).map(|number| session(number % 6)).collect()
}

/// Honest bytes: the summary of the agreement, and of the frozen example, whose id is put in its place.
fn put_away() -> Vec<Vec<u8>> {
    let frozen = String::from_utf8(vector("put-away.txt")).unwrap();
    let id = kept::founding().id();
    let mut agreement = kept::whole().clone();
    let own = agreement.put_away(1).summary;
    let body = |bytes: &[u8]| bytes[1..bytes.len() - 4].to_vec();
    let mut seeds = vec![[&[0, 1], &body(&own)[..]].concat(), [&[0, 0], &own[..]].concat()];
    for line in frozen.lines() {
        let (key, slip) = line.split_once(' ').unwrap();
        let (key, slip) = (hex::decode(key).unwrap(), hex::decode(slip).unwrap());
        if key == b"summary" {
            let mut value = body(&slip);
            value[..32].copy_from_slice(id.digest().as_bytes());
            seeds.push([&[0, 1], &value[..]].concat());
            continue;
        }
        let Some(kind) = b"cbras".iter().position(|kind| *kind == key[0]) else { continue };
        let value = &slip[..slip.len() - 4];
        let length = u16::try_from(value.len()).unwrap().to_be_bytes();
        let mut seed = vec![1, 1, u8::try_from(kind).unwrap()];
        // The index of the founding entry alone is below the size: so it is the one that is read.
        seed.extend(if kind == 3 {
            &[][..]
        } else if kind == 4 {
            &[9, 0][..]
        } else {
            &[0][..]
        });
        seed.extend([&[1, 1], &length[..], value].concat());
        seeds.push(seed);
    }
    seeds
}
