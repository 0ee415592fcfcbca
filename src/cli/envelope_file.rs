//! Signed envelopes in files, for couriers: the JSON form of DSSE v1.0.2, which other programs read as well.

use std::path::Path;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

use crate::{
    cli::{args::read_text, error::Failure, home},
    envelope::Envelope,
    keys::PublicKey,
};

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Dsse {
    payload_type: String,
    payload: String,
    signatures: Vec<DsseSignature>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct DsseSignature {
    keyid: String,
    sig: String,
}

/// A payload of 60,000 bytes, in base64, with room for the rest.
const FILE_BYTES_MAX: u64 = 128 * 1024;

/// Returns the text of an envelope's file.
pub fn text(envelope: &Envelope) -> Result<String, Failure> {
    let key = PublicKey::from_bytes(envelope.key).map_err(|cause| Failure::usage("the key is none").because(cause))?;
    let file = Dsse {
        payload_type: envelope.payload_type.clone(),
        payload: STANDARD.encode(&envelope.payload),
        signatures: vec![DsseSignature { keyid: key.to_string(), sig: STANDARD.encode(envelope.signature) }],
    };
    let text = serde_json::to_string_pretty(&file);
    text.map(|text| text + "\n").map_err(|cause| Failure::usage("the envelope cannot be written").because(cause))
}

/// Writes an envelope into a file of our own, whatever is there.
pub fn write(path: &Path, envelope: &Envelope) -> Result<(), Failure> {
    home::write(path, text(envelope)?.as_bytes())
}

/// Writes an envelope into the file that a person named.
///
/// Errors: it is there already.
pub fn write_new(path: &Path, envelope: &Envelope) -> Result<(), Failure> {
    home::write_new(path, text(envelope)?.as_bytes())
}

/// Reads an envelope from a file; nothing in it is verified yet.
pub fn read(path: &Path) -> Result<Envelope, Failure> {
    let wrong = |what: &str| {
        Failure::usage(format!("{} is no signed envelope: {what}", path.display()))
            .hint("a signing verb writes one with --offline FILE")
    };
    let text = read_text(path, FILE_BYTES_MAX)?;
    let file: Dsse = serde_json::from_str(&text).map_err(|cause| wrong("not the JSON of one").because(cause))?;
    let [signature] = file.signatures.as_slice() else { return Err(wrong("it has not exactly one signature")) };
    let key: PublicKey = signature.keyid.parse().map_err(|_| wrong("keyid is not key1..."))?;
    let payload = STANDARD.decode(&file.payload).map_err(|cause| wrong("payload").because(cause))?;
    let bytes = STANDARD.decode(&signature.sig).map_err(|cause| wrong("sig").because(cause))?;
    let bytes = bytes.try_into().map_err(|_| wrong("sig has not 64 bytes"))?;
    Ok(Envelope { payload_type: file.payload_type, payload: payload.into(), key: *key.as_bytes(), signature: bytes })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::{read, write};
    use crate::{envelope::Envelope, keys::SecretKey};

    #[test]
    fn an_envelope_comes_back_from_its_file() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("said.json");
        let envelope = Envelope::sign(vec![1, 2, 3].into(), &SecretKey::from_seed(&[5; 32]));
        write(&path, &envelope).unwrap();
        assert_eq!(read(&path).unwrap(), envelope);
        let text = fs::read_to_string(&path).unwrap();
        for (put, instead) in [("\"sig\"", "\"sag\""), ("key1", "kex1"), ("AQID", "AQ!D"), ("]", ",{}]")] {
            fs::write(&path, text.replacen(put, instead, 1)).unwrap();
            let failure = read(&path).unwrap_err();
            assert!(failure.says.contains("is no signed envelope"), "{put}: {}", failure.says);
        }
    }
}
