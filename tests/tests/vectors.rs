//! The shared vectors: current, and run against the core.

use std::fs;
use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::ZlibDecoder;

use sealcard_core::{
    Carrier, Challenge, DeviceKey, ErrorCode, Issuer, LinkHost, Pass, Profile, RevocationPolicy, SigningKey, Snapshot,
    TrustStore, Ttl, UnixTime, UnverifiedSnapshot, Update, VerifiedSnapshot, Verifier, VerifyError, VerifyingKey,
};
use sealcard_tests::vectors;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

fn read(name: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(vectors::folder().join(name)).unwrap()).unwrap()
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn verify(vector: &Value, trust: &Value) -> Result<VerifiedSnapshot, VerifyError> {
    let set = trust[vector["trust"].as_str().unwrap()].to_string();
    let mut verifier = Verifier::new(TrustStore::from_jwks(&set).unwrap())
        .with_leeway(u32::try_from(vector["leeway"].as_u64().unwrap()).unwrap());
    if let Some(host) = vector["linkHost"].as_str() {
        verifier = verifier.with_link_host(LinkHost::parse(host).unwrap());
    }
    let now = UnixTime::from_secs(vector["now"].as_u64().unwrap());
    match vector["text"].as_str() {
        Some(text) => verifier.verify(text, now),
        None => {
            let token = UnverifiedSnapshot::from_bytes(&bytes(vector["bytes"].as_str().unwrap()))?;
            verifier.verify_snapshot(&token, None, now)
        }
    }
}

/// A verifier as a story of `offline.json` says.
fn verifier_of(story: &Value, trust: &Value) -> Verifier {
    let number = |name: &str| u32::try_from(story[name].as_u64().unwrap()).unwrap();
    let verifier = match story["roots"].as_array() {
        Some(roots) => {
            let roots = roots.iter().map(|root| VerifyingKey::from_jwk(&root.to_string()).unwrap()).collect();
            Verifier::with_roots(roots).unwrap()
        }
        None => Verifier::new(TrustStore::from_jwks(&trust[story["trust"].as_str().unwrap()].to_string()).unwrap()),
    };
    let policy = match story["requireFreshRevocations"] == true {
        true => RevocationPolicy::RequireFresh,
        false => RevocationPolicy::Accept,
    };
    verifier.with_leeway(number("leeway")).with_max_proof_age(number("maxProofAge")).with_revocation_policy(policy)
}

/// What the verifier says to a step, as the step expects it.
fn outcome(verifier: &mut Verifier, step: &Value) -> Value {
    let mut outcome = step.clone();
    let now = UnixTime::from_secs(step["now"].as_u64().unwrap());
    let text = |name: &str| step[name].as_str();
    let update = match (text("bundle"), text("revocations"), text("token"), text("challenge")) {
        (Some(bundle), ..) => verifier.update_trust_bundle(bundle, now),
        (_, Some(list), ..) => verifier.update_revocation_list(list, now),
        (_, _, token, challenge) => {
            let challenge = challenge.map(|challenge| Challenge::parse(challenge).unwrap());
            let verified = match challenge {
                Some(challenge) => verifier.verify_answer(token.unwrap(), &challenge, now),
                None => verifier.verify(token.unwrap(), now),
            };
            match verified {
                Ok(verified) => {
                    outcome["expect"] = json!("verified");
                    let device = verified.proven_at().is_some();
                    outcome["binding"] = json!(if device { "device" } else { "bearer" });
                    outcome["revocation"] = json!(verified.revocation().as_str());
                    outcome["trust"] = json!(verified.trust().as_str());
                }
                Err(error) => outcome["expect"] = json!(error.code().as_str()),
            }
            return outcome;
        }
    };
    outcome["expect"] = match update {
        Ok(Update::Applied) => json!("applied"),
        Ok(Update::Unchanged) => json!("unchanged"),
        Err(error) => json!(error.code().as_str()),
    };
    outcome
}

/// Every story, told to one verifier, and to one that stores its state and goes on from it before every step.
#[test]
fn stories_end_as_they_should() {
    let (stories, trust) = (read("offline.json"), read("trust.json"));
    let stories = stories.as_array().unwrap();
    assert!(stories.len() >= 150, "{}", stories.len());
    let mut wrong = Vec::new();
    for story in stories {
        let mut verifier = verifier_of(story, &trust);
        let mut restored = verifier_of(story, &trust);
        for step in story["steps"].as_array().unwrap() {
            let mut next = verifier_of(story, &trust);
            next.restore(&restored.state(), restored.changes()).unwrap();
            restored = next;
            for verifier in [&mut verifier, &mut restored] {
                let outcome = outcome(verifier, step);
                if outcome != *step {
                    wrong.push(format!("{}: {} instead of {}", story["name"], outcome["expect"], step));
                }
            }
            assert_eq!(verifier.state(), restored.state(), "{}", story["name"]);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What the phone makes of a pass, to the letter; and a verifier accepts it.
#[test]
fn passes_are_presented_as_they_should() {
    let (vectors, trust) = (read("passes.json"), read("trust.json"));
    let present = |vector: &Value, now: UnixTime| {
        let key = DeviceKey::from_jwk(&vector["key"].to_string()).unwrap();
        let challenge = vector["challenge"].as_str().map(|hex| Challenge::from_bytes(&bytes(hex))).transpose();
        let challenge = challenge.map_err(|error| error.code())?;
        let pass = Pass::from_text(vector["pass"].as_str().unwrap()).map_err(|error| error.code())?;
        let unsigned = pass.present(now, challenge.as_ref()).map_err(|error| error.code())?;
        let carrier = unsigned.carrier().clone();
        let token = unsigned.sign(&key).map_err(|error| error.code())?;
        Ok((token.to_text_of(&carrier), challenge))
    };
    let vectors = vectors.as_array().unwrap();
    assert!(vectors.len() >= 20);
    for vector in vectors {
        let now = UnixTime::from_secs(vector["now"].as_u64().unwrap());
        match present(vector, now) {
            Ok((text, challenge)) => {
                assert_eq!(Some(text.as_str()), vector["presentation"].as_str(), "{}", vector["name"]);
                let mut verifier = Verifier::new(TrustStore::from_jwks(&trust["example"].to_string()).unwrap())
                    .with_link_host(LinkHost::parse("card.example.org").unwrap())
                    .with_leeway(u32::MAX);
                let token = verifier.read(&text).unwrap();
                assert!(verifier.verify_snapshot(&token, challenge.as_ref(), now).is_ok(), "{}", vector["name"]);
            }
            Err(code) => {
                let code: ErrorCode = code;
                assert_eq!(Some(code.as_str()), vector["error"].as_str(), "{}", vector["name"]);
            }
        }
    }
}

#[test]
fn the_vectors_are_current() {
    for (name, content) in vectors::files() {
        let current = fs::read_to_string(vectors::folder().join(name)).unwrap_or_default();
        assert!(current == content, "{name} is not current: cargo run -p sealcard-tests --bin vectors");
    }
}

#[test]
fn valid_vectors_say_what_they_should() {
    let (vectors, trust) = (read("valid.json"), read("trust.json"));
    let vectors = vectors.as_array().unwrap();
    assert!(vectors.len() >= 40, "{}", vectors.len());
    for vector in vectors {
        let name = &vector["name"];
        let verified = verify(vector, &trust).unwrap_or_else(|error| panic!("{name}: {error}"));
        let other_fields = verified.other_fields().iter();
        let hex = |data: &[u8]| data.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let said = json!({
            "profile": verified.profile(),
            "issuer": verified.issuer(),
            "keyId": verified.key_id().to_string(),
            "issuedAt": verified.issued_at().as_secs(),
            "expiresAt": verified.expires_at().as_secs(),
            "card": verified.card(),
            "event": verified.event(),
            "otherFields": other_fields.map(|field| json!({ "id": field.id(), "data": hex(field.data()) })).collect::<Value>(),
        });
        assert_eq!(said, vector["expected"], "{name}");
    }
}

#[test]
fn invalid_vectors_are_refused_with_their_codes() {
    let (vectors, trust) = (read("invalid.json"), read("trust.json"));
    let vectors = vectors.as_array().unwrap();
    assert!(vectors.len() >= 120, "{}", vectors.len());
    let mut wrong = Vec::new();
    for vector in vectors {
        let code = verify(vector, &trust).map_err(|error| error.code()).err().map(ErrorCode::as_str);
        if code != vector["error"].as_str() {
            wrong.push(format!("{}: {code:?} instead of {}", vector["name"], vector["error"]));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn invalid_trust_files_are_refused_with_their_codes() {
    let vectors = read("invalid-trust.json");
    let mut wrong = Vec::new();
    for vector in vectors.as_array().unwrap() {
        let code = TrustStore::from_jwks(vector["trust"].as_str().unwrap()).err().map(|error| error.code().as_str());
        if code != vector["error"].as_str() {
            wrong.push(format!("{}: {code:?} instead of {}", vector["name"], vector["error"]));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// FORMAT.md's example is what the core makes, and its tables are those it says they are.
#[test]
fn the_page_tells_the_truth() {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/FORMAT.md")).unwrap();
    let profile = json!({
        "username": "ada", "displayName": "Ada", "links": [{ "platform": "github", "username": "ada" }]
    });
    let profile: Profile = serde_json::from_value(profile).unwrap();
    let snapshot = Snapshot::new(profile, UnixTime::from_secs(1_800_000_000), Ttl::from_secs(600).unwrap());
    let token = Issuer::new(SigningKey::from_seed([7; 32])).issue(&snapshot).unwrap();
    let link = Carrier::Link(LinkHost::parse("card.example.org").unwrap());
    assert!(page.contains(&format!("\n{}\n", token.to_text())));
    assert!(page.contains(&format!("\n{}\n", token.to_text_of(&link))));
    let hex: String = token.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(page.contains(&hex[hex.len() - 64..]), "{hex}");

    let code = page.rsplit("```text\n").next().unwrap().split("```").next().unwrap();
    let zlib = STANDARD.decode(code.replace('\n', "")).unwrap();
    let mut tables = Vec::new();
    ZlibDecoder::new(zlib.as_slice()).read_to_end(&mut tables).unwrap();
    let hash: String = Sha256::digest(&tables).iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(page.contains(&format!("SHA-256 `{hash}`")), "{} bytes, {hash}", tables.len());
}

#[test]
fn names_are_unique() {
    for file in ["valid.json", "invalid.json", "invalid-trust.json", "passes.json", "offline.json"] {
        let vectors = read(file);
        let mut names: Vec<_> =
            vectors.as_array().unwrap().iter().map(|vector| vector["name"].as_str().unwrap()).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{file}");
    }
}
